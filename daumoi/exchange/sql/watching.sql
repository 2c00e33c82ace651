-- name: keys
-- Which keys sign, without what they are.
SELECT id, form, created_at, until FROM webhook_key
WHERE destination_id = %(destination)s AND (until IS NULL OR until > %(at)s) ORDER BY id

-- name: waiting
-- By key, over the index of messages that are open or given up.
SELECT m.kind, h.name, m.first_seq, m.last_seq, m.records, m.agreement_id, m.version, m.first_own, m.taken_at, m.state,
       m.failures, m.next_at
FROM webhook_message m JOIN head h ON h.kind = m.kind
WHERE m.destination_id = %(destination)s AND m.kind > 0 AND m.state IN ('open', 'failed')
  AND (m.kind, m.first_seq) > (%(kind)s, %(first)s)
ORDER BY m.kind, m.first_seq LIMIT %(most)s

-- name: attempts
-- Newest first, by key. What a test tells of has no message behind it but itself.
SELECT a.id, a.kind, h.name, a.first_seq, a.at, a.milliseconds, a.status, a.error, a.answer,
       m.last_seq, m.records, m.agreement_id, m.version, m.first_own, m.taken_at, m.state, m.failures, m.next_at
FROM webhook_attempt a LEFT JOIN head h ON h.kind = a.kind
LEFT JOIN webhook_message m ON m.destination_id = a.destination_id AND m.kind = a.kind AND m.first_seq = a.first_seq
WHERE a.destination_id = %(destination)s AND a.id < %(before)s AND a.id >= %(least)s ORDER BY a.id DESC LIMIT %(most)s

-- name: beside
-- The attempts of some messages among so many of their destination's before and behind one of them: no index leads from
-- a message to its attempts, and this is bounded. With how many lie before, and when the oldest of those was.
WITH back AS MATERIALIZED (
    SELECT id, kind, first_seq, at, status, error FROM webhook_attempt
    WHERE destination_id = %(destination)s AND id <= %(upto)s ORDER BY id DESC LIMIT %(window)s
), ahead AS MATERIALIZED (
    SELECT id, kind, first_seq, at, status, error FROM webhook_attempt
    WHERE destination_id = %(destination)s AND id > %(upto)s ORDER BY id LIMIT %(window)s
), bound AS (SELECT count(*) AS number, min(at) AS oldest FROM back)
SELECT s.kind, s.first_seq, s.id, s.at, s.status, s.error, bound.number, bound.oldest
FROM (SELECT * FROM back UNION ALL SELECT * FROM ahead) s
JOIN unnest(%(kinds)s::int[], %(firsts)s::bigint[]) w(kind, first) ON w.kind = s.kind AND w.first = s.first_seq, bound
ORDER BY s.id

-- name: last_attempt
SELECT max(id) FROM webhook_attempt WHERE destination_id = %s

-- name: settings
SELECT settings::text FROM destination WHERE id = %s AND way = 'webhook'

-- name: parts
-- Parts of days of a destination of files, by key: the newest day first, in it by kind and part.
SELECT e.id, h.name, e.kind, e.day, e.part, e.ends_day, e.state, e.records, e.withheld, e.agreement_id, e.version,
       e.taken_at, e.made_at, e.fetched_at, coalesce(f.files, 0), coalesce(f.bytes, 0), coalesce(f.fetched, 0),
       e.state = 'made' AND e.fetched_at IS NULL AND (coalesce(e.epoch <> %(epoch)s, false) OR NOT EXISTS (
           SELECT FROM agreement_version v WHERE v.agreement_id = e.agreement_id AND v.version = e.version
           AND v.state = 'in_force'))
FROM export e JOIN head h ON h.kind = e.kind
LEFT JOIN LATERAL (
    SELECT count(*) AS files, sum(bytes)::bigint AS bytes, count(fetched_at) AS fetched FROM export_file
    WHERE export_id = e.id AND NOT is_manifest) f ON true
WHERE e.destination_id = %(destination)s AND (%(export)s::int IS NULL OR e.id = %(export)s)
  AND (%(day)s::date IS NULL OR (e.day, -e.kind, -e.part) < (%(day)s::date, -%(kind)s::int, -%(part)s::int))
ORDER BY e.day DESC, e.kind, e.part LIMIT %(most)s

-- name: files
SELECT name, is_manifest, bytes, records, fetched_at FROM export_file WHERE export_id = %s ORDER BY is_manifest, name

-- name: not_fetched
-- Days with records that lie ready and are not fetched: how many, the oldest, and when it was written.
SELECT count(*), min(day), min(made_at) FROM export
WHERE destination_id = %s AND state = 'made' AND fetched_at IS NULL AND records > 0

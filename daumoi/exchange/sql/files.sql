-- name: destinations
SELECT id, receiver, name, kinds, settings::text FROM destination WHERE way = 'file' AND state = 'active' ORDER BY id

-- name: destination
SELECT id, receiver, name, kinds, settings::text FROM destination WHERE way = 'file' AND id = %s

-- name: listed
SELECT d.id, s.code, d.name, d.kinds, d.settings::text, d.state FROM destination d JOIN system s ON s.id = d.receiver
WHERE d.way = 'file' ORDER BY d.id

-- name: add
INSERT INTO destination (receiver, way, name, kinds, settings, state, state_at, created_at)
VALUES (%(receiver)s, 'file', %(name)s, %(kinds)s, %(settings)s::jsonb, 'active', %(at)s, %(at)s)
ON CONFLICT (receiver, way, name) WHERE state <> 'ended' DO NOTHING RETURNING id

-- name: end
UPDATE destination SET state = 'ended', state_for = %(reason)s, state_at = %(at)s
WHERE id = %(destination)s AND way = 'file' AND state <> 'ended' RETURNING id

-- name: last_export
SELECT day, part, ends_day, last_seq, last_own FROM export WHERE destination_id = %s AND kind = %s
ORDER BY day DESC, part DESC LIMIT 1

-- name: taken
INSERT INTO export (destination_id, kind, day, part, ends_day, first_seq, last_seq, first_own, last_own, state, taken_at)
VALUES (%(destination)s, %(kind)s, %(day)s, %(part)s, %(ends_day)s, %(first)s, %(last)s, %(first_own)s, %(last_own)s,
        'taken', %(at)s)

-- name: waiting
-- To be written: what was not yet, and what nobody has fetched and is not as it would be written today.
SELECT e.id, e.destination_id, e.kind, e.day, e.part, e.ends_day, e.first_seq, e.last_seq, e.first_own, e.last_own,
       e.state, e.taken_at, e.agreement_id, e.version, e.epoch
FROM export e JOIN destination d ON d.id = e.destination_id AND d.state <> 'ended'
WHERE e.state = 'taken' OR (e.state = 'made' AND e.fetched_at IS NULL AND (e.epoch <> %(epoch)s OR NOT EXISTS (
    SELECT FROM agreement_version v WHERE v.agreement_id = e.agreement_id AND v.version = e.version
    AND v.state = 'in_force')))
ORDER BY e.destination_id, e.day, e.kind, e.part

-- name: outdated
-- Fetched, and written before a person was erased: they go.
SELECT e.id, e.destination_id, e.kind, e.day, e.part FROM export e
WHERE e.state = 'made' AND e.fetched_at IS NOT NULL AND e.epoch <> %(epoch)s

-- name: old
SELECT e.id, e.destination_id, e.kind, e.day, e.part FROM export e WHERE e.state = 'made' AND e.made_at < %(before)s

-- name: hold
SELECT e.id, e.destination_id, e.kind, e.day, e.part, e.ends_day, e.first_seq, e.last_seq, e.first_own, e.last_own,
       e.state, e.taken_at, e.agreement_id, e.version, e.epoch, e.fetched_at
FROM export e WHERE e.id = %s FOR UPDATE

-- name: made
UPDATE export SET state = 'made', agreement_id = %(agreement)s, version = %(version)s, epoch = %(epoch)s,
    records = %(records)s, withheld = %(withheld)s, made_at = coalesce(made_at, %(at)s)
WHERE id = %(export)s

-- name: forget_files
DELETE FROM export_file WHERE export_id = %s

-- name: file
INSERT INTO export_file (name, export_id, is_manifest, bytes, records)
VALUES (%(name)s, %(export)s, %(is_manifest)s, %(bytes)s, %(records)s)

-- name: removed
UPDATE export SET state = 'removed' WHERE id = %s

-- name: make_again
UPDATE export SET state = 'taken' WHERE id = %s AND state = 'made'

-- name: of_receiver
SELECT f.name, h.name, e.day, e.part, e.ends_day, f.is_manifest, f.bytes, f.records, e.made_at, f.fetched_at
FROM export e JOIN destination d ON d.id = e.destination_id AND d.receiver = %(receiver)s AND d.state <> 'ended'
JOIN head h ON h.kind = e.kind JOIN export_file f ON f.export_id = e.id
WHERE e.state = 'made' AND (%(kind)s::text IS NULL OR h.name = %(kind)s) AND (%(day)s::date IS NULL OR e.day = %(day)s)
  AND f.name > %(after)s
ORDER BY f.name LIMIT %(limit)s

-- name: of_name
SELECT e.id, h.name, f.is_manifest, f.bytes, d.name FROM export_file f JOIN export e ON e.id = f.export_id
JOIN destination d ON d.id = e.destination_id AND d.receiver = %(receiver)s AND d.state <> 'ended'
JOIN head h ON h.kind = e.kind
WHERE f.name = %(name)s AND e.state = 'made'

-- name: file_fetched
UPDATE export_file SET fetched_at = coalesce(fetched_at, %(at)s) WHERE name = %(name)s RETURNING export_id

-- name: export_fetched
UPDATE export SET fetched_at = %(at)s WHERE id = %(export)s AND fetched_at IS NULL AND NOT EXISTS (
    SELECT FROM export_file f WHERE f.export_id = %(export)s AND NOT f.is_manifest AND f.fetched_at IS NULL)
RETURNING destination_id, kind

-- name: fetched_up_to
-- The last number before the first export that holds records and was not fetched.
SELECT e.last_seq, e.last_own FROM export e
WHERE e.destination_id = %(destination)s AND e.kind = %(kind)s AND NOT EXISTS (
    SELECT FROM export w WHERE w.destination_id = e.destination_id AND w.kind = e.kind AND w.fetched_at IS NULL
    AND NOT (w.state <> 'taken' AND w.records = 0) AND (w.day, w.part) <= (e.day, e.part))
ORDER BY e.day DESC, e.part DESC LIMIT 1

-- name: gone
SELECT e.destination_id, e.kind, e.day, e.part
FROM unnest(%(destinations)s::int[], %(kinds)s::int[], %(days)s::date[], %(parts)s::int[]) l(destination, kind, day, part)
JOIN export e ON e.destination_id = l.destination AND e.kind = l.kind AND e.day = l.day AND e.part = l.part
WHERE e.state = 'removed'

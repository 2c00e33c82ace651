-- name: feed_of
SELECT id FROM destination WHERE receiver = %s AND way = 'feed'

-- name: make_feed
INSERT INTO destination (receiver, way, name, kinds, settings, state, state_at, created_at)
VALUES (%(receiver)s, 'feed', '', '{*}', '{}', 'active', %(at)s, %(at)s)
ON CONFLICT (receiver) WHERE way = 'feed' DO NOTHING

-- name: progress
SELECT destination_id, kind, begins_after, taken, delivered, own_taken, own_delivered
FROM progress WHERE destination_id = %s AND kind = %s

-- name: progress_held
SELECT destination_id, kind, begins_after, taken, delivered, own_taken, own_delivered
FROM progress WHERE destination_id = %s AND kind = %s FOR UPDATE

-- name: progress_of_all
SELECT destination_id, kind, begins_after, taken, delivered, own_taken, own_delivered
FROM progress WHERE destination_id = ANY(%s::int[]) AND kind = %s ORDER BY destination_id FOR UPDATE

-- name: begin
INSERT INTO progress (destination_id, kind, begins_after, taken, delivered)
VALUES (%(destination)s, %(kind)s, %(after)s, %(after)s, %(after)s) ON CONFLICT DO NOTHING

-- name: write
WITH written AS (
    INSERT INTO stretch (destination_id, kind, first_seq, last_seq, agreement_id, version, day, records, withdrawals,
                         first_own, digest, taken_at)
    SELECT %(destination)s, %(kind)s, s.*, %(at)s FROM (
        SELECT first, last, %(agreement)s, %(version)s, day, records, withdrawals, own, digest
        FROM unnest(%(first)s::bigint[], %(last)s::bigint[], %(days)s::date[], %(records)s::bigint[],
                    %(withdrawals)s::bigint[], %(owns)s::bigint[], %(digests)s::bytea[])
             n(first, last, day, records, withdrawals, own, digest)
    ) s
)
UPDATE progress SET taken = %(taken)s, own_taken = %(own)s
WHERE destination_id = %(destination)s AND kind = %(kind)s

-- name: write_all
WITH new AS (
    SELECT * FROM unnest(%(destinations)s::int[], %(first)s::bigint[], %(last)s::bigint[], %(agreements)s::int[],
                         %(versions)s::int[], %(days)s::date[], %(records)s::bigint[], %(withdrawals)s::bigint[],
                         %(owns)s::bigint[], %(digests)s::bytea[], %(own_taken)s::bigint[])
        n(destination, first, last, agreement, version, day, records, withdrawals, own, digest, own_taken)
), written AS (
    INSERT INTO stretch (destination_id, kind, first_seq, last_seq, agreement_id, version, day, records, withdrawals,
                         first_own, digest, taken_at)
    SELECT destination, %(kind)s, first, last, agreement, version, day, records, withdrawals, own, digest, %(at)s FROM new
)
UPDATE progress p SET taken = new.last, own_taken = new.own_taken FROM new
WHERE p.destination_id = new.destination AND p.kind = %(kind)s

-- name: extend
-- Written once a page where nothing is given, and so in place.
WITH longer AS (
    UPDATE stretch SET last_seq = %(last)s
    WHERE destination_id = %(destination)s AND kind = %(kind)s AND last_seq = %(taken)s AND records = 0
      AND agreement_id = %(agreement)s AND version = %(version)s AND day = %(day)s AND failed_at IS NULL
      AND first_seq = (SELECT max(first_seq) FROM stretch WHERE destination_id = %(destination)s AND kind = %(kind)s)
    RETURNING 1
)
UPDATE progress SET taken = %(last)s
WHERE destination_id = %(destination)s AND kind = %(kind)s AND EXISTS (SELECT FROM longer)

-- name: count
-- Into the quota of the day, and into what has left under each agreement.
WITH n AS (
    SELECT * FROM unnest(%(agreements)s::int[], %(destinations)s::int[], %(first)s::bigint[], %(last)s::bigint[],
                         %(records)s::bigint[]) n(agreement, destination, first, last, records)
), of_day AS (
    INSERT INTO agreement_day (agreement_id, day, records)
    SELECT agreement, (%(now)s::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, sum(records) FROM n
    WHERE records > 0 GROUP BY agreement ORDER BY agreement
    ON CONFLICT (agreement_id, day) DO UPDATE SET records = agreement_day.records + excluded.records
)
INSERT INTO agreement_given (agreement_id, destination_id, kind, first_seq, last_seq, records, passed, at)
SELECT agreement, destination, %(kind)s, min(first), max(last), coalesce(sum(records), 0),
       count(*) FILTER (WHERE records IS NULL), %(now)s
FROM n WHERE records > 0 OR records IS NULL GROUP BY agreement, destination ORDER BY agreement, destination
ON CONFLICT (agreement_id, destination_id, kind) DO UPDATE SET last_seq = excluded.last_seq,
    records = agreement_given.records + excluded.records, passed = agreement_given.passed + excluded.passed, at = excluded.at

-- name: sent_on
SELECT records FROM agreement_day WHERE agreement_id = %s AND day = %s

-- name: pass_over
WITH written AS (
    INSERT INTO stretch (destination_id, kind, first_seq, last_seq, agreement_id, version, day, taken_at)
    VALUES (%(destination)s, %(kind)s, %(first)s, %(last)s, %(agreement)s, %(version)s, %(day)s, %(at)s)
)
UPDATE progress SET taken = %(last)s WHERE destination_id = %(destination)s AND kind = %(kind)s

-- name: delivered
UPDATE progress SET delivered = least(%(seq)s, taken), delivered_at = %(at)s
WHERE destination_id = %(destination)s AND kind = %(kind)s AND delivered < least(%(seq)s, taken)

-- name: delivered_own
-- The last number of ours that lies up to the record of that own number: the stretch's end where it is its last record.
UPDATE progress p SET own_delivered = least(%(own)s, p.own_taken), delivered_at = %(at)s,
    delivered = greatest(p.delivered, coalesce((
        SELECT max(s.last_seq) FROM stretch s WHERE s.destination_id = p.destination_id AND s.kind = p.kind
        AND s.first_own IS NOT NULL AND s.first_own + s.records - 1 <= least(%(own)s, p.own_taken)), 0))
WHERE p.destination_id = %(destination)s AND p.kind = %(kind)s AND p.own_delivered < least(%(own)s, p.own_taken)

-- name: covering
SELECT n.destination, n.seq, s.agreement_id, s.version
FROM unnest(%(destinations)s::int[], %(numbers)s::bigint[]) n(destination, seq) CROSS JOIN LATERAL (
    SELECT agreement_id, version, last_seq FROM stretch
    WHERE destination_id = n.destination AND kind = %(kind)s AND first_seq <= n.seq
    ORDER BY first_seq DESC LIMIT 1
) s WHERE s.last_seq >= n.seq

-- name: stretches
SELECT first_seq, last_seq, agreement_id, version, day, records, withdrawals, first_own, digest, taken_at, failed_at,
       withheld, sent_agreement, sent_version
FROM stretch WHERE destination_id = %s AND kind = %s AND last_seq > %s ORDER BY first_seq LIMIT %s

-- name: note_sent
-- Only what its receiver had not had before: what it has, it has.
UPDATE stretch s SET withheld = %(withheld)s, digest = coalesce(%(digest)s, s.digest),
    sent_agreement = CASE WHEN (s.agreement_id, s.version) <> (%(agreement)s, %(version)s) THEN %(agreement)s::int END,
    sent_version = CASE WHEN (s.agreement_id, s.version) <> (%(agreement)s, %(version)s) THEN %(version)s::int END
WHERE s.destination_id = %(destination)s AND s.kind = %(kind)s AND s.first_seq = %(first)s AND s.records IS NOT NULL
  AND NOT EXISTS (SELECT FROM progress p WHERE p.destination_id = s.destination_id AND p.kind = s.kind
                  AND p.delivered >= s.last_seq)

-- name: give_up_all
UPDATE stretch s SET failed_at = %(at)s FROM progress p
WHERE s.destination_id = %(destination)s AND p.destination_id = s.destination_id AND p.kind = s.kind
  AND s.last_seq > p.delivered AND s.records > 0 AND s.failed_at IS NULL
  AND NOT EXISTS (SELECT FROM export e WHERE e.destination_id = s.destination_id AND e.kind = s.kind
                  AND s.first_seq BETWEEN e.first_seq AND e.last_seq AND e.fetched_at IS NOT NULL)

-- name: of_own
SELECT first_seq, last_seq, agreement_id, version, day, records, withdrawals, first_own, digest, taken_at, failed_at,
       withheld, sent_agreement, sent_version
FROM stretch WHERE destination_id = %(destination)s AND kind = %(kind)s AND first_own <= %(own)s
ORDER BY first_own DESC, first_seq DESC LIMIT 1

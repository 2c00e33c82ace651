-- Stretches of one day, put together where they lie side by side under one version: a fast reader makes one four times a
-- second. Known by their sums: what was given, was not because the agreement was
-- narrowed meanwhile, was given up, lies up to what the receiver has.
-- name: islands
WITH s AS (
    SELECT *, sum(begins) OVER (ORDER BY first_seq) AS island FROM (
        SELECT *, CASE WHEN agreement_id = lag(agreement_id) OVER o AND version = lag(version) OVER o
                       THEN 0 ELSE 1 END AS begins
        FROM stretch WHERE destination_id = %(destination)s AND kind = %(kind)s AND day = %(day)s
                       AND first_seq <= %(taken)s
        WINDOW o AS (ORDER BY first_seq)
    ) n
)
SELECT min(agreement_id), min(version), min(first_seq), least(max(last_seq), %(taken)s),
       coalesce(sum(records - withheld), 0)::bigint, sum(withheld)::bigint,
       coalesce(sum(records - withheld) FILTER (WHERE failed_at IS NOT NULL), 0)::bigint,
       coalesce(sum(records - withheld) FILTER (WHERE failed_at IS NULL AND (last_seq <= %(delivered)s
                OR first_own + records - 1 <= %(own_delivered)s)), 0)::bigint
FROM s GROUP BY island ORDER BY 3

-- Those that the sums do not hold: delivered in part, or passed over.
-- name: single
SELECT first_seq, least(last_seq, %(taken)s), agreement_id, version, day, records, withdrawals, first_own, digest,
       taken_at, failed_at, withheld, sent_agreement, sent_version
FROM stretch
WHERE destination_id = %(destination)s AND kind = %(kind)s AND day = %(day)s AND first_seq <= %(taken)s
  AND (records IS NULL OR failed_at IS NULL AND records > 0
       AND last_seq > %(delivered)s AND coalesce(first_own + records - 1 > %(own_delivered)s, true)
       AND (first_seq <= %(delivered)s OR first_own <= %(own_delivered)s))
ORDER BY first_seq

-- name: destinations
SELECT id, receiver, way, name, kinds, state, state_at FROM destination
WHERE (%(receiver)s::int IS NULL OR receiver = %(receiver)s) ORDER BY id

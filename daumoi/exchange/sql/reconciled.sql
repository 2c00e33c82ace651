-- name: days
-- Kept days of one way out, its kinds together.
SELECT day, sum(delivered)::bigint, sum(waiting)::bigint, sum(failed)::bigint, sum(filtered)::bigint,
       sum(passed_over)::bigint, sum(difference)::bigint, max(at)
FROM reconciled WHERE destination_id = %(destination)s AND day BETWEEN %(first)s AND %(last)s GROUP BY day

-- name: has_earlier
SELECT EXISTS (SELECT FROM reconciled WHERE destination_id = %(destination)s AND day < %(first)s)

-- name: kinds
SELECT h.name, r.delivered, r.waiting, r.failed, r.filtered, r.passed_over, r.difference, r.at
FROM reconciled r JOIN head h ON h.kind = r.kind WHERE r.destination_id = %s AND r.day = %s ORDER BY r.kind

-- name: signed
SELECT day FROM statement WHERE receiver = %(receiver)s AND day BETWEEN %(first)s AND %(last)s

-- name: oldest
-- When the oldest record that is kept was received, of kinds of which some were dropped; NULL: all of them were.
SELECT h.name, r.received_at FROM head h LEFT JOIN record r ON r.kind = h.kind AND r.seq = h.oldest WHERE h.oldest > 1

-- name: troubled
-- What was kept of a day may have been mended since: by the account of this moment, a look by key each.
SELECT x.day, x.destination_id, d.receiver, d.way, d.name,
       coalesce(sum(x.waiting) FILTER (WHERE x.is_late), 0)::bigint,
       coalesce(sum(x.failed) FILTER (WHERE x.is_given_up), 0)::bigint,
       coalesce(sum(x.difference), 0)::bigint, max(x.at)
FROM (
    SELECT r.*, e.ends,
           r.waiting > 0 AND r.at >= e.ends + interval '1 day' AND NOT EXISTS (
               SELECT FROM progress p JOIN head h ON h.kind = p.kind
               WHERE p.destination_id = r.destination_id AND p.kind = r.kind AND NOT EXISTS (
                   SELECT FROM record o WHERE o.kind = p.kind AND o.seq = greatest(p.delivered + 1, h.oldest)
                                          AND o.received_at < e.ends)) AS is_late,
           r.failed > 0 AND EXISTS (
               SELECT FROM stretch s WHERE s.destination_id = r.destination_id AND s.day = r.day AND s.kind = r.kind
                                       AND s.failed_at IS NOT NULL) AS is_given_up
    FROM reconciled r
    CROSS JOIN LATERAL (SELECT (r.day + 1)::timestamp AT TIME ZONE 'UTC' - interval '7 hours' AS ends) e
    WHERE r.day BETWEEN %(first)s AND %(last)s AND (r.waiting > 0 OR r.failed > 0 OR r.difference > 0)
) x
JOIN destination d ON d.id = x.destination_id
WHERE (x.is_late OR x.is_given_up OR x.difference > 0)
  AND (x.day, x.destination_id) < (%(last)s, %(before)s)
GROUP BY x.day, x.destination_id, d.receiver, d.way, d.name
ORDER BY x.day DESC, x.destination_id DESC LIMIT %(most)s

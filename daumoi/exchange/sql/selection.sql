-- name: where_people_stood
-- The records a destination had that name these claims, each with what it was taken under.
SELECT DISTINCT a.claim, r.system_id, r.path, r.area_scheme, r.area_code, s.agreement_id, s.version
FROM appearance a
JOIN record r ON r.kind = a.kind AND r.seq = a.seq
CROSS JOIN LATERAL (
    SELECT agreement_id, version, last_seq, taken_at FROM stretch
    WHERE destination_id = %(destination)s AND kind = a.kind AND first_seq <= a.seq ORDER BY first_seq DESC LIMIT 1
) s
WHERE a.claim = ANY(%(claims)s::bigint[]) AND s.last_seq >= a.seq
  AND (%(as_of)s::timestamptz IS NULL OR s.taken_at <= %(as_of)s)

-- name: people_settled
SELECT bool_and(coalesce(c.seq, 0) >= p.taken) FROM progress p
LEFT JOIN consumer c ON c.name = 'appearances' AND c.kind = p.kind
WHERE p.destination_id = %s AND p.kind <> 100

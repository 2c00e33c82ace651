-- In the order of claims, so that neighbours meet in the index.
-- name: note
INSERT INTO appearance (claim, at, kind, seq, role)
SELECT claim, at, %(kind)s, seq, role FROM (
    SELECT subject AS claim, coalesce(occurred_at, received_at) AS at, seq, 0 AS role FROM record
    WHERE kind = %(kind)s AND seq BETWEEN %(first)s AND %(last)s AND subject IS NOT NULL
    UNION ALL
    SELECT DISTINCT p.claim, coalesce(r.occurred_at, r.received_at), p.seq, p.role
    FROM record_person p JOIN record r ON r.kind = p.kind AND r.seq = p.seq
    WHERE p.kind = %(kind)s AND p.seq BETWEEN %(first)s AND %(last)s
) n ORDER BY claim

-- The consumer may be writing what it read before the records were cut: it is waited for.
-- name: lock
LOCK TABLE appearance IN SHARE ROW EXCLUSIVE MODE

-- name: forget
DELETE FROM appearance WHERE claim = ANY(%b::bigint[])

-- name: to_sweep
SELECT h.kind, h.oldest FROM head h LEFT JOIN appearance_swept s USING (kind) WHERE h.oldest > coalesce(s.oldest, 1)

-- name: swept
INSERT INTO appearance_swept (kind, oldest) VALUES (%s, %s)
ON CONFLICT (kind) DO UPDATE SET oldest = greatest(appearance_swept.oldest, excluded.oldest)

-- name: blocks
SELECT pg_relation_size('appearance') / current_setting('block_size')::int

-- name: clear
DELETE FROM appearance a USING head h
WHERE a.ctid >= format('(%%s,0)', %(first)s::bigint)::tid AND a.ctid < format('(%%s,0)', %(behind)s::bigint)::tid
  AND h.kind = a.kind AND a.seq < h.oldest

-- name: page
SELECT f.* FROM unnest(%s::bigint[]) c(claim) CROSS JOIN LATERAL (
    SELECT a.at, a.kind, a.seq, a.role, a.claim, r.id::text, r.system_id, r.ref, r.revision, r.op, r.current,
           r.occurred_at, r.received_at, r.path, r.place, r.body::text
    FROM appearance a JOIN record r ON r.kind = a.kind AND r.seq = a.seq
    WHERE a.claim = c.claim AND (a.at, a.kind, a.seq, a.role) < (%s, %s, %s, %s)
      AND (%s::smallint IS NULL OR a.kind = %s) AND ({scope})
    ORDER BY a.at DESC, a.kind DESC, a.seq DESC, a.role DESC LIMIT %s
) f ORDER BY f.at DESC, f.kind DESC, f.seq DESC, f.role DESC LIMIT %s

-- name: place
SELECT a.at FROM appearance a JOIN record r ON r.kind = a.kind AND r.seq = a.seq
WHERE a.claim = ANY(%s::bigint[]) AND a.kind = %s AND a.seq = %s AND a.role = %s AND ({scope}) LIMIT 1

-- name: visible
SELECT c.claim FROM unnest(%s::bigint[]) c(claim) WHERE EXISTS (
    SELECT FROM appearance a JOIN record r ON r.kind = a.kind AND r.seq = a.seq
    WHERE a.claim = c.claim AND ({scope})
)

-- Where claims were last: the unit of the newest record that has one.
-- name: last_paths
SELECT c.claim, f.path FROM unnest(%b::bigint[]) c(claim) CROSS JOIN LATERAL (
    SELECT r.path FROM appearance a JOIN record r ON r.kind = a.kind AND r.seq = a.seq
    WHERE a.claim = c.claim AND a.role = 0 AND r.path IS NOT NULL
    ORDER BY a.at DESC, a.kind DESC, a.seq DESC LIMIT 1
) f

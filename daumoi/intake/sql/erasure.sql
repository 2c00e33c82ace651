-- name: begin
INSERT INTO erasure (reason, asked_at, claims) VALUES (%s, %s, %s) RETURNING id

-- name: begin_claims
INSERT INTO erasure_claim (erasure, claim, person)
SELECT %(erasure)s, n.* FROM unnest(%(claims)b::bigint[], %(people)b::bigint[]) n

-- name: open
SELECT id, step, asked_at FROM erasure WHERE finished_at IS NULL ORDER BY id

-- name: claims
SELECT claim FROM erasure_claim WHERE erasure = %s ORDER BY claim

-- name: people
SELECT DISTINCT person FROM erasure_claim WHERE erasure = %s

-- name: step
UPDATE erasure SET step = %s WHERE id = %s

-- name: count
UPDATE erasure SET records = records + %s WHERE id = %s

-- name: swept
SELECT kind, seq FROM erasure_sweep WHERE erasure = %s

-- name: sweep
INSERT INTO erasure_sweep (erasure, kind, seq) VALUES (%s, %s, %s)
ON CONFLICT (erasure, kind) DO UPDATE SET seq = excluded.seq

-- name: finish
UPDATE erasure SET finished_at = %s WHERE id = %s

-- name: forget_claims
DELETE FROM erasure_claim WHERE erasure = %s

-- name: forget_sweep
DELETE FROM erasure_sweep WHERE erasure = %s

-- name: held_page
SELECT id, system_id, content_key, sealed FROM held WHERE id > %s ORDER BY id LIMIT %s

-- name: drop_held
DELETE FROM held WHERE id = ANY(%b::uuid[])

-- name: drop_held_of_refs
DELETE FROM held WHERE ref_key = ANY(%b::bytea[]) RETURNING id

-- name: drop_notes_of_held
DELETE FROM submission_note WHERE held_id = ANY(%b::uuid[])

-- name: drop_notes_of_refs
DELETE FROM submission_note n USING submission s, unnest(%(systems)b::int[], %(refs)s::text[]) r(system_id, ref)
WHERE s.id = n.submission AND s.system_id = r.system_id AND n.ref = r.ref AND (s.kind = %(kind)s OR s.kind IS NULL)

-- The heads (by kind, without a key) and the receipts, of one moment.
-- name: look
SELECT NULL::bytea, kind::int, NULL::bytea, seq FROM head
UNION ALL
SELECT key, revision, content, NULL FROM receipt WHERE key = ANY(%b::bytea[])

-- name: revisions
SELECT key, revision, content FROM receipt WHERE key = ANY(%b::bytea[])

-- The last lock an append takes, held for at most a thousand rows: everything of the kind waits behind it.
-- name: lock_head
SELECT seq, received_at, attached_to FROM head WHERE kind = %s FOR UPDATE

-- name: step_head
UPDATE head SET seq = seq + %s, received_at = %s WHERE kind = %s RETURNING seq

-- name: copy_receipts
COPY receipt (key, revision, content, seq) FROM STDIN (FORMAT binary)

-- name: insert_persons
INSERT INTO record_person (kind, seq, role, position, claim)
SELECT %(kind)s, n.* FROM unnest(%(seqs)b::bigint[], %(roles)b::bigint[], %(positions)b::bigint[], %(claims)b::bigint[]) n

-- name: insert_personal
INSERT INTO record_personal (kind, seq, sealed)
SELECT %(kind)s, n.* FROM unnest(%(seqs)b::bigint[], %(sealed)b::bytea[]) n

-- name: copy_records
COPY record (kind, received_at, seq, id, op, current, subject, place, path, system_id, ref, revision, area_scheme,
             area_code, lat, lon, accuracy_m, occurred_at, schema_version, body) FROM STDIN

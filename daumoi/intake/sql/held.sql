-- Two transactions that hold the same rows take them in the same order.
-- name: lock_keys
SELECT id FROM held WHERE content_key = ANY(%b::bytea[]) ORDER BY content_key FOR UPDATE

-- An entry that is open follows what is wrong with the row now; a closed one stays closed: it was seen to.
-- name: insert
INSERT INTO held (id, system_id, kind, content_key, code, faults, ref_key, revision, sealed, created_at, expires_at)
SELECT n.id, n.system_id, %(kind)s, n.content_key, n.code, n.faults, n.ref_key, n.revision, n.sealed, %(now)s,
       %(expires_at)s
FROM unnest(%(ids)s::uuid[], %(systems)b::int[], %(keys)b::bytea[], %(codes)s::text[], %(faults)s::jsonb[],
            %(ref_keys)s::bytea[], %(revisions)s::int[], %(sealed)b::bytea[])
     n(id, system_id, content_key, code, faults, ref_key, revision, sealed)
ON CONFLICT (content_key) DO UPDATE SET code = excluded.code, faults = excluded.faults
WHERE held.closed_at IS NULL AND held.faults <> excluded.faults

-- name: ids
SELECT content_key, id FROM held WHERE content_key = ANY(%b::bytea[])

-- name: any_open
SELECT EXISTS (SELECT FROM held WHERE system_id = ANY(%b::int[]) AND kind = %s AND closed_at IS NULL)

-- name: close
UPDATE held SET closed_at = %(at)s, closed_as = %(as)s WHERE content_key = ANY(%(keys)b::bytea[]) AND closed_at IS NULL

-- A row that was mended and sent under its own ref and revision closes what was held of it; so does a higher
-- revision for a row that was held because its revision was taken.
-- name: close_mended
UPDATE held SET closed_at = %(at)s, closed_as = 'mended'
FROM unnest(%(keys)b::bytea[], %(revisions)s::int[]) n(key, revision)
WHERE held.ref_key = n.key AND held.closed_at IS NULL
  AND (held.revision = n.revision OR (held.code = 'revision_conflict' AND held.revision < n.revision))

-- name: close_one
UPDATE held SET closed_at = %s, closed_as = %s WHERE id = %s AND closed_at IS NULL

-- name: list
SELECT id, kind, code, faults, created_at, expires_at, content_key, sealed, arrival, handed_back_at, remark
FROM held
WHERE system_id = %(system)s AND closed_at IS NULL AND arrival > %(after)s
  AND (%(kind)s::smallint IS NULL OR kind = %(kind)s)
  AND (%(code)s::text IS NULL OR code = %(code)s)
  AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s::uuid[]))
  AND (%(submission)s::uuid IS NULL OR id IN (SELECT held_id FROM submission_note WHERE submission = %(submission)s))
ORDER BY arrival LIMIT %(limit)s

-- name: one
SELECT id, kind, content_key, closed_at FROM held WHERE id = %s AND system_id = %s

-- name: arrival_of
SELECT arrival FROM held WHERE id = %s AND system_id = %s

-- name: expire
DELETE FROM held WHERE id IN (SELECT id FROM held WHERE expires_at <= %s LIMIT 5000)

-- name: by_flow
SELECT system_id, kind, count(*) FILTER (WHERE created_at >= %(since)s), count(*) FILTER (WHERE closed_at IS NULL)
FROM held WHERE created_at >= %(since)s OR closed_at IS NULL GROUP BY 1, 2

-- name: open_by_kind
SELECT h.name, count(*) FROM held d JOIN head h ON h.kind = d.kind WHERE d.closed_at IS NULL GROUP BY 1

-- name: open_of_system
SELECT h.name, d.code, count(*), max(d.created_at) FROM held d JOIN head h ON h.kind = d.kind
WHERE d.system_id = %s AND d.closed_at IS NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

-- Reads the index alone, and no further than it has to.
-- name: open_up_to
SELECT count(*) FROM (SELECT FROM held WHERE system_id = %s AND closed_at IS NULL LIMIT %s) open

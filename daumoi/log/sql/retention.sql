-- name: ends
SELECT (SELECT received_at FROM record WHERE kind = %(kind)s AND seq = %(first)s),
       (SELECT received_at FROM record WHERE kind = %(kind)s AND seq = %(last)s)

-- name: groups
SELECT system_id, path, max(received_at), count(*) FROM record
WHERE kind = %(kind)s AND seq BETWEEN %(first)s AND %(last)s GROUP BY 1, 2

-- The archive goes with its segment; every other internal reader has to have passed it.
-- name: behind
SELECT name FROM consumer WHERE kind = %s AND seq < %s AND name <> 'archive' ORDER BY name

-- name: remove_archive
INSERT INTO archive_removal (kind, first_seq, last_seq) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING

-- name: removals
SELECT r.kind, h.name, r.first_seq, r.last_seq FROM archive_removal r JOIN head h USING (kind) WHERE NOT r.removed
ORDER BY r.kind, r.first_seq

-- name: removed
UPDATE archive_removal SET removed = true WHERE kind = %s AND first_seq = %s

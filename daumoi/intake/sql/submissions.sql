-- name: save
INSERT INTO submission (id, system_id, kind, received, accepted, corrected, withdrawn, repeated, held,
                        first_seq, last_seq, created_at, finished_at)
SELECT n.*, %(at)s, %(finished_at)s
FROM unnest(%(ids)s::uuid[], %(systems)s::int[], %(kinds)s::smallint[], %(received)s::bigint[], %(accepted)s::bigint[],
            %(corrected)s::bigint[], %(withdrawn)s::bigint[], %(repeated)s::bigint[], %(held)s::bigint[],
            %(first)s::bigint[], %(last)s::bigint[]) n
ON CONFLICT (id) DO UPDATE SET
    received = excluded.received, accepted = excluded.accepted, corrected = excluded.corrected,
    withdrawn = excluded.withdrawn, repeated = excluded.repeated, held = excluded.held,
    first_seq = excluded.first_seq, last_seq = excluded.last_seq, finished_at = excluded.finished_at

-- name: note
INSERT INTO submission_note (submission, row_number, warning, ref, held_id, faults)
SELECT %(submission)s, n.*
FROM unnest(%(rows)s::bigint[], %(warnings)s::bool[], %(refs)s::text[], %(held)s::uuid[], %(faults)s::jsonb[]) n

-- name: show
SELECT s.id, h.name, s.received, s.accepted, s.corrected, s.withdrawn, s.repeated, s.held, s.first_seq, s.last_seq,
       s.created_at, s.finished_at,
       (SELECT count(DISTINCT n.held_id) FROM submission_note n JOIN held d ON d.id = n.held_id
        WHERE n.submission = s.id AND d.closed_at IS NULL)
FROM submission s LEFT JOIN head h ON h.kind = s.kind
WHERE s.id = %s AND s.system_id = %s

-- name: notes
SELECT row_number, ref, held_id, faults FROM submission_note
WHERE submission = %s AND warning = %s AND row_number > %s ORDER BY row_number LIMIT %s

-- Reads the index held_group alone: some 60 ms at 100,000 open rows; instants are worked out once, not for each row.
-- name: groups
SELECT system_id, kind, code, count(*), min(created_at), count(handed_back_at),
       ARRAY[count(*) FILTER (WHERE created_at >= %(day_1)s),
             count(*) FILTER (WHERE created_at >= %(day_2)s),
             count(*) FILTER (WHERE created_at >= %(day_3)s),
             count(*) FILTER (WHERE created_at >= %(day_4)s),
             count(*) FILTER (WHERE created_at >= %(day_5)s),
             count(*) FILTER (WHERE created_at >= %(day_6)s),
             count(*) FILTER (WHERE created_at >= %(day_7)s)]
FROM held
WHERE closed_at IS NULL AND (%(systems)s::int[] IS NULL OR system_id = ANY(%(systems)s::int[]))
GROUP BY system_id, kind, code ORDER BY count(*) DESC, system_id, kind, code LIMIT %(most)s

-- name: group_size
SELECT count(*), min(created_at), count(handed_back_at) FROM held
WHERE closed_at IS NULL AND system_id = %s AND kind = %s AND code = %s

-- name: rows_of_group
SELECT id, arrival, faults, created_at, expires_at, handed_back_at FROM held
WHERE closed_at IS NULL AND system_id = %s AND kind = %s AND code = %s AND arrival > %s ORDER BY arrival LIMIT %s

-- Where the faults of a group lie, by its first thousand rows; a position in a list is told as a star.
-- name: pointers_of_group
SELECT regexp_replace(f->>'pointer', '/[0-9]+(?=/|$)', '/*', 'g'), count(*)
FROM (SELECT faults FROM held WHERE closed_at IS NULL AND system_id = %(system)s AND kind = %(kind)s AND code = %(code)s
      ORDER BY arrival LIMIT 1000) h, jsonb_array_elements(h.faults) f
WHERE f->>'code' = %(code)s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 12

-- name: sealed_of_group
SELECT id, arrival, content_key, sealed FROM held
WHERE closed_at IS NULL AND system_id = %s AND kind = %s AND code = %s AND arrival > %s ORDER BY arrival LIMIT %s

-- name: one
SELECT id, system_id, kind, code, faults, created_at, expires_at, closed_at, closed_as, closed_by, mended_seq,
       handed_back_at, handed_back_by, remark
FROM held WHERE id = %(id)s AND (%(systems)s::int[] IS NULL OR system_id = ANY(%(systems)s::int[]))

-- name: sealed
SELECT content_key, sealed FROM held WHERE id = %s

-- name: came_with
SELECT submission, row_number FROM submission_note WHERE held_id = %s ORDER BY submission DESC LIMIT 5

-- name: closed_by_centre
SELECT id, system_id, kind, code, closed_at, closed_as, closed_by, mended_seq, arrival FROM held
WHERE closed_by IS NOT NULL AND (%(systems)s::int[] IS NULL OR system_id = ANY(%(systems)s::int[]))
  AND (%(at)s::timestamptz IS NULL OR (closed_at, -arrival) < (%(at)s, -%(arrival)s::bigint))
ORDER BY closed_at DESC, arrival LIMIT %(most)s

-- name: mending_of_record
SELECT id, closed_at, closed_by, code FROM held WHERE kind = %s AND mended_seq = %s

-- name: note_mended
UPDATE held SET closed_at = coalesce(held.closed_at, %(at)s), closed_as = 'mended', closed_by = %(by)s,
       mended_seq = n.seq
FROM unnest(%(ids)s::uuid[], %(seqs)s::bigint[]) n(id, seq) WHERE held.id = n.id

-- name: note_replayed
UPDATE held SET closed_by = %s WHERE id = ANY(%s) AND closed_at >= %s AND closed_by IS NULL

-- name: hand_back
UPDATE held SET handed_back_at = %(at)s, handed_back_by = %(by)s, remark = %(remark)s
WHERE id = ANY(%(ids)s) AND closed_at IS NULL

-- name: submission
SELECT s.id, s.system_id, s.kind, s.received, s.accepted, s.corrected, s.withdrawn, s.repeated, s.held, s.first_seq,
       s.last_seq, s.created_at, s.finished_at,
       (SELECT count(DISTINCT n.held_id) FROM submission_note n JOIN held d ON d.id = n.held_id
        WHERE n.submission = s.id AND d.closed_at IS NULL)
FROM submission s
WHERE s.id = %(id)s AND (%(systems)s::int[] IS NULL OR s.system_id = ANY(%(systems)s::int[]))

-- name: submission_notes
SELECT row_number, warning, held_id, faults FROM submission_note
WHERE submission = %(id)s AND (warning, row_number) > (%(warning)s, %(row)s)
ORDER BY warning, row_number LIMIT %(most)s

-- Of the thousand submissions that began before the record did: bodies that are sent at once share ranges of numbers.
-- name: submissions_of_record
SELECT id, created_at, received, first_seq, last_seq FROM (
    SELECT id, created_at, received, first_seq, last_seq FROM submission
    WHERE system_id = %(system)s AND kind = %(kind)s AND first_seq <= %(seq)s ORDER BY first_seq DESC LIMIT 1000) s
WHERE last_seq >= %(seq)s LIMIT 3

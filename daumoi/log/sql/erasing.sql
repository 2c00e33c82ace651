-- Claims are compared by `IN (SELECT unnest …)`, which is hashed; `= ANY` of a prepared statement tries them one by one.
-- name: naming
SELECT r.seq, r.system_id FROM record r
WHERE r.kind = %(kind)s AND r.seq BETWEEN %(first)s AND %(last)s AND r.subject IN (SELECT unnest(%(claims)b::bigint[]))
UNION
SELECT r.seq, r.system_id FROM record_person p JOIN record r ON r.kind = p.kind AND r.seq = p.seq
WHERE p.kind = %(kind)s AND p.seq BETWEEN %(first)s AND %(last)s AND p.claim IN (SELECT unnest(%(claims)b::bigint[]))

-- name: kept_naming
SELECT kind, seq FROM record_on_hold WHERE subject = ANY(%(claims)b::bigint[])
UNION
SELECT kind, seq FROM record_on_hold_person WHERE claim = ANY(%(claims)b::bigint[])

-- name: cut_subjects
UPDATE record SET subject = NULL
WHERE kind = %(kind)s AND seq BETWEEN %(first)s AND %(last)s AND subject IN (SELECT unnest(%(claims)b::bigint[]))
RETURNING seq

-- name: cut_persons
DELETE FROM record_person
WHERE kind = %(kind)s AND seq BETWEEN %(first)s AND %(last)s AND claim IN (SELECT unnest(%(claims)b::bigint[]))
RETURNING seq

-- name: cut_personal
DELETE FROM record_personal WHERE kind = %(kind)s AND seq = ANY(%(seqs)b::bigint[])

-- name: refs
SELECT DISTINCT system_id, ref FROM record WHERE kind = %(kind)s AND seq = ANY(%(seqs)b::bigint[])

-- name: cut_kept_persons
DELETE FROM record_on_hold_person WHERE claim = ANY(%(claims)b::bigint[]) RETURNING kind, seq

-- name: cut_kept_subjects
UPDATE record_on_hold SET subject = NULL, sealed = NULL WHERE subject = ANY(%(claims)b::bigint[]) RETURNING kind, seq

-- name: cut_kept_personal
UPDATE record_on_hold r SET sealed = NULL
FROM unnest(%(kinds)b::smallint[], %(seqs)b::bigint[]) n(kind, seq) WHERE r.kind = n.kind AND r.seq = n.seq

-- name: heads
SELECT kind, oldest, seq FROM head WHERE kind <> %s ORDER BY kind

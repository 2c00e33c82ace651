-- name: doubt_range
INSERT INTO claim_in_doubt (claim)
SELECT subject FROM record WHERE kind = %(kind)s AND seq BETWEEN %(first)s AND %(last)s AND subject IS NOT NULL
UNION
SELECT claim FROM record_person WHERE kind = %(kind)s AND seq BETWEEN %(first)s AND %(last)s
ON CONFLICT DO NOTHING

-- name: any_in_doubt
SELECT EXISTS (SELECT FROM claim_in_doubt)

-- name: named_as_subject
DELETE FROM claim_in_doubt d USING record r
WHERE r.kind = %(kind)s AND r.seq BETWEEN %(first)s AND %(last)s AND r.subject = d.claim

-- name: named_beside
DELETE FROM claim_in_doubt d USING record_person p
WHERE p.kind = %(kind)s AND p.seq BETWEEN %(first)s AND %(last)s AND p.claim = d.claim

-- name: named_on_hold
DELETE FROM claim_in_doubt d
WHERE EXISTS (SELECT FROM record_on_hold r WHERE r.subject = d.claim)
   OR EXISTS (SELECT FROM record_on_hold_person p WHERE p.claim = d.claim)

-- name: to_set_apart
SELECT claim FROM claim_in_doubt WHERE NOT set_apart AND claim <> ALL(%s::bigint[]) ORDER BY claim LIMIT %s

-- name: mark_set_apart
UPDATE claim_in_doubt SET set_apart = true WHERE claim = ANY(%b::bigint[])

-- name: to_destroy
SELECT claim FROM claim_in_doubt WHERE set_apart ORDER BY claim LIMIT %s FOR UPDATE

-- name: settled
DELETE FROM claim_in_doubt WHERE claim = ANY(%b::bigint[])

-- name: heads
SELECT kind, oldest, seq FROM head ORDER BY kind

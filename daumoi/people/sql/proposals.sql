-- name: propose
INSERT INTO identity_proposal (action, keep, other, undoes, reason, proposed_by, proposed_at)
VALUES (%(action)s, %(keep)s, %(other)s, %(undoes)s, %(reason)s, %(by)s, %(at)s) RETURNING id

-- name: forget_sides
DELETE FROM identity_proposal_claim WHERE proposal = %s

-- name: side
INSERT INTO identity_proposal_claim (proposal, side, claim) SELECT %s, %s, * FROM unnest(%s::bigint[])

-- name: sides
SELECT side, claim FROM identity_proposal_claim WHERE proposal = %s ORDER BY side, claim

-- name: lock
SELECT id, action, keep, other, undoes, reason, proposed_by, proposed_at, outcome, decided_by, decided_at, note,
       keeps_apart, undone
FROM identity_proposal WHERE id = %s FOR UPDATE

-- name: read
SELECT id, action, keep, other, undoes, reason, proposed_by, proposed_at, outcome, decided_by, decided_at, note,
       keeps_apart, undone
FROM identity_proposal WHERE id = %s

-- name: undoing
SELECT id, action, keep, other, undoes, reason, proposed_by, proposed_at, outcome, decided_by, decided_at, note,
       keeps_apart, undone
FROM identity_proposal WHERE undoes = %s ORDER BY id DESC

-- name: decide
UPDATE identity_proposal SET outcome = %(outcome)s, decided_by = %(by)s, decided_at = %(at)s, note = %(note)s,
       keeps_apart = %(apart)s
WHERE id = %(id)s

-- name: moved
INSERT INTO identity_proposal_move (proposal, claim, source, target)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])

-- name: moves
SELECT claim, source, target FROM identity_proposal_move WHERE proposal = %s ORDER BY claim

-- name: undone
UPDATE identity_proposal SET undone = true, keeps_apart = false WHERE id = %s

-- name: kept_apart
SELECT kept_apart_v1(%s, %s)

-- name: apart_by
SELECT p.id, p.action, p.keep, p.other, p.undoes, p.reason, p.proposed_by, p.proposed_at, p.outcome, p.decided_by,
       p.decided_at, p.note, p.keeps_apart, p.undone
FROM identity_proposal p
WHERE p.keeps_apart AND p.id IN (
    SELECT x.proposal FROM claim a JOIN identity_proposal_claim x ON x.claim = a.id
    JOIN identity_proposal_claim y ON y.proposal = x.proposal AND y.side <> x.side
    JOIN claim b ON b.id = y.claim
    WHERE a.person = %s AND b.person = %s)
ORDER BY p.id DESC LIMIT 1

-- name: ensure_people
INSERT INTO person (id, created_at) SELECT DISTINCT n, %s::timestamptz FROM unnest(%s::bigint[]) n ON CONFLICT DO NOTHING

-- Pairs follow the people that a merge moves; a pair of the two themselves is settled.
-- name: follow_merge
WITH gone AS (
    DELETE FROM person_candidate WHERE low = %(join)s OR high = %(join)s RETURNING *
)
INSERT INTO person_candidate (low, high, reason, created_at, score, evidence, found_at)
SELECT least(keep, rest), greatest(keep, rest), reason, created_at, score, evidence, found_at
FROM (SELECT *, %(keep)s::bigint AS keep, CASE WHEN low = %(join)s THEN high ELSE low END AS rest FROM gone) n
WHERE rest <> keep
ON CONFLICT DO NOTHING

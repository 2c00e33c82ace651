-- What may be seen of pairs and proposals. {low}, {high} and {seen} are conditions of the scope (`seeing.py`), so that a
-- page is as long as there are rows for its reader. Parameters stand in their order.
-- name: candidates
SELECT c.low, c.high, c.reason, coalesce(c.score, s.score), coalesce(c.evidence, s.evidence)::text, c.created_at, c.rank,
       (SELECT p.id FROM identity_proposal p WHERE p.action = 'merge' AND p.outcome IS NULL
          AND least(p.keep, p.other) = c.low AND greatest(p.keep, p.other) = c.high)
FROM person_candidate c
LEFT JOIN person_candidate s ON s.low = c.low AND s.high = c.high AND s.reason = 'similar'
WHERE (c.rank, c.low, c.high, c.reason) < (%s, %s, %s, %s)
  AND (c.reason <> 'similar' OR NOT EXISTS (
      SELECT FROM person_candidate o WHERE o.low = c.low AND o.high = c.high AND o.reason <> 'similar'))
  AND {low} AND {high} AND NOT kept_apart_v1(c.low, c.high)
ORDER BY c.rank DESC, c.low DESC, c.high DESC, c.reason DESC LIMIT %s

-- name: candidates_of_pair
SELECT c.low, c.high, c.reason, coalesce(c.score, s.score), coalesce(c.evidence, s.evidence)::text, c.created_at, c.rank,
       (SELECT p.id FROM identity_proposal p WHERE p.action = 'merge' AND p.outcome IS NULL
          AND least(p.keep, p.other) = c.low AND greatest(p.keep, p.other) = c.high)
FROM person_candidate c
LEFT JOIN person_candidate s ON s.low = c.low AND s.high = c.high AND s.reason = 'similar'
WHERE c.low = %s AND c.high = %s AND NOT kept_apart_v1(c.low, c.high)
ORDER BY c.rank DESC, c.reason DESC LIMIT 1

-- name: proposals
SELECT p.id, p.action, p.keep, p.other, p.undoes, p.reason, p.proposed_by, p.proposed_at, p.outcome, p.decided_by,
       p.decided_at, p.note, p.keeps_apart, p.undone
FROM identity_proposal p
WHERE p.id < %s AND (NOT %s OR p.outcome IS NULL) AND {seen}
ORDER BY p.id DESC LIMIT %s

-- name: of_claims
SELECT p.id, p.action, p.keep, p.other, p.undoes, p.reason, p.proposed_by, p.proposed_at, p.outcome, p.decided_by,
       p.decided_at, p.note, p.keeps_apart, p.undone
FROM identity_proposal p
WHERE p.id IN (SELECT proposal FROM identity_proposal_claim WHERE claim = ANY(%s::bigint[])) AND {seen}
ORDER BY p.id DESC LIMIT %s

-- name: is_seen
SELECT {seen} FROM identity_proposal p WHERE p.id = %s

-- Where the claims of a proposal are now.
-- name: sides_now
SELECT s.side, s.claim, c.person FROM identity_proposal_claim s LEFT JOIN claim c ON c.id = s.claim
WHERE s.proposal = %s ORDER BY s.side, s.claim

-- name: open_pair
SELECT p.id FROM identity_proposal p WHERE p.action = 'merge' AND p.outcome IS NULL
  AND least(p.keep, p.other) = %s AND greatest(p.keep, p.other) = %s

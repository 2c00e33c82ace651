-- name: page
SELECT c.low, c.high, c.reason, coalesce(c.score, s.score), coalesce(c.evidence, s.evidence)::text, c.created_at, c.rank,
       (SELECT p.id FROM identity_proposal p WHERE p.action = 'merge' AND p.outcome IS NULL
          AND least(p.keep, p.other) = c.low AND greatest(p.keep, p.other) = c.high)
FROM person_candidate c
LEFT JOIN person_candidate s ON s.low = c.low AND s.high = c.high AND s.reason = 'similar'
WHERE (c.rank, c.low, c.high, c.reason) < (%(rank)s, %(low)s, %(high)s, %(reason)s)
  AND (c.reason <> 'similar' OR NOT EXISTS (
      SELECT FROM person_candidate o WHERE o.low = c.low AND o.high = c.high AND o.reason <> 'similar'))
  AND NOT kept_apart_v1(c.low, c.high)
ORDER BY c.rank DESC, c.low DESC, c.high DESC, c.reason DESC LIMIT %(limit)s

-- name: clear_pair
DELETE FROM person_candidate WHERE low = %s AND high = %s

-- name: keep_scored
INSERT INTO person_candidate (low, high, reason, created_at, score, evidence, found_at)
SELECT n.low, n.high, 'similar', %(at)s, n.score, n.evidence::jsonb, %(at)s
FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[], %(scores)s::float8[], %(evidence)s::text[])
     n(low, high, score, evidence)
WHERE EXISTS (SELECT FROM claim WHERE person = n.low) AND EXISTS (SELECT FROM claim WHERE person = n.high)
  AND NOT kept_apart_v1(n.low, n.high)
ON CONFLICT (low, high, reason)
DO UPDATE SET score = excluded.score, evidence = excluded.evidence, found_at = excluded.found_at

-- What an earlier comparison found and this one did not.
-- name: drop_not_found
DELETE FROM person_candidate WHERE reason = 'similar' AND found_at < %s

-- name: page_of_claims
SELECT id, person, fingerprint, sealed FROM claim WHERE id > %s ORDER BY id LIMIT %s

-- name: note_run
INSERT INTO comparison_run (began_at, ended_at, rows, pairs, threshold, model)
VALUES (%(began_at)s, %(ended_at)s, %(rows)s, %(pairs)s, %(threshold)s, %(model)s::jsonb)

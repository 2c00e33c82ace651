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

-- name: by_identifier
SELECT DISTINCT c.id, c.person FROM claim_index i JOIN claim c ON c.id = i.claim
WHERE i.hash = ANY(%b::bytea[]) ORDER BY c.id LIMIT %s

-- The second half finds claims whose index was made by older rules, until the worker has made it anew.
-- name: by_name_and_birth
SELECT c.id, c.person FROM (
    SELECT i.claim FROM claim_index i WHERE i.hash = %(name_and_year)s
    UNION
    SELECT i.claim FROM claim_index i JOIN claim c ON c.id = i.claim
    WHERE i.hash = %(name)s AND c.birth_year_index = %(year)s
) n JOIN claim c ON c.id = n.claim
WHERE NOT %(whole)s
   OR EXISTS (SELECT FROM claim_index d WHERE d.claim = n.claim AND d.hash = ANY(%(dates)b::bytea[]))
ORDER BY c.id LIMIT %(most)s

-- name: claims_of_person
SELECT id FROM claim WHERE person = %s ORDER BY id

-- name: claims_of_people
SELECT id, person FROM claim WHERE person = ANY(%b::bigint[]) ORDER BY id

-- name: origins
SELECT id, system_id, created_at, fingerprint, sealed FROM claim WHERE id = ANY(%b::bigint[]) ORDER BY created_at, id

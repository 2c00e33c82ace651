-- name: claims_by_fingerprint
SELECT fingerprint, id FROM claim WHERE fingerprint = ANY(%b::bytea[])

-- Waits for any transaction that is inserting one of the same identifiers; the argument is sorted.
-- name: lock_strong_identifiers
INSERT INTO strong_identifier (hash) SELECT * FROM unnest(%b::bytea[]) ON CONFLICT DO NOTHING

-- The same for an append, and numbers for new claims and people in one go.
-- name: lock_strong_identifiers_and_take_ids
WITH locked AS (
    INSERT INTO strong_identifier (hash) SELECT * FROM unnest(%(strong)b::bytea[]) ON CONFLICT DO NOTHING
)
SELECT ARRAY(SELECT nextval('claim_id') FROM generate_series(1, %(many)s)),
       ARRAY(SELECT nextval('person_id') FROM generate_series(1, %(many)s))

-- name: people_by_identifier
SELECT DISTINCT i.hash, c.person FROM claim_index i JOIN claim c ON c.id = i.claim WHERE i.hash = ANY(%b::bytea[])

-- name: facts_of_people
SELECT DISTINCT person, name_index, birth_year_index, sex_index FROM claim WHERE person = ANY(%b::bigint[])

-- Sorted by fingerprint. What another transaction inserted first is left out of what is returned, and so are its
-- person and its identifiers.
-- name: insert_claims
WITH mine AS (
    INSERT INTO claim (id, system_id, person, fingerprint, name_index, birth_year_index, sex_index, sealed,
                       key_version, rule_version, created_at)
    SELECT n.id, n.system_id, n.person, n.fingerprint, n.name_index, n.birth_year_index, n.sex_index, n.sealed,
           %(key_version)s, %(rule_version)s, %(at)s
    FROM unnest(%(ids)b::bigint[], %(systems)b::bigint[], %(people)b::bigint[], %(fingerprints)b::bytea[],
                %(names)b::bytea[], %(years)b::bytea[], %(sexes)b::bytea[], %(sealed)b::bytea[])
         n(id, system_id, person, fingerprint, name_index, birth_year_index, sex_index, sealed)
    ON CONFLICT (fingerprint) DO NOTHING
    RETURNING id, person
), known AS (
    INSERT INTO person (id, created_at) SELECT DISTINCT person, %(at)s::timestamptz FROM mine ON CONFLICT DO NOTHING
), indexed AS (
    INSERT INTO claim_index (hash, claim, type)
    SELECT n.hash, n.claim, n.type
    FROM unnest(%(hashes)b::bytea[], %(claims)b::bigint[], %(types)b::bigint[]) n(hash, claim, type)
    WHERE n.claim IN (SELECT id FROM mine)
    ON CONFLICT DO NOTHING
)
SELECT id FROM mine

-- name: insert_index
INSERT INTO claim_index (hash, claim, type)
SELECT * FROM unnest(%b::bytea[], %b::bigint[], %b::bigint[]) ON CONFLICT DO NOTHING

-- name: insert_candidates
INSERT INTO person_candidate (low, high, reason, created_at)
SELECT n.*, %(at)s FROM unnest(%(low)b::bigint[], %(high)b::bigint[], %(reasons)s::text[]) n ON CONFLICT DO NOTHING

-- name: identities
SELECT id, person, fingerprint, sealed FROM claim WHERE id = ANY(%b::bigint[])

-- name: people_of_claims
SELECT id, person FROM claim WHERE id = ANY(%b::bigint[])

-- name: lock_claims
SELECT id, person FROM claim WHERE id = ANY(%b::bigint[]) ORDER BY id FOR UPDATE

-- name: claims_of_person
SELECT id FROM claim WHERE person = ANY(%b::bigint[]) ORDER BY id FOR UPDATE

-- name: move_claims
UPDATE claim SET person = %s WHERE id = ANY(%b::bigint[])

-- name: new_person
INSERT INTO person (id, created_at) VALUES (nextval('person_id'), %s) RETURNING id

-- name: outdated_claims
SELECT id, system_id, fingerprint, sealed FROM claim
WHERE key_version <> %s OR rule_version <> %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED

-- The identifier that stands for a ref (type 5) cannot be hashed again from the identity, and never changes.
-- name: drop_index_of
DELETE FROM claim_index WHERE claim = ANY(%b::bigint[]) AND type <> 5

-- name: refresh_claims
UPDATE claim SET sealed = n.sealed, name_index = n.name_index, birth_year_index = n.birth_year_index,
       sex_index = n.sex_index, key_version = %(key_version)s, rule_version = %(rule_version)s
FROM unnest(%(ids)b::bigint[], %(sealed)b::bytea[], %(names)b::bytea[], %(years)b::bytea[], %(sexes)b::bytea[])
     n(id, sealed, name_index, birth_year_index, sex_index)
WHERE claim.id = n.id

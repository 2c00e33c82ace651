-- name: epoch
SELECT epoch FROM claim_epoch

-- name: step_epoch
UPDATE claim_epoch SET epoch = epoch + 1

-- name: claims_of_people
SELECT id FROM claim WHERE person = ANY(%b::bigint[]) ORDER BY id

-- name: people_of_claims
SELECT DISTINCT person FROM claim WHERE id = ANY(%b::bigint[])

-- name: claims_by_fingerprint
SELECT id FROM claim WHERE fingerprint = ANY(%b::bytea[]) ORDER BY id

-- name: existing
SELECT id, person, fingerprint FROM claim WHERE id = ANY(%b::bigint[]) ORDER BY id

-- name: identities
SELECT system_id, fingerprint, sealed FROM claim WHERE id = ANY(%b::bigint[]) ORDER BY id

-- name: lock
SELECT id, person FROM claim WHERE id = ANY(%b::bigint[]) ORDER BY id FOR UPDATE

-- name: lock_sealed
SELECT id, fingerprint, sealed FROM claim WHERE id = ANY(%b::bigint[]) ORDER BY id FOR UPDATE

-- name: set_apart
UPDATE claim SET fingerprint = n.fingerprint, sealed = n.sealed, key_version = %(key_version)s
FROM unnest(%(ids)b::bigint[], %(fingerprints)b::bytea[], %(sealed)b::bytea[]) n(id, fingerprint, sealed)
WHERE claim.id = n.id

-- name: delete_index
DELETE FROM claim_index WHERE claim = ANY(%b::bigint[]) RETURNING hash

-- The argument is sorted, as intake takes them.
-- name: delete_strong_identifiers
DELETE FROM strong_identifier s USING unnest(%b::bytea[]) n(hash)
WHERE s.hash = n.hash AND NOT EXISTS (SELECT FROM claim_index i WHERE i.hash = s.hash)

-- name: delete_claims
DELETE FROM claim WHERE id = ANY(%b::bigint[])

-- name: delete_people
DELETE FROM person p WHERE p.id = ANY(%b::bigint[]) AND NOT EXISTS (SELECT FROM claim c WHERE c.person = p.id)
RETURNING id

-- name: delete_candidates
DELETE FROM person_candidate WHERE low = ANY(%(people)b::bigint[]) OR high = ANY(%(people)b::bigint[])

-- name: delete_decided_upon
DELETE FROM identity_proposal_claim WHERE claim = ANY(%b::bigint[])

-- name: delete_moved
DELETE FROM identity_proposal_move WHERE claim = ANY(%b::bigint[])

-- That somebody decided stays; their words may say who it was about.
-- name: silence_proposals
UPDATE identity_proposal SET reason = '(erased)', note = CASE WHEN note IS NOT NULL THEN '(erased)' END
WHERE keep = ANY(%(people)b::bigint[]) OR other = ANY(%(people)b::bigint[])

-- name: make
INSERT INTO agreement (receiver, provider, name, standing, created_at)
VALUES (%(receiver)s, %(provider)s, %(name)s, %(standing)s, %(at)s) RETURNING id

-- name: insert_version
INSERT INTO agreement_version (agreement_id, version, terms, state, drafted_by, drafted_at)
SELECT %(agreement)s, coalesce(max(version), 0) + 1, %(terms)s::jsonb, 'draft', %(by)s, %(at)s
FROM agreement_version WHERE agreement_id = %(agreement)s RETURNING version

-- name: drop_open
UPDATE agreement_version SET state = 'replaced' WHERE agreement_id = %s AND state IN ('draft', 'proposed')

-- name: receiver_of
SELECT receiver FROM agreement WHERE id = %s

-- name: hold
SELECT receiver, name, suspended_at, ended_at FROM agreement WHERE id = %s FOR UPDATE

-- name: version
SELECT state, terms::text, drafted_by, owner_by, privacy_by FROM agreement_version
WHERE agreement_id = %s AND version = %s FOR UPDATE

-- name: propose
UPDATE agreement_version SET state = 'proposed', proposed_at = %(at)s
WHERE agreement_id = %(agreement)s AND version = %(version)s

-- name: approve_owner
UPDATE agreement_version SET owner_by = %(by)s, owner_at = %(at)s
WHERE agreement_id = %(agreement)s AND version = %(version)s

-- name: approve_privacy
UPDATE agreement_version SET privacy_by = %(by)s, privacy_at = %(at)s
WHERE agreement_id = %(agreement)s AND version = %(version)s

-- name: refuse
UPDATE agreement_version SET state = 'refused', refused_by = %(by)s, refused_for = %(reason)s, to_at = %(at)s
WHERE agreement_id = %(agreement)s AND version = %(version)s

-- name: replace
UPDATE agreement_version SET state = 'replaced', to_at = %(at)s
WHERE agreement_id = %(agreement)s AND state = 'in_force' AND version <> %(version)s

-- name: in_force
UPDATE agreement_version SET state = 'in_force', from_at = %(at)s
WHERE agreement_id = %(agreement)s AND version = %(version)s

-- name: suspend
UPDATE agreement SET suspended_at = %(at)s, suspended_by = %(by)s, suspended_for = %(reason)s WHERE id = %(agreement)s

-- name: resume
UPDATE agreement SET suspended_at = NULL, suspended_by = NULL, suspended_for = NULL WHERE id = %s

-- name: end_versions
UPDATE agreement_version SET state = 'replaced', to_at = %(at)s
WHERE agreement_id = %(agreement)s AND state IN ('draft', 'proposed', 'in_force')

-- name: end
UPDATE agreement SET ended_at = %(at)s WHERE id = %(agreement)s

-- name: of_kind
SELECT agreement_id FROM agreement_kind WHERE receiver = %s AND kind = %s

-- name: free_kind
DELETE FROM agreement_kind WHERE agreement_id = %s AND kind = %s

-- name: free_kinds
DELETE FROM agreement_kind WHERE agreement_id = %s

-- name: kinds_of
SELECT count(*) FROM agreement_kind WHERE agreement_id = %s

-- name: take_kind
INSERT INTO agreement_kind (receiver, kind, agreement_id) VALUES (%s, %s, %s)

-- name: take_kind_if_free
INSERT INTO agreement_kind (receiver, kind, agreement_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING

-- name: taken_by_others
SELECT kind FROM agreement_kind WHERE receiver = %s AND kind = ANY(%s::text[]) AND agreement_id <> %s ORDER BY 1

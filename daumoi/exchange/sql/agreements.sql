-- name: in_force
SELECT k.receiver, k.kind, a.id, v.version, v.terms::text,
       CASE WHEN a.provider IS NOT NULL THEN ARRAY(SELECT id FROM system s WHERE s.organisation_id = a.provider) END,
       a.suspended_at IS NOT NULL
FROM agreement_kind k JOIN agreement a ON a.id = k.agreement_id
JOIN agreement_version v ON v.agreement_id = a.id AND v.state = 'in_force'

-- name: held_firm
SELECT a.id, v.version, v.terms::text,
       CASE WHEN a.provider IS NOT NULL THEN ARRAY(SELECT id FROM system s WHERE s.organisation_id = a.provider) END,
       a.suspended_at IS NOT NULL
FROM agreement_kind k JOIN agreement a ON a.id = k.agreement_id
JOIN agreement_version v ON v.agreement_id = a.id AND v.state = 'in_force'
WHERE k.receiver = %(receiver)s AND k.kind = ANY(%(kinds)s)
ORDER BY k.kind = %(every)s LIMIT 1

-- name: hold_all
SELECT pg_advisory_xact_lock_shared(%(space)s, s.receiver)
FROM (SELECT unnest(%(receivers)s::int[]) AS receiver ORDER BY 1) s

-- name: held_firm_all
SELECT DISTINCT ON (k.receiver) k.receiver, a.id, v.version, v.terms::text,
       CASE WHEN a.provider IS NOT NULL THEN ARRAY(SELECT id FROM system s WHERE s.organisation_id = a.provider) END,
       a.suspended_at IS NOT NULL
FROM agreement_kind k JOIN agreement a ON a.id = k.agreement_id
JOIN agreement_version v ON v.agreement_id = a.id AND v.state = 'in_force'
WHERE k.receiver = ANY(%(receivers)s::int[]) AND k.kind = ANY(%(kinds)s)
ORDER BY k.receiver, k.kind = %(every)s

-- name: versions
SELECT a.id, v.version, a.receiver, v.terms::text,
       CASE WHEN a.provider IS NOT NULL THEN ARRAY(SELECT id FROM system s WHERE s.organisation_id = a.provider) END
FROM unnest(%(ids)s::int[], %(versions)s::int[]) w(agreement, version)
JOIN agreement a ON a.id = w.agreement
JOIN agreement_version v ON v.agreement_id = a.id AND v.version = w.version

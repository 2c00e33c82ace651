-- name: page
-- Newest first. What a line says of terms is that of the version in force, else of the newest.
SELECT a.id, a.name, a.receiver, a.provider, a.standing, a.created_at, a.suspended_at, a.suspended_by, a.suspended_for,
       a.ended_at, v.version, v.state, v.terms::text, w.version, w.state, coalesce(d.records, 0)
FROM agreement a
CROSS JOIN LATERAL (
    SELECT version, state, terms FROM agreement_version WHERE agreement_id = a.id
    ORDER BY state = 'in_force' DESC, version DESC LIMIT 1
) v
LEFT JOIN LATERAL (
    SELECT version, state FROM agreement_version WHERE agreement_id = a.id AND state IN ('draft', 'proposed')
    ORDER BY version DESC LIMIT 1
) w ON true
LEFT JOIN agreement_day d ON d.agreement_id = a.id AND d.day = %(today)s
WHERE a.id < %(before)s
  AND (%(text)s = '' OR a.receiver = ANY(%(receivers)s::int[]) OR a.name ILIKE %(like)s)
  AND (%(state)s = ''
       OR (%(state)s = 'in_force' AND v.state = 'in_force' AND a.suspended_at IS NULL)
       OR (%(state)s = 'waiting' AND w.version IS NOT NULL)
       OR (%(state)s = 'suspended' AND a.suspended_at IS NOT NULL AND a.ended_at IS NULL)
       OR (%(state)s = 'ended' AND a.ended_at IS NOT NULL))
ORDER BY a.id DESC LIMIT %(most)s

-- name: one
SELECT id, name, receiver, provider, standing, created_at, suspended_at, suspended_by, suspended_for, ended_at
FROM agreement WHERE id = %s

-- name: versions
SELECT version, state, terms::text, drafted_by, drafted_at, proposed_at, owner_by, owner_at, privacy_by, privacy_at,
       refused_by, refused_for, from_at, to_at
FROM agreement_version WHERE agreement_id = %s ORDER BY version DESC

-- name: left
-- What went out under an agreement, by destination and kind; `passed` stretches were never taken.
SELECT l.destination_id, l.kind, d.way, l.first_seq, l.last_seq, l.records, l.passed, l.at
FROM agreement_given l JOIN destination d ON d.id = l.destination_id
WHERE l.agreement_id = %s ORDER BY l.destination_id, l.kind

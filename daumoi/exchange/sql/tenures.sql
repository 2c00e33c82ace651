-- name: puts
SELECT v.agreement_id, v.version, v.terms::text,
       CASE WHEN a.provider IS NOT NULL THEN ARRAY(SELECT id FROM system s WHERE s.organisation_id = a.provider) END,
       v.from_at, a.ended_at, a.standing
FROM agreement a JOIN agreement_version v ON v.agreement_id = a.id
WHERE a.receiver = %s AND v.from_at IS NOT NULL
ORDER BY v.from_at, v.agreement_id, v.version

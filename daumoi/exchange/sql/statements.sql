-- name: digests
SELECT agreement_id, version, min(first_seq), max(last_seq), min(first_own), max(first_own + records - 1),
       CASE WHEN count(digest) > 0 THEN sha256(string_agg(digest, ''::bytea ORDER BY first_seq)) END
FROM stretch WHERE destination_id = %s AND kind = %s AND day = %s GROUP BY 1, 2

-- name: sent
SELECT op, count(*) FROM record WHERE kind = %s AND seq BETWEEN %s AND %s AND system_id = %s GROUP BY op

-- Places of a sender's records among some numbers, each once.
-- name: places_sent
SELECT DISTINCT path, area_scheme, area_code FROM record WHERE kind = %s AND seq BETWEEN %s AND %s AND system_id = %s

-- The versions under which anything of a day was taken out for others, as ranges.
-- name: went_out
SELECT d.receiver, s.agreement_id, s.version, min(s.first_seq), max(s.last_seq), a.provider
FROM stretch s JOIN destination d ON d.id = s.destination_id JOIN agreement a ON a.id = s.agreement_id
WHERE s.kind = %s AND s.day = %s AND coalesce(s.records, 1) > 0 AND d.receiver <> %s
GROUP BY s.destination_id, d.receiver, s.agreement_id, s.version, a.provider

-- name: organisation_of
SELECT organisation_id FROM system WHERE id = %s

-- name: kept
SELECT said, signature FROM statement WHERE receiver = %s AND day = %s

-- name: keep
INSERT INTO statement (receiver, day, made_at, said, signature) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING

-- name: without
SELECT s.id FROM system s
WHERE NOT EXISTS (SELECT FROM statement t WHERE t.receiver = s.id AND t.day = %s)
  AND EXISTS (SELECT FROM destination d WHERE d.receiver = s.id) ORDER BY s.id

-- name: versions
SELECT pack, version, based_on, bundled, status, drafted_by, drafted_at, proposed_by, proposed_at, activated_by,
       activated_at, ended_at, content #>> '{pack,title_en}', content #>> '{pack,title_vi}'
FROM rule_pack_version WHERE %(pack)s::text IS NULL OR pack = %(pack)s ORDER BY pack, version

-- name: content
SELECT content::text FROM rule_pack_version WHERE pack = %s AND version = %s

-- The version that was active at an instant; null: now.
-- name: active
SELECT version, content::text FROM rule_pack_version
WHERE pack = %(pack)s
  AND ((%(at)s::timestamptz IS NULL AND status = 'active')
       OR (activated_at <= %(at)s::timestamptz AND (ended_at IS NULL OR ended_at > %(at)s::timestamptz)))

-- The pack that the hub knows longest, of those in force.
-- name: leading
SELECT v.content::text FROM rule_pack_version v JOIN rule_pack p ON p.code = v.pack
WHERE v.status = 'active' ORDER BY p.created_at, p.code LIMIT 1

-- name: steps
SELECT step, actor, at, remark FROM rule_pack_step WHERE pack = %s AND version = %s ORDER BY id

-- Who changes a pack holds its row: two never number or activate at once.
-- name: hold
SELECT bundle_digest FROM rule_pack WHERE code = %s FOR UPDATE

-- name: make
INSERT INTO rule_pack (code, created_at) VALUES (%s, %s) ON CONFLICT (code) DO NOTHING

-- name: looked_at
UPDATE rule_pack SET bundle_digest = %s WHERE code = %s

-- name: draft
INSERT INTO rule_pack_version (pack, version, content, based_on, bundled, status, drafted_by, drafted_at)
SELECT %(pack)s, coalesce(max(version), 0) + 1, %(content)s, %(based_on)s, %(bundled)s, 'draft', %(by)s, %(at)s
FROM rule_pack_version WHERE pack = %(pack)s
RETURNING version

-- name: install
INSERT INTO rule_pack_version (pack, version, content, bundled, status, drafted_by, drafted_at, activated_by, activated_at)
VALUES (%(pack)s, 1, %(content)s, true, 'active', %(by)s, %(at)s, %(by)s, %(at)s)

-- name: propose
UPDATE rule_pack_version SET status = 'proposed', proposed_by = %(by)s, proposed_at = %(at)s
WHERE pack = %(pack)s AND version = %(version)s

-- name: activate
UPDATE rule_pack_version SET status = 'active', activated_by = %(by)s, activated_at = %(at)s
WHERE pack = %(pack)s AND version = %(version)s

-- name: supersede
UPDATE rule_pack_version SET status = 'superseded', ended_at = %(at)s WHERE pack = %(pack)s AND status = 'active'
RETURNING version

-- name: withdraw
UPDATE rule_pack_version SET status = 'withdrawn', ended_at = %(at)s WHERE pack = %(pack)s AND version = %(version)s

-- name: note
INSERT INTO rule_pack_step (pack, version, step, actor, at, remark) VALUES (%s, %s, %s, %s, %s, %s)

-- name: place
INSERT INTO legal_hold (reason, legal_basis, placed_at, kind, system_id, first_seq, last_seq, person, claims)
VALUES (%(reason)s, %(legal_basis)s, %(at)s, %(kind)s, %(system)s, %(first)s, %(last)s, %(person)s,
        %(claims)s::bigint[])
RETURNING id

-- name: release
UPDATE legal_hold SET released_at = %s WHERE id = %s AND released_at IS NULL

-- name: list
SELECT id, reason, legal_basis, placed_at, released_at, kind, system_id, first_seq, last_seq, person, claims
FROM legal_hold WHERE released_at IS NULL OR %s ORDER BY id

-- No hold is placed or released until the transaction ends.
-- name: freeze
LOCK TABLE legal_hold IN SHARE MODE

-- name: covered
SELECT r.seq FROM {records} r
WHERE r.kind = %(kind)s AND r.seq BETWEEN %(first)s AND %(last)s
  AND (%(system)s::int IS NULL OR r.system_id = %(system)s)
  AND (%(claims)s::bigint[] IS NULL OR r.subject = ANY(%(claims)s::bigint[])
       OR EXISTS (SELECT FROM {persons} p
                  WHERE p.kind = r.kind AND p.seq = r.seq AND p.claim = ANY(%(claims)s::bigint[])))

-- name: keep_records
INSERT INTO record_on_hold (kind, seq, id, system_id, ref, revision, op, current, subject, place, area_scheme, area_code,
                            path, lat, lon, accuracy_m, occurred_at, received_at, schema_version, body, sealed)
SELECT r.kind, r.seq, r.id, r.system_id, r.ref, r.revision, r.op, r.current, r.subject, r.place, r.area_scheme,
       r.area_code, r.path, r.lat, r.lon, r.accuracy_m, r.occurred_at, r.received_at, r.schema_version, r.body, p.sealed
FROM record r LEFT JOIN record_personal p ON p.kind = r.kind AND p.seq = r.seq
WHERE r.kind = %(kind)s AND r.seq = ANY(%(seqs)b::bigint[])
ON CONFLICT DO NOTHING

-- name: keep_persons
INSERT INTO record_on_hold_person (kind, seq, role, position, claim)
SELECT kind, seq, role, position, claim FROM record_person
WHERE kind = %(kind)s AND seq = ANY(%(seqs)b::bigint[])
ON CONFLICT DO NOTHING

-- name: page_on_hold
SELECT kind, seq FROM record_on_hold WHERE (kind, seq) > (%s, %s) ORDER BY kind, seq LIMIT %s

-- name: let_go_persons
DELETE FROM record_on_hold_person WHERE kind = %s AND seq = ANY(%b::bigint[]) RETURNING claim

-- name: let_go_records
DELETE FROM record_on_hold WHERE kind = %s AND seq = ANY(%b::bigint[]) RETURNING subject

-- name: records_on_hold
SELECT r.seq, r.id::text, r.system_id, r.ref, r.revision, r.op, r.current, r.subject, r.area_scheme, r.area_code,
       r.lat, r.lon, r.accuracy_m, r.occurred_at, r.received_at, r.body::text, r.sealed, r.path, r.place,
       r.schema_version
FROM record_on_hold r WHERE r.kind = %s AND r.seq > %s AND r.seq <= %s ORDER BY r.seq

-- name: persons_on_hold
SELECT seq, role, position, claim FROM record_on_hold_person WHERE kind = %s AND seq > %s AND seq <= %s
ORDER BY seq, role, position

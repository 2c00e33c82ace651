-- name: page
SELECT id, receiver, way, name, kinds, state, state_for, state_at, created_at FROM destination
WHERE id < %(before)s AND (%(text)s = '' OR receiver = ANY(%(receivers)s::int[]) OR name ILIKE %(like)s)
  AND (%(way)s = '' OR way = %(way)s)
ORDER BY id DESC LIMIT %(most)s

-- name: silent
-- Whoever may read something, and neither has read nor gets anything pushed. By key.
SELECT k.receiver, array_agg(DISTINCT k.kind ORDER BY k.kind), min(a.id), min(v.from_at), bool_and(a.suspended_at IS NOT NULL)
FROM agreement_kind k JOIN agreement a ON a.id = k.agreement_id
JOIN agreement_version v ON v.agreement_id = a.id AND v.state = 'in_force'
WHERE k.receiver > %(after)s AND (%(text)s = '' OR k.receiver = ANY(%(receivers)s::int[]))
  AND NOT EXISTS (SELECT FROM destination d WHERE d.receiver = k.receiver)
GROUP BY k.receiver ORDER BY k.receiver LIMIT %(most)s

-- name: one
SELECT id, receiver, way, name, kinds, state, state_for, state_at, created_at FROM destination WHERE id = %s

-- name: progress
-- What waits is counted in numbers of the log: how many of them an agreement gives is known when they are taken out. The
-- oldest is looked up by its number.
-- Of a kind that no agreement gives its receiver nothing waits; changes of people (kind 100) go along with any.
SELECT p.destination_id, h.name, p.begins_after, p.taken, p.delivered, h.seq, p.delivered_at, r.received_at,
       EXISTS (SELECT FROM agreement_kind k WHERE k.receiver = d.receiver AND (k.kind IN (h.name, '*') OR h.kind = 100))
FROM progress p JOIN head h ON h.kind = p.kind JOIN destination d ON d.id = p.destination_id
LEFT JOIN record r ON r.kind = p.kind AND r.seq = greatest(p.delivered + 1, h.oldest) AND p.delivered < h.seq
WHERE p.destination_id = ANY(%s::int[]) ORDER BY p.destination_id, p.kind

-- name: rates
-- By the index on agreement and time: what went out in the last hour, whichever the destination.
SELECT s.destination_id, sum(s.records)::bigint FROM agreement a JOIN stretch s ON s.agreement_id = a.id
WHERE a.receiver = ANY(%(receivers)s::int[]) AND s.taken_at > %(since)s AND s.records IS NOT NULL
GROUP BY s.destination_id

-- name: failing
-- Webhooks that fail, and what came of the last message each was sent: one look into an index for each.
SELECT h.destination_id, h.failing_since, a.status, a.error FROM webhook_health h
LEFT JOIN LATERAL (
    SELECT status, error FROM webhook_attempt WHERE destination_id = h.destination_id AND kind > 0 ORDER BY id DESC LIMIT 1
) a ON true
WHERE h.destination_id = ANY(%s::int[]) AND h.failures > 0

-- name: stretches
-- Newest first, by key.
SELECT first_seq, last_seq, agreement_id, version, day, records, withdrawals, first_own, digest, taken_at, failed_at,
       withheld, sent_agreement, sent_version
FROM stretch WHERE destination_id = %(destination)s AND kind = %(kind)s AND first_seq < %(before)s
ORDER BY first_seq DESC LIMIT %(most)s

-- name: hold
SELECT way, state, receiver FROM destination WHERE id = %s FOR UPDATE

-- name: set_state
UPDATE destination SET state = %(state)s, state_for = %(reason)s, state_at = %(at)s WHERE id = %(destination)s

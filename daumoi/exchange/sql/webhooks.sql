-- name: destinations
-- Webhooks that something may go to, and how they stand.
SELECT d.id, d.receiver, d.settings::text, d.kinds, d.state, coalesce(h.failures, 0), h.failing_since, h.probe_at,
       h.succeeded_at
FROM destination d LEFT JOIN webhook_health h ON h.destination_id = d.id
WHERE d.way = 'webhook' AND (d.state = 'active' OR EXISTS (
    SELECT FROM webhook_message m WHERE m.destination_id = d.id AND m.kind = 0 AND m.state = 'open' AND d.state <> 'ended'))
ORDER BY d.id

-- name: standing
SELECT p.destination_id, p.kind, p.taken FROM progress p JOIN destination d ON d.id = p.destination_id
WHERE d.way = 'webhook' AND d.state = 'active'

-- name: open
-- The open messages of each destination and kind, so many of each at most, in order.
SELECT destination_id, kind, first_seq, last_seq, agreement_id, version, records, first_own, taken_at, failures, next_at
FROM (
    SELECT m.*, row_number() OVER (PARTITION BY m.destination_id, m.kind ORDER BY m.first_seq) AS place
    FROM webhook_message m JOIN destination d ON d.id = m.destination_id
    WHERE m.state = 'open' AND d.way = 'webhook' AND (d.state = 'active' OR (m.kind = 0 AND d.state <> 'ended'))
) o WHERE place <= %s ORDER BY destination_id, kind, first_seq

-- name: note_messages
INSERT INTO webhook_message (destination_id, kind, first_seq, last_seq, agreement_id, version, records, first_own,
                             taken_at, state, next_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'open', %s)

-- name: keys
SELECT destination_id, form, sealed FROM webhook_key
WHERE destination_id = ANY(%(destinations)s::int[]) AND (until IS NULL OR until > %(at)s) ORDER BY id

-- name: note_attempt
INSERT INTO webhook_attempt (destination_id, kind, first_seq, at, milliseconds, status, error, answer)
SELECT %(destination)s, %(kind)s, %(first)s, %(at)s, %(ms)s, %(status)s, %(error)s, %(answer)s

-- name: close_message
-- Not one that was asked for again after the attempt began: what came of that attempt may be what its receiver has lost.
UPDATE webhook_message SET state = %(state)s, failures = %(failures)s, closed_at = %(at)s,
    delivered_at = CASE WHEN %(state)s = 'delivered' THEN coalesce(delivered_at, %(at)s) ELSE delivered_at END
WHERE destination_id = %(destination)s AND kind = %(kind)s AND first_seq = %(first)s AND state = 'open'
  AND (failures > 0 OR next_at <= %(began)s)

-- name: put_off
UPDATE webhook_message SET failures = %(failures)s, next_at = %(next)s
WHERE destination_id = %(destination)s AND kind = %(kind)s AND first_seq = %(first)s AND state = 'open'
  AND (failures > 0 OR next_at <= %(began)s)

-- name: went_before
SELECT 1 FROM webhook_message WHERE destination_id = %(destination)s AND kind = %(kind)s AND first_seq = %(first)s
  AND delivered_at IS NOT NULL

-- name: give_up
-- With its message: one that was asked for again meanwhile is not given up.
UPDATE stretch s SET failed_at = %(at)s
WHERE s.destination_id = %(destination)s AND s.kind = %(kind)s AND s.first_seq = %(first)s AND EXISTS (
    SELECT FROM webhook_message m WHERE m.destination_id = s.destination_id AND m.kind = s.kind
    AND m.first_seq = s.first_seq AND m.state = 'failed')

-- name: note_health
INSERT INTO webhook_health (destination_id, failures, failing_since, probe_at, succeeded_at)
VALUES (%(destination)s, %(failures)s, %(since)s, %(probe)s, %(succeeded)s)
ON CONFLICT (destination_id) DO UPDATE SET failures = excluded.failures, failing_since = excluded.failing_since,
    probe_at = excluded.probe_at, succeeded_at = coalesce(excluded.succeeded_at, webhook_health.succeeded_at)

-- name: all_due
UPDATE webhook_message SET next_at = %(at)s WHERE destination_id = %(destination)s AND state = 'open' AND next_at > %(at)s

-- name: delivered_so_far
-- As far as there is no gap: up to the first message that is open or given up, else to all that was taken. Never back.
WITH reach AS (
    SELECT p.destination_id, p.kind, coalesce((
        SELECT min(m.first_seq) - 1 FROM webhook_message m
        WHERE m.destination_id = p.destination_id AND m.kind = p.kind AND m.state IN ('open', 'failed')), p.taken) AS seq
    FROM unnest(%(destinations)s::int[], %(kinds)s::int[]) n(destination, kind)
    JOIN progress p ON p.destination_id = n.destination AND p.kind = n.kind
    ORDER BY 1, 2 FOR UPDATE OF p
)
UPDATE progress p SET delivered = reach.seq, delivered_at = %(at)s,
    own_delivered = greatest(p.own_delivered, coalesce((
        SELECT s.first_own + s.records - 1 FROM stretch s
        WHERE s.destination_id = p.destination_id AND s.kind = p.kind AND s.first_own IS NOT NULL AND s.last_seq <= reach.seq
        ORDER BY s.first_seq DESC LIMIT 1), 0))
FROM reach WHERE p.destination_id = reach.destination_id AND p.kind = reach.kind AND p.delivered < reach.seq

-- name: set_state
UPDATE destination SET state = %(state)s, state_for = %(why)s, state_at = %(at)s
WHERE id = %(destination)s AND way = 'webhook' AND state <> 'ended' AND state <> %(state)s

-- name: forget_messages
DELETE FROM webhook_message WHERE (destination_id, kind, first_seq) IN (
    SELECT destination_id, kind, first_seq FROM webhook_message
    WHERE state NOT IN ('open', 'failed') AND closed_at < %(before)s LIMIT 5000)

-- name: forget_attempts
DELETE FROM webhook_attempt WHERE id IN (SELECT id FROM webhook_attempt WHERE at < %(before)s ORDER BY at LIMIT 5000)

-- name: count_of
SELECT count(*) FROM destination WHERE receiver = %s AND way = 'webhook' AND state <> 'ended'

-- name: make
INSERT INTO destination (receiver, way, name, kinds, settings, state, state_at, created_at)
VALUES (%(receiver)s, 'webhook', %(name)s, %(kinds)s, %(settings)s::jsonb, 'active', %(at)s, %(at)s)
ON CONFLICT (receiver, way, name) WHERE state <> 'ended' DO NOTHING RETURNING id

-- name: begin_all
INSERT INTO progress (destination_id, kind, begins_after, taken, delivered)
SELECT %(destination)s, h.kind, b.seq, b.seq, b.seq FROM head h,
    LATERAL (SELECT CASE WHEN %(from_beginning)s THEN 0 ELSE h.seq END AS seq) b
ON CONFLICT DO NOTHING

-- name: begin_added
-- A webhook stands in every kind that there was when it was made; of one that came later it gets all.
INSERT INTO progress (destination_id, kind, begins_after, taken, delivered)
SELECT d.id, h.kind, 0, 0, 0 FROM destination d CROSS JOIN head h WHERE d.way = 'webhook' AND d.state <> 'ended'
ON CONFLICT DO NOTHING

-- name: add_key
INSERT INTO webhook_key (destination_id, form, sealed, created_at) VALUES (%(destination)s, %(form)s, %(sealed)s, %(at)s)

-- name: end_keys
UPDATE webhook_key SET until = least(until, %(until)s::timestamptz) WHERE destination_id = %(destination)s

-- name: forget_keys
DELETE FROM webhook_key WHERE destination_id = %(destination)s AND until <= %(at)s

-- name: forget_ended_keys
DELETE FROM webhook_key WHERE until <= %(at)s

-- name: held
SELECT d.id, d.receiver, d.name, d.kinds, d.settings::text, d.state, d.state_for, d.state_at, d.created_at
FROM destination d WHERE d.id = %s AND d.receiver = %s AND d.way = 'webhook' AND d.state <> 'ended' FOR UPDATE

-- name: change
UPDATE destination SET kinds = %(kinds)s, settings = %(settings)s::jsonb WHERE id = %(destination)s

-- name: drop_open
WITH dropped AS (
    UPDATE webhook_message SET state = 'failed', closed_at = %(at)s
    WHERE destination_id = %(destination)s AND state = 'open' RETURNING kind, first_seq
)
UPDATE stretch s SET failed_at = %(at)s FROM dropped d
WHERE s.destination_id = %(destination)s AND s.kind = d.kind AND s.first_seq = d.first_seq

-- name: of_system
SELECT d.id, d.name, d.kinds, d.settings::text, d.state, d.state_for, d.state_at, d.created_at, coalesce(h.failures, 0),
       h.failing_since, h.probe_at, h.succeeded_at,
       (SELECT count(*) FROM webhook_message m WHERE m.destination_id = d.id AND m.state = 'open' AND m.kind <> 0),
       (SELECT count(*) FROM webhook_message m WHERE m.destination_id = d.id AND m.state = 'failed' AND m.kind <> 0)
FROM destination d LEFT JOIN webhook_health h ON h.destination_id = d.id
WHERE d.receiver = %(receiver)s AND d.way = 'webhook' AND d.state <> 'ended'
  AND (%(destination)s::int IS NULL OR d.id = %(destination)s) ORDER BY d.id

-- name: attempts
SELECT a.id, a.kind, h.name, a.first_seq, a.at, a.milliseconds, a.status, a.error, a.answer
FROM webhook_attempt a LEFT JOIN head h ON h.kind = a.kind
WHERE a.destination_id = %(destination)s AND a.id < %(before)s ORDER BY a.id DESC LIMIT %(limit)s

-- name: replay
-- A message is what its stretch gave, so one that is forgotten is made again with the same numbers, and so the same id.
INSERT INTO webhook_message (destination_id, kind, first_seq, last_seq, agreement_id, version, records, first_own,
                             taken_at, state, next_at)
SELECT destination_id, kind, first_seq, last_seq, agreement_id, version, records, first_own, taken_at, 'open', %(at)s
FROM stretch WHERE destination_id = %(destination)s AND kind = %(kind)s AND last_seq >= %(from)s AND first_seq <= %(to)s
  AND records > 0
ON CONFLICT (destination_id, kind, first_seq) DO UPDATE SET state = 'open', failures = 0, next_at = excluded.next_at,
    closed_at = NULL

-- name: would_replay
SELECT s.kind, min(s.first_seq), count(*), sum(s.records)::bigint
FROM unnest(%(kinds)s::int[], %(firsts)s::bigint[]) w(kind, first)
JOIN stretch s ON s.destination_id = %(destination)s AND s.kind = w.kind AND s.last_seq >= w.first AND s.records > 0
GROUP BY s.kind ORDER BY s.kind

-- name: mend_stretches
UPDATE stretch SET failed_at = NULL
WHERE destination_id = %(destination)s AND kind = %(kind)s AND last_seq >= %(from)s AND first_seq <= %(to)s
  AND failed_at IS NOT NULL

-- name: of_own_number
SELECT max(first_seq) FROM stretch WHERE destination_id = %s AND kind = %s AND first_own <= %s

-- name: ping
INSERT INTO webhook_message (destination_id, kind, first_seq, last_seq, agreement_id, version, records, taken_at, state,
                             next_at)
SELECT %(destination)s, 0, n.number, n.number, 0, 0, 0, %(at)s, 'open', %(at)s
FROM (SELECT greatest(max(first_seq) + 1, (extract(epoch FROM %(at)s::timestamptz) * 1000)::bigint) AS number FROM webhook_message
      WHERE destination_id = %(destination)s AND kind = 0) n
RETURNING first_seq

-- name: stretch_of
SELECT first_seq FROM stretch
WHERE destination_id = %(destination)s AND kind = %(kind)s AND first_seq = %(first)s AND records > 0

-- name: counts
SELECT d.state, h.failures, h.failing_since FROM destination d LEFT JOIN webhook_health h ON h.destination_id = d.id
WHERE d.way = 'webhook' AND d.state <> 'ended'

-- name: slowest
SELECT max(extract(epoch FROM %(at)s - m.taken_at))::float8 FROM webhook_message m
JOIN destination d ON d.id = m.destination_id
WHERE m.state = 'open' AND m.kind <> 0 AND d.way = 'webhook' AND d.state = 'active'

-- name: messages_of
SELECT kind, first_seq FROM webhook_message WHERE destination_id = %s AND kind <> 0 ORDER BY taken_at DESC

-- WITH TIES: several ways out of one receiver may end at one number, and a page never parts them.
-- name: listed
SELECT d.way, d.name, s.first_seq, s.last_seq, s.records - s.withheld, s.withdrawals, s.digest,
       coalesce(s.sent_agreement, s.agreement_id), coalesce(s.sent_version, s.version), s.day,
       s.taken_at, s.failed_at, s.last_seq <= p.delivered
FROM destination d JOIN stretch s ON s.destination_id = d.id AND s.kind = %(kind)s
JOIN progress p ON p.destination_id = d.id AND p.kind = %(kind)s
WHERE d.receiver = %(receiver)s AND s.last_seq > %(after)s AND s.first_own IS NULL
ORDER BY s.last_seq FETCH FIRST %(limit)s ROWS WITH TIES

-- name: listed_own
SELECT d.way, d.name, s.first_own, s.first_own + s.records - 1 AS last_own, s.records - s.withheld, s.withdrawals,
       s.digest, coalesce(s.sent_agreement, s.agreement_id), coalesce(s.sent_version, s.version), s.day, s.taken_at, s.failed_at,
       s.first_own + s.records - 1 <= p.own_delivered OR s.last_seq <= p.delivered
FROM destination d JOIN stretch s ON s.destination_id = d.id AND s.kind = %(kind)s
JOIN progress p ON p.destination_id = d.id AND p.kind = %(kind)s
WHERE d.receiver = %(receiver)s AND s.first_own + s.records - 1 > %(after)s AND s.records > 0
ORDER BY last_own FETCH FIRST %(limit)s ROWS WITH TIES

-- Every stretch that holds one of some numbers, one look a number and destination.
-- name: holding
SELECT n.seq, d.id, d.receiver, d.way, d.name, p.delivered, p.own_delivered, p.taken, s.first_seq, s.last_seq, s.agreement_id,
       s.version, s.day, s.records, s.withdrawals, s.first_own, s.digest, s.taken_at, s.failed_at,
       s.withheld, s.sent_agreement, s.sent_version, a.provider
FROM unnest(%(numbers)s::bigint[]) n(seq)
CROSS JOIN destination d JOIN progress p ON p.destination_id = d.id AND p.kind = %(kind)s
CROSS JOIN LATERAL (
    SELECT * FROM stretch WHERE destination_id = d.id AND kind = %(kind)s AND first_seq <= n.seq
    ORDER BY first_seq DESC LIMIT 1
) s
JOIN agreement a ON a.id = s.agreement_id
WHERE s.last_seq >= n.seq AND (%(receiver)s::int IS NULL OR d.receiver = %(receiver)s)
ORDER BY n.seq, d.id

-- name: history
SELECT q.seq, q.revision, r.op, r.received_at FROM receipt q LEFT JOIN record r ON r.kind = %s AND r.seq = q.seq
WHERE q.key = %s ORDER BY q.revision LIMIT 200

-- name: organisation_of
SELECT organisation_id FROM system WHERE id = %s

-- name: records
SELECT seq, system_id, ref, op, path, area_scheme, area_code, received_at FROM record
WHERE kind = %s AND seq > %s AND received_at >= %s AND received_at < %s ORDER BY seq LIMIT %s

-- name: keep
INSERT INTO reconciled (destination_id, kind, day, delivered, waiting, failed, filtered, passed_over, difference, at)
VALUES (%(destination)s, %(kind)s, %(day)s, %(delivered)s, %(waiting)s, %(failed)s, %(filtered)s, %(passed_over)s,
        %(difference)s, %(at)s)
ON CONFLICT (destination_id, kind, day) DO UPDATE SET delivered = excluded.delivered, waiting = excluded.waiting,
    failed = excluded.failed, filtered = excluded.filtered, passed_over = excluded.passed_over,
    difference = excluded.difference, at = excluded.at

-- name: kinds
SELECT name, kind, seq, oldest FROM head WHERE seq > 0 ORDER BY kind

-- name: result
SELECT max(at), count(difference), count(*) FILTER (WHERE difference <> 0) FROM reconciled
WHERE day >= %s

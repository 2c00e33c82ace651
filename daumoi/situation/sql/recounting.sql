-- name: shadow
-- Temporary tables of the names that the counting statements write to: in this session they stand before the real ones.
CREATE TEMP TABLE province_figure (LIKE public.province_figure INCLUDING CONSTRAINTS INCLUDING INDEXES);
CREATE TEMP TABLE ward_figure (LIKE public.ward_figure INCLUDING CONSTRAINTS INCLUDING INDEXES);
CREATE TEMP TABLE place_figure (LIKE public.place_figure INCLUDING CONSTRAINTS INCLUDING INDEXES);
CREATE TEMP TABLE flow_figure (LIKE public.flow_figure INCLUDING CONSTRAINTS INCLUDING INDEXES);
CREATE TEMP TABLE latency_figure (LIKE public.latency_figure INCLUDING CONSTRAINTS INCLUDING INDEXES);
CREATE TEMP TABLE official_figure (LIKE public.official_figure INCLUDING CONSTRAINTS INCLUDING INDEXES)

-- name: clear
TRUNCATE pg_temp.province_figure, pg_temp.ward_figure, pg_temp.place_figure, pg_temp.flow_figure,
         pg_temp.latency_figure, pg_temp.official_figure

-- name: differing
SELECT count(*) FROM (
    (SELECT * FROM public.{table} WHERE {rows} EXCEPT ALL SELECT * FROM pg_temp.{table} WHERE {rows})
    UNION ALL
    (SELECT * FROM pg_temp.{table} WHERE {rows} EXCEPT ALL SELECT * FROM public.{table} WHERE {rows})
) d

-- name: rows
-- The rows of a window of hours that say something: parts that made up for each other leave zeros behind.
received_hour >= %(from)s AND received_hour < %(to)s AND received_hour <> ALL(%(doubtful)s::timestamptz[])

-- name: drop_wrong
DELETE FROM public.{table} WHERE {rows}

-- name: put_right
INSERT INTO public.{table} SELECT * FROM pg_temp.{table} WHERE {rows}

-- name: unmarked
-- Corrections that are not marked as taking the place of a state, though each has one.
SELECT count(*) FROM record r LEFT JOIN state_replaced x ON x.kind = r.kind AND x.seq = r.seq
WHERE r.kind = %(kind)s AND r.seq BETWEEN %(first)s AND %(last)s AND r.op = 2 AND r.current AND x.seq IS NULL

-- name: doubtful
-- Hours with a correction of a state that retention has dropped since: what it took away cannot be read again.
SELECT DISTINCT date_trunc('hour', r.received_at)
FROM state_replaced x JOIN record r ON r.kind = x.kind AND r.seq = x.seq
WHERE x.kind = %(kind)s AND x.seq BETWEEN %(first)s AND %(last)s AND x.former < %(oldest)s

-- name: days_differing
-- Days of which the sums are not those of the hours.
SELECT count(*) FROM (
    SELECT event_day, province, before, sum(records) AS records, sum(denied) AS denied, sum(referred) AS referred,
           sum(symptomatic) AS symptomatic, sum(closed) AS closed
    FROM province_figure WHERE kind = %(kind)s GROUP BY 1, 2, 3
) h FULL JOIN (SELECT * FROM day_figure WHERE kind = %(kind)s) d USING (event_day, province, before)
WHERE (coalesce(h.records, 0), coalesce(h.denied, 0), coalesce(h.referred, 0), coalesce(h.symptomatic, 0),
       coalesce(h.closed, 0))
   <> (coalesce(d.records, 0), coalesce(d.denied, 0), coalesce(d.referred, 0), coalesce(d.symptomatic, 0),
       coalesce(d.closed, 0))

-- name: forget_days
DELETE FROM day_figure WHERE kind = %(kind)s

-- name: sum_days
INSERT INTO day_figure (kind, event_day, province, before, records, denied, referred, symptomatic, closed)
SELECT kind, event_day, province, before, sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)
FROM province_figure WHERE kind = %(kind)s GROUP BY 1, 2, 3, 4

-- name: standing
SELECT h.kind, h.oldest, least(h.seq, coalesce(c.seq, 0)), o.received_at, l.received_at
FROM head h LEFT JOIN consumer c ON c.kind = h.kind AND c.name = %s
JOIN record o ON o.kind = h.kind AND o.seq = h.oldest
JOIN record l ON l.kind = h.kind AND l.seq = least(h.seq, coalesce(c.seq, 0))
ORDER BY 1

-- name: forget_marks
DELETE FROM state_replaced x USING head h WHERE h.kind = x.kind AND x.seq < h.oldest

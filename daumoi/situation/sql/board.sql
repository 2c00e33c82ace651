

-- name: received_by_hour
SELECT f.received_hour, h.name, sum(f.accepted + f.corrected + f.withdrawn)::bigint
FROM flow_figure f JOIN head h USING (kind)
WHERE f.received_hour >= %(since)s AND f.received_hour < %(until)s GROUP BY 1, 2

-- name: received_by_system
SELECT f.system_id, h.name, sum(f.accepted + f.corrected + f.withdrawn)::bigint
FROM flow_figure f JOIN head h USING (kind)
WHERE f.received_hour >= %(since)s AND f.received_hour < %(until)s GROUP BY 1, 2

-- name: received_by_province
SELECT f.received_hour, h.name, f.province, sum(f.received)::bigint
FROM province_figure f JOIN head h USING (kind)
WHERE f.received_hour >= %(since)s AND f.received_hour < %(until)s AND (%(before)s::text IS NULL OR f.before = %(before)s)
GROUP BY 1, 2, 3

-- name: newest_day
SELECT max(d.day) FROM head h CROSS JOIN LATERAL (SELECT max(event_day) AS day FROM day_figure f WHERE f.kind = h.kind) d

-- name: system_hours
SELECT received_hour, kind, accepted, corrected, withdrawn FROM flow_figure
WHERE system_id = %(system)s AND received_hour >= %(since)s AND received_hour < %(until)s

-- name: days
-- What is known now, less what was received from `before_hour` on: for a moment that is nearer than the days are long.
SELECT {columns}, sum(records)::bigint, sum(denied)::bigint, sum(referred)::bigint, sum(symptomatic)::bigint, sum(closed)::bigint
FROM (
    SELECT kind, event_day, province, before, records, denied, referred, symptomatic, closed FROM day_figure
    WHERE kind = ANY(%(kinds)s) AND event_day BETWEEN %(first)s AND %(last)s
      AND (%(everything)s OR province = ANY(%(provinces)s))
    UNION ALL
    SELECT kind, event_day, province, before, -records, -denied, -referred, -symptomatic, -closed FROM province_figure
    WHERE received_hour >= %(before_hour)s AND kind = ANY(%(kinds)s) AND event_day BETWEEN %(first)s AND %(last)s
      AND (%(everything)s OR province = ANY(%(provinces)s))
) f GROUP BY {columns}

-- name: days_long_ago
-- What was received before `before_hour`: for few days and a moment long ago.
SELECT {columns}, sum(records)::bigint, sum(denied)::bigint, sum(referred)::bigint, sum(symptomatic)::bigint, sum(closed)::bigint
FROM province_figure
WHERE kind = ANY(%(kinds)s) AND event_day BETWEEN %(first)s AND %(last)s AND received_hour < %(before_hour)s
  AND (%(everything)s OR province = ANY(%(provinces)s))
GROUP BY {columns}

-- name: wards
SELECT {columns},
       sum(records)::bigint, sum(denied)::bigint, sum(referred)::bigint, sum(symptomatic)::bigint, sum(closed)::bigint
FROM ward_figure
WHERE province = ANY(%(provinces)s) AND kind = ANY(%(kinds)s) AND event_day BETWEEN %(first)s AND %(last)s
  AND received_hour < %(before_hour)s AND (%(wards)s::text[] IS NULL OR ward = ANY(%(wards)s))
GROUP BY {columns}

-- name: places
SELECT place, sum(records)::bigint, sum(denied)::bigint, sum(referred)::bigint
FROM place_figure
WHERE event_day BETWEEN %(first)s AND %(last)s AND received_hour < %(before_hour)s
GROUP BY 1 ORDER BY 2 DESC, 1

-- name: official
-- Official figures; of one area, day and system the one reported last stands. `figures` falls to 0 when withdrawn.
SELECT DISTINCT ON (day, system_id, scheme, code) day, system_id, scheme, code, province, before, reported_at,
       value::bigint, hours > 1
FROM (
    SELECT day, system_id, scheme, code, min(province) AS province, min(before) AS before, reported_at,
           sum(value) AS value, sum(figures) AS figures, count(*) AS hours
    FROM official_figure
    WHERE indicator = %(indicator)s AND span = %(span)s AND day BETWEEN %(first)s AND %(last)s
      AND received_hour < %(before_hour)s AND (%(system)s::int IS NULL OR system_id = %(system)s)
    GROUP BY day, system_id, scheme, code, reported_at
) f WHERE figures > 0
ORDER BY day, system_id, scheme, code, reported_at DESC

-- name: official_history
-- What one figure was, hour of receipt by hour of receipt.
SELECT received_hour, reported_at, sum(value)::bigint, sum(figures)::bigint FROM official_figure
WHERE indicator = %(indicator)s AND span = %(span)s AND day = %(day)s AND system_id = %(system)s
  AND scheme = %(scheme)s AND code = %(code)s AND received_hour < %(before_hour)s
GROUP BY 1, 2 ORDER BY 1, 2

-- name: official_sources
SELECT indicator, span, system_id, min(day), max(day) FROM official_figure GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: flows
SELECT received_hour, kind, system_id, accepted, corrected, withdrawn, last_at FROM flow_figure
WHERE received_hour >= %(since)s AND received_hour < %(until)s

-- name: last_seen
SELECT kind, system_id, max(last_at) FROM flow_figure GROUP BY 1, 2

-- name: latencies
SELECT kind, system_id, bucket, sum(records)::bigint FROM latency_figure
WHERE received_hour >= %(since)s AND received_hour < %(until)s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

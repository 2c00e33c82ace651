-- name: superseding
-- Rows that may take the place of a state that stood before: all that are current and no first arrival.
SELECT seq, system_id, ref FROM record
WHERE kind = %(kind)s AND seq BETWEEN %(first)s AND %(last)s AND op > 1 AND current ORDER BY seq

-- name: formers
-- The state that stood when each came: the highest revision among the numbers before it. One look by key a row.
SELECT n.seq, f.seq FROM unnest(%(keys)b::bytea[], %(seqs)b::bigint[]) n(key, seq)
CROSS JOIN LATERAL (
    SELECT t.seq FROM receipt t WHERE t.key = n.key AND t.seq < n.seq ORDER BY t.revision DESC LIMIT 1
) f ORDER BY n.seq

-- name: kept
-- The records that are still kept among some. Reading them also keeps their segments until the transaction ends.
SELECT seq FROM record WHERE kind = %(kind)s AND seq = ANY(%(seqs)b::bigint[])

-- name: without_ground
SELECT seq FROM state_replaced WHERE kind = %(kind)s AND former IS NULL AND seq = ANY(%(seqs)b::bigint[])

-- name: mark_replaced
INSERT INTO state_replaced (kind, seq, former)
SELECT %(kind)s, n.seq, nullif(n.former, 0) FROM unnest(%(seqs)b::bigint[], %(formers)b::bigint[]) n(seq, former)

-- name: told
-- The parts of a range of numbers, as two members of a WITH: one line a record, and one for each state that it replaces.
line AS (
    SELECT r.seq, r.received_at, r.system_id, r.occurred_at, r.path, r.area_scheme, r.area_code, r.place, r.body, r.op,
           1 AS received,
           CASE WHEN r.current AND r.op <> 3 AND (x.seq IS NULL OR x.former IS NOT NULL) THEN 1 ELSE 0 END AS part
    FROM record r LEFT JOIN state_replaced x ON x.kind = %(kind)s AND x.seq = r.seq
    WHERE r.kind = %(kind)s AND r.seq BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT n.seq, n.received_at, f.system_id, f.occurred_at, f.path, f.area_scheme, f.area_code, f.place, f.body, f.op, 0, -1
    FROM state_replaced x
    JOIN record n ON n.kind = %(kind)s AND n.seq = x.seq
    JOIN record f ON f.kind = %(kind)s AND f.seq = x.former
    WHERE x.kind = %(kind)s AND x.seq BETWEEN %(first)s AND %(last)s AND f.op <> 3
), told AS MATERIALIZED (
    SELECT l.seq, date_trunc('hour', l.received_at) AS received_hour, l.received_at, l.occurred_at, l.system_id, l.place, l.op,
           ((coalesce(l.occurred_at, l.received_at) AT TIME ZONE 'UTC') + interval '7 hours')::date AS event_day,
           CASE WHEN l.path LIKE 'VN.%%' THEN left(l.path, 5) ELSE split_part(coalesce(l.path, ''), '.', 1) END AS province,
           CASE WHEN l.path LIKE 'VN.__.%%' THEN substr(l.path, 7) ELSE '' END AS ward,
           coalesce(sent.province, today.province, '') AS before,
           l.received, l.part AS records,
           CASE WHEN %(kind)s = %(passage)s AND l.body ->> 'decision' = 'denied' THEN l.part ELSE 0 END AS denied,
           CASE WHEN %(kind)s = %(passage)s AND l.body ->> 'decision' = 'referred' THEN l.part ELSE 0 END AS referred,
           CASE WHEN %(kind)s = ANY(%(declarations)s) AND l.body -> 'symptoms' @? '$.* ? (@ == true)'
                THEN l.part ELSE 0 END AS symptomatic,
           CASE WHEN %(kind)s = %(report)s AND l.body ? 'closed_at' THEN l.part ELSE 0 END AS closed,
           l.area_scheme, l.area_code, CASE WHEN %(kind)s = %(official)s THEN l.body END AS figure
    FROM line l
    LEFT JOIN area_before sent ON sent.scheme = l.area_scheme AND sent.code = l.area_code
    LEFT JOIN area_before today ON today.scheme = 'vn-2025' AND l.path LIKE 'VN.%%'
        AND today.code = CASE WHEN length(l.path) > 5 THEN substr(l.path, 7) ELSE substr(l.path, 4) END
)

-- name: add
-- Adds the parts of a range to the figures. A part of zero makes no row.
WITH {told}, provinces AS (
    INSERT INTO province_figure AS kept (event_day, kind, province, before, system_id, received_hour,
                                         received, records, denied, referred, symptomatic, closed)
    SELECT event_day, %(kind)s, province, before, system_id, received_hour,
           sum(received), sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)
    FROM told GROUP BY event_day, province, before, system_id, received_hour
    HAVING (sum(received), sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)) <> (0, 0, 0, 0, 0, 0)
    ON CONFLICT (kind, event_day, province, before, system_id, received_hour) DO UPDATE SET
        received = kept.received + excluded.received, records = kept.records + excluded.records,
        denied = kept.denied + excluded.denied, referred = kept.referred + excluded.referred,
        symptomatic = kept.symptomatic + excluded.symptomatic, closed = kept.closed + excluded.closed
), wards AS (
    INSERT INTO ward_figure AS kept (province, event_day, kind, ward, received_hour,
                                     records, denied, referred, symptomatic, closed)
    SELECT province, event_day, %(kind)s, ward, received_hour,
           sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)
    FROM told WHERE province LIKE 'VN.%%' GROUP BY event_day, province, ward, received_hour
    HAVING (sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)) <> (0, 0, 0, 0, 0)
    ON CONFLICT (province, kind, event_day, ward, received_hour) DO UPDATE SET
        records = kept.records + excluded.records,
        denied = kept.denied + excluded.denied, referred = kept.referred + excluded.referred,
        symptomatic = kept.symptomatic + excluded.symptomatic, closed = kept.closed + excluded.closed
), places AS (
    INSERT INTO place_figure AS kept (event_day, place, received_hour, records, denied, referred)
    SELECT event_day, place, received_hour, sum(records), sum(denied), sum(referred)
    FROM told WHERE %(kind)s = %(passage)s AND place IS NOT NULL GROUP BY event_day, place, received_hour
    HAVING (sum(records), sum(denied), sum(referred)) <> (0, 0, 0)
    ON CONFLICT (event_day, place, received_hour) DO UPDATE SET
        records = kept.records + excluded.records,
        denied = kept.denied + excluded.denied, referred = kept.referred + excluded.referred
), flows AS (
    INSERT INTO flow_figure AS kept (received_hour, kind, system_id, accepted, corrected, withdrawn, last_at)
    SELECT received_hour, %(kind)s, system_id, count(*) FILTER (WHERE op = 1), count(*) FILTER (WHERE op = 2),
           count(*) FILTER (WHERE op = 3), max(received_at)
    FROM told WHERE received = 1 GROUP BY received_hour, system_id
    ON CONFLICT (received_hour, kind, system_id) DO UPDATE SET
        accepted = kept.accepted + excluded.accepted, corrected = kept.corrected + excluded.corrected,
        withdrawn = kept.withdrawn + excluded.withdrawn, last_at = greatest(kept.last_at, excluded.last_at)
), latencies AS (
    INSERT INTO latency_figure AS kept (received_hour, kind, system_id, bucket, records)
    SELECT received_hour, %(kind)s, system_id,
           floor(ln(1 + greatest(0, extract(epoch FROM received_at - occurred_at)::float8)) / ln(2::float8))::smallint,
           count(*)
    FROM told WHERE received = 1 AND op = 1 AND occurred_at IS NOT NULL GROUP BY 1, 3, 4
    ON CONFLICT (received_hour, kind, system_id, bucket) DO UPDATE SET records = kept.records + excluded.records
), official AS (
    INSERT INTO official_figure AS kept (indicator, span, day, system_id, scheme, code, reported_at, received_hour,
                                         province, before, value, figures)
    SELECT figure ->> 'indicator', coalesce(figure ->> 'span', 'day'), (figure ->> 'day')::date, system_id,
           area_scheme, area_code, (figure ->> 'reported_at')::timestamptz, received_hour, province, before,
           sum(records * (figure ->> 'value')::numeric), sum(records)
    FROM told WHERE %(kind)s = %(official)s AND records <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    HAVING (sum(records * (figure ->> 'value')::numeric), sum(records)) <> (0, 0)
    ON CONFLICT (indicator, span, day, system_id, scheme, code, reported_at, received_hour, province, before)
    DO UPDATE SET value = kept.value + excluded.value, figures = kept.figures + excluded.figures
){beside}
SELECT count(*) FROM told

-- name: beside
-- Sums by day; which days a range has changed, also those of the states it replaced, and where their records lie.
, days AS (
    INSERT INTO day_figure AS kept (kind, event_day, province, before, records, denied, referred, symptomatic, closed)
    SELECT %(kind)s, event_day, province, before,
           sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)
    FROM told GROUP BY event_day, province, before
    HAVING (sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)) <> (0, 0, 0, 0, 0)
    ON CONFLICT (kind, event_day, province, before) DO UPDATE SET
        records = kept.records + excluded.records,
        denied = kept.denied + excluded.denied, referred = kept.referred + excluded.referred,
        symptomatic = kept.symptomatic + excluded.symptomatic, closed = kept.closed + excluded.closed
), changed AS (
    INSERT INTO people_day AS kept (kind, event_day, touched_seq, counted_seq)
    SELECT %(kind)s, event_day, max(seq), 0 FROM told WHERE records <> 0 GROUP BY event_day
    ON CONFLICT (kind, event_day) DO UPDATE SET touched_seq = greatest(kept.touched_seq, excluded.touched_seq)
), blocks AS (
    INSERT INTO day_block (kind, event_day, block)
    SELECT DISTINCT %(kind)s, event_day, seq / %(block)s FROM told WHERE records > 0 AND received = 1
    ON CONFLICT DO NOTHING
)

-- name: changed
-- Not the days of which records have been dropped since they were counted: they stay as they are.
SELECT d.event_day FROM people_day d JOIN head h ON h.kind = d.kind
WHERE d.kind = %(kind)s AND d.counted_seq < d.touched_seq
  AND (d.as_of IS NULL OR h.oldest = 1 OR NOT EXISTS (
      SELECT FROM day_block b
      WHERE b.kind = d.kind AND b.event_day = d.event_day AND b.block * %(block)s < h.oldest))
ORDER BY d.event_day DESC LIMIT %(most)s

-- name: counted_to
SELECT c.seq, r.received_at FROM consumer c LEFT JOIN record r ON r.kind = c.kind AND r.seq = c.seq
WHERE c.name = %(reader)s AND c.kind = %(kind)s

-- name: blocks
SELECT DISTINCT block FROM day_block WHERE kind = %(kind)s AND event_day = ANY(%(days)s) ORDER BY block

-- name: prepare
CREATE TEMP TABLE sighting (
    seq bigint, event_day date, occurred_at timestamptz, person bigint, who bigint, site bigint, direction text,
    province text, before text, ward text
);
CREATE TEMP TABLE site (place bigint PRIMARY KEY, site bigint);
CREATE TEMP TABLE told (event_day date, level smallint, area text, records bigint, events bigint, people bigint);
CREATE TEMP TABLE mark (event_day date, seq bigint, first_seq bigint)

-- name: see
-- Records of a range that stand and are of one of the days. `who` keeps apart what may not be one event: a record without
-- a person, and all of a kind whose records are not joined.
INSERT INTO pg_temp.sighting
SELECT t.seq, t.event_day, t.occurred_at, c.person,
       CASE WHEN %(joined)s AND c.person IS NOT NULL THEN c.person ELSE -t.seq END, coalesce(s.site, t.place, 0),
       CASE WHEN %(kind)s = %(passage)s THEN t.direction ELSE '' END, t.province, t.before, t.ward
FROM (
    SELECT r.seq, r.subject, r.place, r.body ->> 'direction' AS direction, r.occurred_at,
           ((r.occurred_at AT TIME ZONE 'UTC') + interval '7 hours')::date AS event_day,
           CASE WHEN r.path LIKE 'VN.%%' THEN left(r.path, 5) ELSE split_part(coalesce(r.path, ''), '.', 1) END AS province,
           coalesce(sent.province, today.province, '') AS before,
           CASE WHEN r.path LIKE 'VN.__.%%' THEN substr(r.path, 7) ELSE '' END AS ward
    FROM record r
    LEFT JOIN area_before sent ON sent.scheme = r.area_scheme AND sent.code = r.area_code
    LEFT JOIN area_before today ON today.scheme = 'vn-2025' AND r.path LIKE 'VN.%%'
        AND today.code = CASE WHEN length(r.path) > 5 THEN substr(r.path, 7) ELSE substr(r.path, 4) END
    WHERE r.kind = %(kind)s AND r.seq BETWEEN %(first)s AND %(last)s AND r.current AND r.op <> 3
      AND NOT EXISTS (SELECT FROM state_replaced x
                      WHERE x.kind = %(kind)s AND x.former = r.seq AND x.seq <= %(upto)s)
) t
LEFT JOIN claim c ON c.id = t.subject
LEFT JOIN pg_temp.site s ON s.place = t.place
WHERE t.event_day = ANY(%(days)s)

-- name: group
-- One part of the people: everybody's records lie in one part, so events and people add up over the parts.
WITH stepped AS (
    SELECT *, CASE WHEN occurred_at - lag(occurred_at) OVER w <= %(within)s THEN 0 ELSE 1 END AS begins
    FROM pg_temp.sighting WHERE mod(abs(who), %(parts)s) = %(part)s
    WINDOW w AS (PARTITION BY event_day, who, site, direction ORDER BY occurred_at, seq)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY event_day, who, site, direction ORDER BY occurred_at, seq) AS event
    FROM stepped
), grouped AS (
    SELECT *, first_value(seq) OVER (PARTITION BY event_day, who, site, direction, event ORDER BY occurred_at, seq)
              AS first_seq
    FROM numbered
), marked AS (
    INSERT INTO pg_temp.mark SELECT event_day, seq, first_seq FROM grouped WHERE seq <> first_seq
)
SELECT count(*) FROM grouped

-- name: tell
-- An event is counted where its first record is; a person wherever one of its records is.
INSERT INTO pg_temp.told
SELECT s.event_day, l.level, l.area, count(*), count(*) FILTER (WHERE m.seq IS NULL), count(DISTINCT s.person)
FROM pg_temp.sighting s LEFT JOIN pg_temp.mark m ON m.event_day = s.event_day AND m.seq = s.seq
CROSS JOIN LATERAL (VALUES (0, ''), (1, s.province), (2, s.before), (3, s.ward)) l(level, area)
WHERE mod(abs(coalesce(s.person, s.seq)), %(parts)s) = %(part)s AND (l.level = 0 OR l.area <> '')
GROUP BY 1, 2, 3

-- name: forget
DELETE FROM people_figure WHERE kind = %(kind)s AND event_day = ANY(%(days)s)

-- name: forget_marks
DELETE FROM likely_same WHERE kind = %(kind)s AND event_day = ANY(%(days)s)

-- name: keep
INSERT INTO people_figure (kind, event_day, level, area, records, events, people)
SELECT %(kind)s, event_day, level, area, sum(records), sum(events), sum(people) FROM pg_temp.told GROUP BY 2, 3, 4

-- name: keep_marks
INSERT INTO likely_same (kind, event_day, seq, first_seq) SELECT %(kind)s, event_day, seq, first_seq FROM pg_temp.mark

-- name: settle
UPDATE people_day SET counted_seq = %(upto)s, as_of = %(as_of)s WHERE kind = %(kind)s AND event_day = ANY(%(days)s)

-- name: clear
TRUNCATE pg_temp.sighting, pg_temp.mark, pg_temp.told

-- name: moved
SELECT seq, (body ->> 'claim')::bigint FROM record
WHERE kind = %(kind)s AND seq > %(after)s ORDER BY seq LIMIT 10000

-- name: days_of
SELECT DISTINCT ((occurred_at AT TIME ZONE 'UTC') + interval '7 hours')::date FROM record
WHERE kind = %(kind)s AND seq = ANY(%(seqs)b::bigint[]) AND occurred_at IS NOT NULL

-- name: again
UPDATE people_day SET counted_seq = 0 WHERE kind = %(kind)s AND event_day = ANY(%(days)s)

-- name: people
SELECT f.event_day, f.kind, f.level, f.area, f.records, f.events, f.people, d.as_of, d.counted_seq < d.touched_seq
FROM people_figure f JOIN people_day d USING (kind, event_day)
WHERE f.kind = ANY(%(kinds)s) AND f.event_day BETWEEN %(first)s AND %(last)s AND f.level = %(level)s
ORDER BY 1, 2, 4

-- The records behind a figure. Facts alone: no claim, no sealed value, no text that a person wrote, no ref.

-- name: blocks
-- Ranges of numbers in which records of some days lie, the newest first.
SELECT DISTINCT block FROM day_block
WHERE kind = %(kind)s AND event_day BETWEEN %(first)s AND %(last)s AND block * %(block)s <= %(upto)s
ORDER BY block DESC LIMIT %(most)s

-- name: rows
-- Records of a range of numbers, the newest first. `standing` are those that no later one replaced up to a number: what
-- the figures count.
SELECT t.seq, t.system_id, t.op, t.occurred_at, t.received_at, t.path, t.area_scheme, t.area_code, t.place, t.facts
FROM (
    SELECT r.seq, r.system_id, r.op, r.occurred_at, r.received_at, r.path, r.area_scheme, r.area_code, r.place,
           ((coalesce(r.occurred_at, r.received_at) AT TIME ZONE 'UTC') + interval '7 hours')::date AS event_day,
           CASE WHEN r.path LIKE 'VN.%%' THEN left(r.path, 5) ELSE split_part(coalesce(r.path, ''), '.', 1) END AS province,
           coalesce(sent.province, today.province, '') AS before,
           jsonb_strip_nulls(jsonb_build_object(
               'decision', r.body -> 'decision', 'direction', r.body -> 'direction', 'category', r.body -> 'category',
               'form', r.body -> 'form', 'purpose', r.body -> 'purpose', 'indicator', r.body -> 'indicator',
               'value', r.body -> 'value', 'day', r.body -> 'day',
               'closed', CASE WHEN r.body ? 'closed_at' THEN true END,
               'symptoms', CASE WHEN r.body ? 'symptoms' THEN r.body -> 'symptoms' @? '$.* ? (@ == true)' END)) AS facts
    FROM record r
    LEFT JOIN area_before sent ON sent.scheme = r.area_scheme AND sent.code = r.area_code
    LEFT JOIN area_before today ON today.scheme = 'vn-2025' AND r.path LIKE 'VN.%%'
        AND today.code = CASE WHEN length(r.path) > 5 THEN substr(r.path, 7) ELSE substr(r.path, 4) END
    WHERE r.kind = %(kind)s AND r.seq BETWEEN %(low)s AND %(high)s
      AND (NOT %(standing)s OR (r.current AND r.op <> 3
          AND NOT EXISTS (SELECT FROM state_replaced x WHERE x.kind = r.kind AND x.former = r.seq AND x.seq <= %(known)s)
          AND NOT EXISTS (SELECT FROM state_replaced x WHERE x.kind = r.kind AND x.seq = r.seq AND x.former IS NULL)))
) t
WHERE (%(first)s::date IS NULL OR t.event_day BETWEEN %(first)s AND %(last)s)
  AND (%(everything)s OR t.province = ANY(%(provinces)s) OR t.path = ANY(%(wards)s))
  AND (%(before)s::text IS NULL OR t.before = %(before)s)
  AND CASE %(only)s WHEN 'denied' THEN t.facts ->> 'decision' = 'denied'
                    WHEN 'referred' THEN t.facts ->> 'decision' = 'referred'
                    WHEN 'symptomatic' THEN t.facts -> 'symptoms' = 'true'
                    WHEN 'open' THEN NOT t.facts ? 'closed'
                    WHEN 'closed' THEN t.facts ? 'closed' ELSE true END
ORDER BY t.seq DESC LIMIT %(limit)s

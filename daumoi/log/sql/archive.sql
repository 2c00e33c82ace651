-- One page of a range as lines of daumoi.log.archive_files.COLUMNS. `ref` goes first, in hexadecimal: the archive holds
-- its keyed hash instead. COPY takes no parameters; the caller fills in numbers.
-- name: page
COPY (
    SELECT encode(convert_to(ref, 'UTF8'), 'hex'), system_id, seq, id, revision,
           CASE op WHEN 1 THEN 'assert' WHEN 2 THEN 'correct' ELSE 'withdraw' END, current, subject, place,
           area_scheme, area_code, path, lat, lon, accuracy_m, occurred_at, received_at, schema_version, body
    FROM record WHERE kind = {kind} AND seq BETWEEN {first} AND {last} ORDER BY seq
) TO STDOUT (FORMAT csv, DELIMITER {delimiter}, QUOTE {quote}, ENCODING 'UTF8')

-- name: began
SELECT received_at FROM record WHERE kind = %s AND seq = %s

-- name: last_before
SELECT max(seq) FROM record WHERE kind = %s AND seq BETWEEN %s AND %s AND received_at < %s

-- name: move_cursor
INSERT INTO consumer (name, kind, seq, at) VALUES (%s, %s, %s, %s)
ON CONFLICT (name, kind) DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE consumer.seq < excluded.seq

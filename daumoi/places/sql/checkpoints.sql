-- name: let_go
UPDATE place SET withdrawn = true WHERE ref_key = ANY(%b::bytea[]) AND NOT withdrawn

-- A withdrawal keeps what was known of the place: passages of before still point to it.
-- name: keep
INSERT INTO place (system_id, ref_key, revision, withdrawn, code, path, opened_on, closed_on)
SELECT * FROM unnest(%(systems)s::int[], %(keys)b::bytea[], %(revisions)s::int[], %(withdrawn)s::bool[],
                     %(codes)s::text[], %(paths)s::text[], %(opened)s::date[], %(closed)s::date[])
ON CONFLICT (ref_key) DO UPDATE SET
    revision = excluded.revision, withdrawn = excluded.withdrawn,
    code = coalesce(excluded.code, place.code), path = coalesce(excluded.path, place.path),
    opened_on = CASE WHEN excluded.withdrawn THEN place.opened_on ELSE excluded.opened_on END,
    closed_on = CASE WHEN excluded.withdrawn THEN place.closed_on ELSE excluded.closed_on END

-- What compares two names, given their words with how many rows bear each. DuckDB; run once on the empty database.
--
-- A word that is far rarer than the one it resembles is a misspelling of it (nguyen, nugyen). Two words that both are
-- common are two names, however alike (lan, loan): so are twins told apart from mistakes.
-- name: macros
CREATE MACRO words_beside(ours, theirs) AS
    list_filter(ours, lambda one: NOT list_contains(list_transform(theirs, lambda other: other.w), one.w));
CREATE MACRO misspelt(one, other) AS
    damerau_levenshtein(one.w, other.w) <= 2 AND length(one.w) >= 3
    AND (least(one.n, other.n) * 20 <= greatest(one.n, other.n)
         OR (least(one.n, other.n) = 1 AND greatest(one.n, other.n) >= 5));
CREATE MACRO kin_of(beside_l, beside_r, words_l, words_r) AS CASE
    WHEN len(beside_l) = 0 AND len(beside_r) = 0 THEN 'words'
    WHEN len(beside_l) = 0 OR len(beside_r) = 0 THEN
        CASE WHEN len(words_l) = len(words_r) THEN 'other'  -- minh minh, minh tung
             WHEN least(len(words_l), len(words_r)) >= 2 THEN 'within' ELSE 'part' END
    WHEN len(beside_l) = 1 AND len(beside_r) = 1 AND misspelt(beside_l[1], beside_r[1]) THEN 'misspelt'
    ELSE 'other' END;
CREATE MACRO kin(words_l, words_r) AS
    kin_of(words_beside(words_l, words_r), words_beside(words_r, words_l), words_l, words_r);

-- name: rows
CREATE TABLE raw (
    claim BIGINT, person BIGINT, name VARCHAR, spelling VARCHAR, birth_year INTEGER, birth_month INTEGER,
    birth_day INTEGER, sex VARCHAR, phone VARCHAR, national_id VARCHAR, old_national_id VARCHAR, area VARCHAR,
    province VARCHAR
);

-- One row for what one person's claims say alike.
-- name: distinct
CREATE TABLE once AS SELECT * FROM raw QUALIFY row_number() OVER (
    PARTITION BY person, name, spelling, birth_year, birth_month, birth_day, sex, phone, national_id, old_national_id,
                 area ORDER BY claim) = 1;
DROP TABLE raw;

-- name: words
CREATE TABLE named AS
WITH w AS (SELECT claim, unnest(string_split(name, ' ')) AS w FROM once WHERE name IS NOT NULL),
     n AS (SELECT w, count(*) AS n FROM w GROUP BY w)
SELECT w.claim, list({'w': w.w, 'n': n.n} ORDER BY w.w) AS words, list(w.w ORDER BY w.w) AS tokens,
       string_agg(w.w, ' ' ORDER BY w.w) AS sorted_name,
       string_agg(left(w.w, 1), '' ORDER BY w.w) AS initials
FROM w JOIN n USING (w) GROUP BY w.claim;

-- Keys under which rows are compared at all. One that more than {most} rows share (a factory's phone) is none: it would
-- cost the square of that and says nothing.
-- name: keyed
CREATE TABLE compared AS
WITH k AS (
    SELECT o.*, n.words, n.tokens, n.sorted_name, n.initials,
           CASE WHEN birth_day IS NOT NULL THEN format('{{:04d}}-{{:02d}}-{{:02d}}', birth_year, birth_month, birth_day)
           END AS birth
    FROM once o LEFT JOIN named n USING (claim)
)
SELECT claim, person, name, replace(name, ' ', '') AS letters,
       string_split(name, ' ')[-1] AS last_word, spelling, words, tokens, sorted_name, initials, birth_year, birth_month, birth_day, birth, sex,
       phone, national_id, old_national_id, area, province,
       {keys}
FROM k;
DROP TABLE once;
DROP TABLE named;

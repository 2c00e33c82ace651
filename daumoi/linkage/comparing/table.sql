-- Words of names with how many rows bear them: a word that is far rarer than its neighbour is a misspelling of it.
CREATE TEMP TABLE word AS
SELECT w, count(*)::BIGINT AS n FROM (SELECT unnest(string_split(name, ' ')) AS w FROM row WHERE name IS NOT NULL)
GROUP BY w;

CREATE TEMP TABLE worded AS
SELECT claim, list({'w': u.w, 'n': d.n} ORDER BY u.w) AS words
FROM (SELECT claim, unnest(string_split(name, ' ')) AS w FROM row WHERE name IS NOT NULL) u
JOIN word d ON d.w = u.w
GROUP BY claim;
DROP TABLE word;

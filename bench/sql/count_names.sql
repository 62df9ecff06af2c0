-- The same for a log that holds nothing but names: lines are counted by name in the one pass, so that nothing is kept of the log itself.
, names AS (SELECT name, count(*) AS lines FROM log GROUP BY name)
, bad_names AS (
    SELECT DISTINCT name FROM (SELECT name, unnest(suffixes(name)) AS suffix FROM names) AS exploded
    WHERE suffix IN (SELECT value FROM domains)
)
SELECT coalesce(sum(lines), 0)::BIGINT FROM names WHERE name IN (FROM bad_names)

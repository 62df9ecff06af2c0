-- How many lines of `log` (name, address, url, hash; each may be NULL) match. Each distinct name is exploded into its suffixes once
-- and hash-joined with the list; each distinct address is compared by value and, for each prefix length in use, as a network.
, names AS (SELECT DISTINCT name FROM log WHERE name IS NOT NULL)
, bad_names AS (
    SELECT DISTINCT name FROM (SELECT name, unnest(suffixes(name)) AS suffix FROM names) AS exploded
    WHERE suffix IN (SELECT value FROM domains)
)
, ips AS (SELECT DISTINCT address FROM log WHERE address IS NOT NULL AND regexp_full_match(address, '\d+\.\d+\.\d+\.\d+'))
, bad_addresses AS (
    SELECT address FROM ips WHERE address IN (SELECT value FROM addresses)
    UNION
    SELECT address FROM (
        SELECT address, length, to_number(address) >> (32 - length) AS prefix FROM ips, (SELECT DISTINCT length FROM networks)
    ) WHERE (prefix, length) IN (SELECT (prefix, length) FROM networks)
)
SELECT count(*) FROM log
WHERE name IN (FROM bad_names) OR address IN (FROM bad_addresses)
   OR url IN (SELECT value FROM urls) OR hash IN (SELECT value FROM hashes)

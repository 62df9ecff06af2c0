-- The same for a log that holds nothing but addresses.
, ips AS (SELECT address, count(*) AS lines FROM log GROUP BY address)
, bad_addresses AS (
    SELECT address FROM ips WHERE address IN (SELECT value FROM addresses)
    UNION
    SELECT address FROM (
        SELECT address, length, to_number(address) >> (32 - length) AS prefix FROM ips, (SELECT DISTINCT length FROM networks)
    ) WHERE (prefix, length) IN (SELECT (prefix, length) FROM networks)
)
SELECT coalesce(sum(lines), 0)::BIGINT FROM ips WHERE address IN (FROM bad_addresses)

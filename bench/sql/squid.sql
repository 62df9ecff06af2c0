-- count: count
-- Counted from the line's end, since the duration is padded with spaces: ... method, URL, user, peer, type.
WITH parts AS (
    SELECT part[-4] AS target, split_part(part[-2], '/', 2) AS address
    FROM (
        SELECT string_split(line, ' ') AS part
        FROM read_csv(getvariable('log'), delim = '\0', header = false, quote = '', escape = '', auto_detect = false, columns = {'line': 'VARCHAR'})
    )
), log AS MATERIALIZED (
    SELECT lower(split_part(CASE WHEN contains(target, '://') THEN split_part(target, '/', 3) ELSE target END, ':', 1)) AS name,
        address, CASE WHEN contains(target, '://') THEN target END AS url, NULL::VARCHAR AS hash
    FROM parts
)

-- count: count
-- Cutting at the keys is quicker than regular expressions, and right for lines whose quoted values hold no such key.
WITH log AS MATERIALIZED (
    SELECT nullif(lower(split_part(split_part(line, ' hostname="', 2), '"', 1)), '') AS name,
        split_part(split_part(line, ' dstip=', 2), ' ', 1) AS address,
        nullif(split_part(split_part(line, ' url="', 2), '"', 1), '') AS url, NULL::VARCHAR AS hash
    FROM read_csv(getvariable('log'), delim = '\0', header = false, quote = '', escape = '', auto_detect = false, columns = {'line': 'VARCHAR'})
)

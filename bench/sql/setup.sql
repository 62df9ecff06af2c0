-- The list as tables, made once and kept in a database file: DuckDB's counterpart of a compiled indicator set.
CREATE TABLE list AS
SELECT value FROM read_csv(getvariable('list'), columns = {'value': 'VARCHAR'}, header = false, delim = '\t', quote = '', escape = '');

CREATE TABLE urls AS SELECT value FROM list WHERE value LIKE '%://%';
CREATE TABLE networks AS
SELECT to_number(split_part(value, '/', 1)) >> (32 - length) AS prefix, length
FROM (SELECT value, split_part(value, '/', 2)::INTEGER AS length FROM list WHERE regexp_full_match(value, '[0-9.]+/[0-9]+'));
CREATE TABLE addresses AS SELECT value FROM list WHERE regexp_full_match(value, '[0-9.]+');
CREATE TABLE hashes AS SELECT value FROM list WHERE NOT contains(value, '.');
CREATE TABLE domains AS
SELECT value FROM list WHERE contains(value, '.') AND NOT contains(value, '/') AND NOT regexp_full_match(value, '[0-9.]+');
DROP TABLE list;

-- An IPv4 address as a number, and a name with all its parent names.
CREATE OR REPLACE MACRO to_number(ip) AS
    (split_part(ip, '.', 1)::BIGINT << 24) + (split_part(ip, '.', 2)::BIGINT << 16)
    + (split_part(ip, '.', 3)::BIGINT << 8) + split_part(ip, '.', 4)::BIGINT;
CREATE OR REPLACE MACRO suffixes(name) AS
    list_transform(range(1, len(string_split(name, '.'))), lambda i: array_to_string(string_split(name, '.')[i:], '.'));

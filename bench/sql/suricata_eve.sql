-- count: count
WITH log AS MATERIALIZED (
    SELECT lower(coalesce(dns.rrname, tls.sni, http.hostname)) AS name, dest_ip AS address,
        'http://' || http.hostname || http.url AS url, fileinfo.sha256 AS hash
    FROM read_json(getvariable('log'), format = 'newline_delimited',
        columns = {'dest_ip': 'VARCHAR', 'dns': 'STRUCT(rrname VARCHAR)', 'tls': 'STRUCT(sni VARCHAR)',
            'http': 'STRUCT(hostname VARCHAR, url VARCHAR)', 'fileinfo': 'STRUCT(sha256 VARCHAR)'})
)

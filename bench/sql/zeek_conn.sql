-- count: count_addresses
WITH log AS (
    SELECT resp_h AS address
    FROM read_csv(getvariable('log'), delim = '\t', comment = '#', header = false, quote = '', escape = '', auto_detect = false,
        columns = {'ts': 'VARCHAR', 'uid': 'VARCHAR', 'orig_h': 'VARCHAR', 'orig_p': 'VARCHAR', 'resp_h': 'VARCHAR', 'resp_p': 'VARCHAR',
            'proto': 'VARCHAR', 'service': 'VARCHAR', 'duration': 'VARCHAR', 'orig_bytes': 'VARCHAR', 'resp_bytes': 'VARCHAR',
            'conn_state': 'VARCHAR', 'local_orig': 'VARCHAR', 'local_resp': 'VARCHAR', 'missed_bytes': 'VARCHAR', 'history': 'VARCHAR',
            'orig_pkts': 'VARCHAR', 'orig_ip_bytes': 'VARCHAR', 'resp_pkts': 'VARCHAR', 'resp_ip_bytes': 'VARCHAR', 'tunnel_parents': 'VARCHAR'})
)

-- count: count_names
WITH log AS (
    SELECT lower(query) AS name
    FROM read_csv(getvariable('log'), delim = '\t', comment = '#', header = false, quote = '', escape = '', auto_detect = false,
        columns = {'ts': 'VARCHAR', 'uid': 'VARCHAR', 'orig_h': 'VARCHAR', 'orig_p': 'VARCHAR', 'resp_h': 'VARCHAR', 'resp_p': 'VARCHAR',
            'proto': 'VARCHAR', 'trans_id': 'VARCHAR', 'rtt': 'VARCHAR', 'query': 'VARCHAR', 'qclass': 'VARCHAR', 'qclass_name': 'VARCHAR',
            'qtype': 'VARCHAR', 'qtype_name': 'VARCHAR', 'rcode': 'VARCHAR', 'rcode_name': 'VARCHAR', 'aa': 'VARCHAR', 'tc': 'VARCHAR',
            'rd': 'VARCHAR', 'ra': 'VARCHAR', 'z': 'VARCHAR', 'answers': 'VARCHAR', 'ttls': 'VARCHAR', 'rejected': 'VARCHAR'})
)

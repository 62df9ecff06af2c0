-- count: count_names
WITH log AS (
    SELECT lower(query) AS name
    FROM read_csv(getvariable('log'), delim = ' ', header = false, quote = '', escape = '', auto_detect = false,
        columns = {'date': 'VARCHAR', 'time': 'VARCHAR', 'category': 'VARCHAR', 'level': 'VARCHAR', 'client': 'VARCHAR', 'handle': 'VARCHAR',
            'address': 'VARCHAR', 'name': 'VARCHAR', 'word': 'VARCHAR', 'query': 'VARCHAR', 'class': 'VARCHAR', 'type': 'VARCHAR',
            'flags': 'VARCHAR', 'server': 'VARCHAR'})
)

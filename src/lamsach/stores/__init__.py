"""The retro-hunt in a log store, read only: OpenSearch, Elasticsearch, ClickHouse, VictoriaLogs."""

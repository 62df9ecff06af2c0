"""The retro-hunt in a log store of the ministry: OpenSearch, Elasticsearch, ClickHouse, VictoriaLogs. Nothing is written there."""

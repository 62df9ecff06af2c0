"""Addresses of stores: no password is in one, and none is shown."""

from __future__ import annotations

import pytest

from lamsach.errors import UsageError
from lamsach.stores.address import StoreAddress, credentials, parse_address
from tests.rows import each_row

GOOD = (
    (
        "opensearch+https://logs.example:9200/logs-*",
        StoreAddress("opensearch", "https://logs.example:9200", "logs-*"),
    ),
    (
        "elasticsearch+https://es.example/a/b/fw,-fw-test",
        StoreAddress("elasticsearch", "https://es.example/a/b", "fw,-fw-test"),
    ),
    (
        "clickhouse+http://127.0.0.1:8123/security.events",
        StoreAddress("clickhouse", "http://127.0.0.1:8123", "security.events"),
    ),
    (
        "victorialogs+https://[2001:db8::1]:9428/vl/",
        StoreAddress("victorialogs", "https://[2001:db8::1]:9428/vl", ""),
    ),
)
BAD = (
    "https://logs.example:9200/logs-*",
    "splunk+https://logs.example/x",
    "opensearch+ftp://logs.example/x",
    "opensearch+https://user:secret@logs.example/logs",
    "opensearch+https://user:secret@logs.example:port/logs",
    "splunk+https://user:secret@logs.example/logs",
    "opensearch+https://logs.example",
    "opensearch+https://logs.example/logs?q=1",
    "clickhouse+https://ch.example/logs;drop table x",
    "clickhouse+https://ch.example/a.b.c",
)


@each_row("row", GOOD)
def test_an_address_is_parsed_and_written_alike(row: tuple[str, StoreAddress]) -> None:
    assert parse_address(row[0]) == row[1]
    assert parse_address(str(row[1])) == row[1]


@each_row("text", BAD)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_address(text)
    assert "secret" not in str(raised.value)


def test_credentials_come_from_the_environment() -> None:
    search, table = parse_address(GOOD[0][0]), parse_address(GOOD[2][0])
    variables = {"LAMSACH_STORE_USER": "reader", "LAMSACH_STORE_PASSWORD": "secret"}
    assert credentials(search, {}) == {}
    assert credentials(search, variables) == {"Authorization": "Basic cmVhZGVyOnNlY3JldA=="}
    assert credentials(search, {"LAMSACH_STORE_TOKEN": "abc"}) == {"Authorization": "ApiKey abc"}
    assert credentials(table, {"LAMSACH_STORE_TOKEN": "abc"}) == {"Authorization": "Bearer abc"}
    with pytest.raises(UsageError, match="without encryption"):
        credentials(parse_address("clickhouse+http://ch.example:8123/logs"), variables)

"""Zeek's logs as JSON lines: one trap a test."""

from __future__ import annotations

import json

import pytest
from case_reader import records
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.sensors.zeek_json import ZeekJson

RECORD = {
    "ts": 1781078401.5,
    "uid": "CaaaaaaaaaaaaaaaA1",
    "id.orig_h": "10.20.0.31",
    "id.resp_h": "203.0.113.77",
}


def parse(record):
    return ZeekJson(FileContext()).parse(json.dumps(record), 1)


@pytest.mark.parametrize(
    "stamp",
    [
        1781078401.5,
        "1781078401.5",
        "2026-06-10T08:00:01.500000Z",
        "2026-06-10T15:00:01.5+07:00",
        1781078401500,
    ],
)
def test_every_spelling_of_the_time(stamp):
    assert parse(RECORD | {"ts": stamp}).time.isoformat() == "2026-06-10T08:00:01.500000+00:00"


def test_the_path_of_a_mail_is_not_the_name_of_the_log():
    event = parse(RECORD | {"path": ["192.0.2.1", "192.0.2.2"], "helo": "mail.example"})
    assert event.source_ip == "10.20.0.31"
    assert parse(RECORD | {"path": "C:\\dns", "share_type": "DISK"}).kind == "connection"


def test_half_a_surrogate_pair_does_not_escape():
    event = parse(RECORD | {"username": "\ud83d"})
    event.user.encode("utf-8")


@pytest.mark.parametrize(
    "line",
    [
        (
            '{"timestamp":"2026-06-10T08:00:01.000000+0000","flow_id":1,"event_type":"dns",'
            '"src_ip":"10.20.0.31"}'
        ),
        '{"source":{"ip":"10.20.0.31"},"destination":{"ip":"203.0.113.77"}}',
        '{"level":"info","ts":1781078401.5,"msg":"started"}',
        '{"message":"the word _path and id.orig_h without quotes"}',
        "id.orig_h",
        "[]",
        "",
    ],
)
def test_other_products_are_refused(line):
    assert not ZeekJson.recognises(line)
    with pytest.raises(LineError):
        ZeekJson(FileContext()).parse(line, 1)


@pytest.mark.parametrize(
    "line",
    [
        '{"id.orig_h":"10.20.0.31"',
        '{"id.orig_h":"10.20.0.31","ts":' + "9" * 5000 + "}",
        '{"id.orig_h":' + "[" * 100_000,
        '{"id.orig_h":"10.20.0.31","ts":"yesterday"}',
        '{"id.orig_h":"10.20.0.31","ts":NaN}',
    ],
)
def test_broken_records_are_line_errors(line):
    with pytest.raises(LineError):
        ZeekJson(FileContext()).parse(line, 1)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["10.20.0.31", "ACK", "53"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    ["ts", "uid", "id.orig_h", "id.resp_h", "id.orig_p", "id", "_path", "query", "answers", "uri", "host",
     "method", "mac",
     "assigned_addr", "lease_time", "msg_types", "message", "server_name", "md5", "tx_hosts", "@stream"]
)  # fmt: skip


@given(st.dictionaries(_KEYS, _JSON, max_size=8))
def test_no_record_raises_anything_but_line_errors(record):
    line = json.dumps(record)
    ZeekJson.recognises(line)
    list(records(ZeekJson, [line, line[:-3]]))

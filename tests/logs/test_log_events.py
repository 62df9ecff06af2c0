"""Whole logs as events."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from lamsach.errors import UnreadableError, UsageError
from lamsach.logs.events.records import KEYS, event_record, refusal_record
from lamsach.logs.opening.limits import LINE_BYTES
from lamsach.logs.opening.lines import numbered_lines
from lamsach.logs.reading.events import ReadCounts, read_events
from lamsach.model import Action, Event, Reference, Refusal

from .builders import logs
from .test_detect import DNSMASQ, FORTIGATE, PROSE, head


def events(path, **options):
    (log_file,), _ = logs(path)
    counts = ReadCounts()
    return list(read_events(log_file, counts=counts, **options)), counts


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.log"


def test_events_have_file_and_line(path):
    path.write_bytes(head(FORTIGATE[:3], [""], FORTIGATE[3:5]).replace(b"\n", b"\r\n")[:-2])
    items, counts = events(path)
    assert [(e.file, e.line, e.format) for e in items] == [
        (str(path), n, "fortigate") for n in (1, 2, 3, 5, 6)
    ]
    assert (counts.lines, counts.parsed, counts.refused, counts.unparsed) == (6, 6, 0, 0)


def test_zone_of_times_without_a_zone(path):
    path.write_bytes(head(FORTIGATE[:1]))
    assert events(path)[0][0].time == datetime(2026, 6, 5, 0, 31, tzinfo=UTC)
    assert events(path, timezone=ZoneInfo("UTC"))[0][0].time == datetime(2026, 6, 5, 7, 31, tzinfo=UTC)


def test_refused_lines_are_counted_and_listed(path):
    path.write_bytes(head(FORTIGATE[:30], ["garbage"], [FORTIGATE[0].replace("2026-06-05", "2026-02-30")]))
    items, counts = events(path)
    refusals = [item for item in items if isinstance(item, Refusal)]
    assert [r.reference for r in refusals] == [Reference(str(path), row=31), Reference(str(path), row=32)]
    assert refusals[0].value == "garbage"
    assert refusals[1].reason == "The date or time is impossible."
    assert (counts.lines, counts.parsed, counts.refused) == (32, 30, 2)


def test_unknown_text_gives_its_values(path):
    path.write_bytes(head(PROSE[:3], DNSMASQ[:1]))
    items, counts = events(path)
    assert [item.format for item in items] == ["unknown_text"] * 3 + ["dnsmasq"]
    assert (counts.unparsed, counts.parsed, counts.refused) == (3, 1, 0)


def test_only_the_stated_format_is_tried(path):
    path.write_bytes(head(DNSMASQ[:2]))
    items, counts = events(path, format_name="fortigate")
    assert [item.format for item in items if isinstance(item, Event)] == ["dnsmasq"] * 2
    items, counts = events(path, format_name="unknown_text")
    assert [item.format for item in items] == ["unknown_text"] * 2
    assert counts.unparsed == 2
    with pytest.raises(UsageError):
        events(path, format_name="nonsense")


def test_lines_of_any_length_are_bounded(path):
    path.write_bytes(
        head(FORTIGATE[:1]) + b"x" * (3 * LINE_BYTES) + b"\n" + head(FORTIGATE[1:2]) + b"y" * (2 * LINE_BYTES)
    )
    items, counts = events(path)
    assert [type(item) for item in items] == [Event, Refusal, Event, Refusal]
    assert [item.line if isinstance(item, Event) else item.reference.row for item in items] == [1, 2, 3, 4]
    assert (counts.lines, counts.refused) == (4, 2)


@pytest.mark.parametrize(
    "data", [b"", b"a", b"a\n", b"\n", b"a\nb", b"\n\na\n\n", b"x" * 100_000 + b"\ny\n", (b"ab\n" * 500_000)]
)
def test_numbered_lines_are_the_lines(path, data):
    path.write_bytes(data)
    (log_file,), _ = logs(path)
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    with log_file.open() as stream:
        assert list(numbered_lines(stream)) == list(enumerate(expected, start=1))


def test_damage_comes_after_the_lines_before_it(path):
    path.write_bytes(gzip.compress(head(FORTIGATE * 40))[:-200])
    (log_file,), _ = logs(path)
    got = []
    with pytest.raises(UnreadableError):
        got.extend(_each(log_file, got))
    assert len(got) > 100


def _each(log_file, got):
    for item in read_events(log_file):
        got.append(item)
    return ()


MULTILINE = """6/5/2026 7:31:12 AM 0D48 PACKET  000000000181D1C0 UDP Rcv 10.20.1.15      0c6b   Q [0001   \
D   NOERROR] A      (4)evil(7)example(0)
UDP question info at 000000000181D1C0
  Socket = 332
  Remote addr 10.20.1.15, port 51514

6/5/2026 7:31:13 AM 0D48 PACKET  000000000181D1C0 UDP Rcv 10.20.1.16      0c6c   Q [0001   D   NOERROR] \
A      (4)evil(7)example(0)
"""


def test_records_of_several_lines(path):
    path.write_bytes(MULTILINE.encode("utf-16"))
    items, counts = events(path)
    assert [(e.line, e.source_ip, e.domain) for e in items] == [
        (1, "10.20.1.15", "evil.example"),
        (6, "10.20.1.16", "evil.example"),
    ]
    assert items[0].source_port == 51514
    assert counts.lines == counts.parsed == 6


ZEEK = """#separator \\x09
#path\tdns
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery
1780619472.500000\tCa\t10.0.0.1\t5000\t10.0.0.53\t53\tevil.example
#fields\tquery\tid.resp_p\tid.resp_h\tid.orig_p\tid.orig_h\tuid\tts
evil.example\t53\t10.0.0.53\t5000\t10.0.0.2\tCb\t1780619473.500000
"""


def test_headers_in_the_middle_of_a_file(path):
    path.write_text(ZEEK)
    items, counts = events(path)
    assert [(e.line, e.source_ip, e.domain) for e in items] == [
        (4, "10.0.0.1", "evil.example"),
        (6, "10.0.0.2", "evil.example"),
    ]
    assert (counts.lines, counts.parsed) == (6, 6)


def test_record_has_the_contracts_keys():
    full = Event(
        time=datetime(2026, 6, 5, 0, 31, 12, 500000, tzinfo=UTC),
        observer="fw1",
        source_ip="10.0.0.1",
        source_port=0,
        destination_ip="203.0.113.1",
        destination_port=443,
        device_ip="10.0.0.1",
        device_name="pc",
        device_mac="00:00:5e:00:53:01",
        user="an",
        domain="evil.example",
        url="/x",
        answers=("203.0.113.1",),
        hashes=("a" * 64, "b" * 40, "c" * 32, "d" * 32, "e" * 7),
        action=Action.BLOCKED,
        format="fortigate",
        file="a.log",
        line=7,
    )
    record = event_record(full)
    assert tuple(record) == KEYS
    assert (record["time"], record["action"], record["answers"]) == (
        "2026-06-05T00:31:12.500000Z",
        "blocked",
        ["203.0.113.1"],
    )
    assert (record["sha256"], record["sha1"], record["md5"]) == ("a" * 64, "b" * 40, "c" * 32)
    assert record["source_port"] == 0
    assert event_record(Event(format="x", file="f", line=1)) == {
        "action": "unknown",
        "format": "x",
        "file": "f",
        "line": 1,
    }


def test_refusal_has_location_and_reason():
    refusal = Refusal(Reference("a.log", row=3), "text", "why")
    assert refusal_record(refusal) == {"file": "a.log", "line": 3, "reason": "why", "text": "text"}

"""Rules for every registered binary format, and commands on binary logs."""

from __future__ import annotations

import dataclasses
import inspect
import io
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import ExitStatus, InputError, LimitError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.base import BinaryFormat, seekable
from lamsach.logs.formats import BINARY_FORMATS, FORMATS, binary_format_by_name, binary_format_of
from lamsach.model import Event, Refusal
from tests.cli.command_runner import called
from tests.rows import each_row

from . import capture_builder as build
from . import test_nfcapd as nfcapd
from .evtx_builder import chunk, event, file
from .test_column_files import arrow_file, flat, parquet
from .test_netflow import fixed

TEXTS = sorted((Path(__file__).parent / "formats" / "data").glob("*/*.log"))
FIELDS = {field.name for field in dataclasses.fields(Event)} - {"kind", "format", "file", "line"}
PACKETS = build.conversation(
    ("192.0.2.5", 50000), ("203.0.113.9", 80), [b"GET / HTTP/1.0\r\nHost: c2.example\r\n\r\n"]
)
SAMPLES: dict[str, bytes] = {
    "evtx": file(chunk([event(3, {"SourceIp": "192.0.2.5", "DestinationIp": "203.0.113.9"})])),
    "windows_event_document": (
        b"<Events>"
        + 2
        * (
            b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
            b"<Provider Name='Microsoft-Windows-Sysmon'/><EventID>3</EventID><TimeCreated "
            b"SystemTime='2026-06-05T00:31:12.494Z'/>"
            b"<Computer>pc.unit.example</Computer></System><EventData><Data Name='SourceIp'>192.0.2.5</Data>"
            b"<Data Name='DestinationIp'>203.0.113.9</Data></EventData></Event>"
        )
        + b"</Events>"
    ),
    "pcap": build.pcap(PACKETS, 101),
    "pcapng": build.pcapng(PACKETS, 101),
    "netflow": fixed(5),
    "nfcapd": nfcapd.file_1(nfcapd.block(3 * nfcapd.old_record("192.0.2.5", "203.0.113.9"), 2)),
    "parquet": parquet(flat()),
    "arrow": arrow_file(flat()),
    "azure_flow": (
        b'{"records":[{"time":"2026-06-02T08:45:34Z","systemId":"1","macAddress":"00155D000001",'
        b'"category":"NetworkSecurityGroupFlowEvent",'
        b'"resourceId":"/SUBSCRIPTIONS/1/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG-01",'
        b'"properties":{"Version":2,"flows":[{"rule":"r",'
        b'"flows":[{"mac":"00155D000001","flowTuples":["1780389934,192.0.2.5,203.0.113.9,49152,443,T,O,'
        b'A,B,,,,"]}]}]}}]}'
    ),
    "json_document": (
        b'{"took":3,"hits":{"total":{"value":2},"hits":['
        b'{"_index":"fw","_source":{"@timestamp":"2026-06-02T08:45:34Z","source":{"ip":"192.0.2.5"},'
        b'"destination":{"ip":"203.0.113.9"}}},'
        b'{"_index":"fw","_source":{"@timestamp":"2026-06-02T08:45:35Z","source":{"ip":"192.0.2.6"},'
        b'"destination":{"ip":"203.0.113.9"}}}]}}'
    ),
}

every_format = pytest.mark.parametrize("binary", BINARY_FORMATS, ids=lambda f: f.name)


def items_of(binary: type[BinaryFormat], data: bytes) -> tuple[list[Event | Refusal], InputError | None]:
    """Return the items before the end or the damage, and the error."""
    found: list[Event | Refusal] = []
    try:
        for item in binary(FileContext("case")).read(io.BytesIO(data)):
            found.append(item)
    except InputError as error:
        return found, error
    return found, None


@every_format
def test_a_binary_format_names_its_source(binary):
    module = sys.modules[binary.__module__]
    assert re.search(r"https?://|RFC \d+|[Ss]ource", module.__doc__ or ""), "the docstring names no source"
    assert binary.__doc__
    place = binary.__module__.split(".")
    shared = [
        log_format.name
        for log_format in (*BINARY_FORMATS, *FORMATS)
        if log_format.__module__ == binary.__module__
    ]
    assert place[:3] == ["lamsach", "logs", "formats"]
    assert place[4:] == [binary.name] or len(shared) > 1, "a file of one format has its name"
    assert not inspect.isabstract(binary)
    assert set(binary.gives) <= FIELDS
    assert len(set(binary.gives)) == len(binary.gives)


def test_names_are_not_shared():
    everything = (*FORMATS, *BINARY_FORMATS)
    assert len({f.name for f in everything}) == len(everything)
    assert len({f.title for f in everything}) == len(everything)
    assert [binary_format_by_name(f.name) for f in BINARY_FORMATS] == list(BINARY_FORMATS)
    assert binary_format_by_name("fortigate") is None


@every_format
def test_every_format_is_documented(binary):
    text = (Path(__file__).parents[2] / "docs/formats.md").read_text(encoding="utf-8")
    assert f"| `{binary.name}` | {binary.title} |" in text


@every_format
def test_recognizes_only_its_own_files(binary):
    assert [name for name, data in SAMPLES.items() if binary.recognises(data[:4096])] == [binary.name]


@each_row("log", TEXTS)
def test_text_is_never_binary(log):
    data = log.read_bytes()
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"):
        assert binary_format_of(data.decode("utf-8", "replace").encode(encoding)[:4096]) is None


@every_format
def test_events_match_the_model(binary):
    found, error = items_of(binary, SAMPLES[binary.name])
    assert error is None
    assert found
    empty = dataclasses.asdict(Event())
    for item in found:
        assert isinstance(item, Event)
        filled = {name for name, value in dataclasses.asdict(item).items() if value != empty[name]}
        assert filled - {"kind", "format", "file", "line"} <= set(binary.gives)
        assert (item.format, item.file) == (binary.name, "case")
        assert item.line >= 1


@every_format
def test_truncation_raises_only_our_errors(binary):
    data = SAMPLES[binary.name]
    whole, _ = items_of(binary, data)
    for size in range(0, len(data), max(1, len(data) // 150)):
        found, _ = items_of(binary, data[:size])
        assert len(found) <= len(whole) + 1


@every_format
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_raises_only_our_errors(binary, data):
    sample = bytearray(SAMPLES[binary.name])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(4, len(sample) - 1))
        sample[place] = data.draw(st.integers(0, 255))
    items_of(binary, bytes(sample))


def run(*arguments: object):
    return called("logs", *arguments)


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(SAMPLES["pcap"])
    return path


def test_the_command_detects_a_capture(capture):
    assert run("detect", capture).stdout == f"{capture}\tpcap\t1.0\tbinary\t0\n"


def test_the_command_reads_a_capture(capture):
    result = run("read", capture)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [(record["format"], record.get("domain")) for record in records] == [
        ("pcap", None),
        ("pcap", "c2.example"),
    ]
    assert run("read", "--format", "pcap", capture).stdout == result.stdout


def test_text_with_stated_binary_format_is_one_error(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("192.0.2.1 c2.example\n")
    result = run("read", "--format", "pcap", path)
    assert result.exit_code == ExitStatus.INPUT
    assert result.stdout == ""


def test_seekable_copy_has_a_limit():
    with pytest.raises(LimitError), seekable(io.BytesIO(bytes(2_000_000)), "x", 1_000_000):
        pass
    with seekable(io.BytesIO(b"abc" * 100), "x") as spooled:
        spooled.seek(3)
        assert spooled.read(3) == b"abc"

"""Columnar readers of the benchmark's products equal single lines, also for mutated lines."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.reading_lines import LINES, Values
from lamsach.logs.bulk import READERS, reader
from lamsach.logs.formats import FORMATS
from lamsach.logs.reading import tables
from lamsach.logs.reading.tables import _Pieces

from .whole_logs import as_tables, by_line

PRODUCTS = {
    "cef": "cef", "leef": "leef", "paloalto_csv": "paloalto", "cisco_asa": "cisco_asa",
    "iptables": "iptables", "nginx_combined": "web_access", "iis_w3c": "web_access",
    "windows_dns_debug": "windows_dns_debug", "sophos": "sophos", "mikrotik": "mikrotik",
    "plain_csv": "csv_columns", "zyxel": "zyxel", "windows_dhcp_audit": "windows_dhcp_audit",
    "windows_firewall": "windows_firewall", "dnsmasq": "dnsmasq", "unbound": "unbound",
    "checkpoint": "checkpoint", "juniper_srx": "juniper_srx", "pf_filterlog": "pf_filterlog",
    "zeek_dns_json": "zeek_json", "winlogbeat_json": "windows_event_json", "isc_dhcp": "isc_dhcp",
    "kea": "kea", "json_lines": "json_lines", "adguardhome": "adguardhome",
}  # fmt: skip
"""Columnar format by name of the benchmark's log."""
BEFORE = {
    "container": "web-1  | ",
    "colour": "\x1b[32m",
    "Kiwi's cells": "06-25-2026\t09:00:01\tLocal7.Info\t10.0.0.9\t",
    "a country's date": "06/25/2026 09:00:01 host1 ",
    "seconds": "1780797601.123456 host1 ",
}
ODD_WORDS = [
    "", "-", " ", "  ", '"', '""', "\\", "\\=", "=", ",", ";", "|", ":", "/", "\t", "(", ")", "[", "]", "é",
    "\u00a0", "0.0.0.0", "::", "2001:db8::7", "10.1.1.5", "8.8.8.8", "192.168.1.300", "65536", "0", "-1",
    "N/A", "null", "(null)", "http://a.example/b?c=d", "www.Example.", "user", "User an", "00:00:00:00:00:00",
    "SRC=10.0.0.1", "src=10.0.0.1", "deny", "Built ", " R ", "REFUSED", "(0)", "(3)www", "CEF:0|",
    "LEEF:1.0|", "2026-06-10T08:00:01Z", "Feb 30 08:00:61", "TCP_MISS:HIER_DIRECT", "CONNECT", "kernel: ",
    "IN=", "\x1b[31m",
]  # fmt: skip


@cache
def usual(product: str) -> Sequence[str]:
    """Build lines of a product."""
    values = Values.build()
    return [LINES[product][1](values) for _ in range(400)]


def log_of(path: Path, product: str, lines: Sequence[str], end: str = "\n") -> Path:
    path.write_bytes((LINES[product][0] + "".join(line + end for line in lines)).encode())
    return path


def changed(line: str, chance: random.Random) -> str:
    """Insert, delete or replace parts of a line at random."""
    at = chance.randrange(len(line) + 1)
    end = min(len(line), at + chance.choice([0, 0, 1, 2, 5, 12, 40]))
    way = chance.randrange(4)
    if way == 0:
        return line[:at] + chance.choice(ODD_WORDS) + line[end:]
    if way == 1:
        words = line.split(" ")
        words[chance.randrange(len(words))] = chance.choice(ODD_WORDS)
        return " ".join(words)
    if way == 2:
        mark = chance.choice('=,:|"\t/ ')
        parts = line.split(mark)
        parts[chance.randrange(len(parts))] = chance.choice(ODD_WORDS)
        return mark.join(parts)
    return line[:at] + line[at : at + 20] * 2 + line[at + 20 :]


@pytest.mark.parametrize("product", PRODUCTS)
def test_usual_lines_are_read_in_columns(
    product: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columnar_lines: list[int] = []
    completed = _Pieces._completed

    def counted(
        self: _Pieces, number: int, lines: Sequence[bytes | None], table: pa.RecordBatch, alone: Sequence[int]
    ) -> pa.RecordBatch:
        columnar_lines.append(len(lines) - len(alone))
        return completed(self, number, lines, table, alone)

    monkeypatch.setattr(_Pieces, "_completed", counted)
    monkeypatch.setattr(reader, "FEW_LINES", 4)
    path = log_of(tmp_path / "a.log", product, usual(product))
    assert as_tables(path) == by_line(path)
    assert sum(columnar_lines) >= 380


@given(st.sampled_from(sorted(PRODUCTS)), st.integers(0, 2**32), st.sampled_from(["\n", "\r\n", "\n\n"]))
@settings(max_examples=60, deadline=None)
def test_mutated_lines_among_usual_ones(
    tmp_path_factory: pytest.TempPathFactory, product: str, seed: int, end: str
) -> None:
    chance = random.Random(seed)
    lines = list(chance.sample(usual(product), 60))
    for _ in range(chance.randrange(8)):
        at = chance.randrange(len(lines))
        lines[at] = changed(lines[at], chance)
    path = log_of(tmp_path_factory.mktemp("odd") / "a.log", product, lines, end)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "PIECE_LINES", chance.choice([20, 60]))
        patched.setattr(reader, "FEW_LINES", 2)
        assert as_tables(path) == by_line(path)


@pytest.mark.parametrize(
    ("product", "old", "new"),
    [
        ("iptables", "SPT=", "SPT=\t"),
        ("checkpoint", '; user:"', '; user:"x"]r:"'),
        ("checkpoint", '"; inzone:', '";dst:"192.0.2.9"; inzone:'),
        ("iptables", "SRC=", "SRC=\v"),
        ("dnsmasq", " from ", " from \t"),
        ("dnsmasq", " from ", " from ["),
        ("sophos", " src_ip=", " iap=a,src_ip=10.9.9.9 src_ip="),
        ("sophos", " dst_port=", " dst_port=,"),
        ("cef", " spt=", ":50000 spt="),
        ("nginx_combined", ' HTTP/1.1" ', ' HTTP/1.1"null '),
        ("leef", "\tdst=", "\tdst=203.0.113.9:443\told="),
    ],
)
def test_other_separators_of_values(
    product: str, old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 2)
    lines = [line.replace(old, new, 1) if at == 9 else line for at, line in enumerate(usual(product)[:30])]
    path = log_of(tmp_path / "a.log", product, lines)
    assert as_tables(path) == by_line(path)


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("product", PRODUCTS)
def test_prefixes_of_lines(
    before: str, product: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 4)
    path = log_of(tmp_path / "a.log", product, [before + line for line in usual(product)[:40]])
    assert as_tables(path) == by_line(path)


def test_every_columnar_reader_is_tested() -> None:
    from tests.logs.layouts.test_layouts import IN_COLUMNS
    from tests.logs.test_tables import USUAL

    names = {*READERS} | {*IN_COLUMNS} | {log_format.name for log_format in FORMATS if log_format.records}
    assert names == {*PRODUCTS.values()} | {*IN_COLUMNS} | {
        name for name in names if any(usual_name.startswith(name.partition("_")[0]) for usual_name in USUAL)
    }

"""JA4 fingerprints of TLS clients: from the list, through sieve, matcher and archive, to the machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.archive.keys import KeyMaker
from lamsach.hunt.engine import hash_name
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.sets.plain_hash import hash_name as plainly
from lamsach.indicators.lists import read_list
from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.export import Terms, prepare
from lamsach.investigate import Request, investigate
from lamsach.model import Indicator, IndicatorType

from .test_sieve import candidate_lines

JA4 = "t13d1516h2_8daaf6152771_02713d6af862"
OTHER = "t13d1517h2_8daaf6152771_02713d6af862"
MACHINE = "10.20.30.40"
LIST = f"type,value,threat\nja4,{JA4.upper()},Evil\nip,203.0.113.7,Evil\n"
ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tssl\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tserver_name\tja4\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\tstring\n"
    + "".join(
        (
            f"17960400{n:02d}.1\tC{n}\t{MACHINE if n == 7 else '10.20.30.41'}\t5000{n}\t203.0.113.9\t443\t"
            f"TLSv13\tgood.example\t{JA4 if n == 7 else OTHER}\n"
        )
        for n in range(9)
    )
)
EVE = "".join(
    json.dumps(
        {
            "timestamp": f"2026-11-30T10:00:0{n}.000000+0000",
            "event_type": "tls",
            "src_ip": MACHINE if n == 7 else "10.20.30.41",
            "src_port": 50000 + n,
            "dest_ip": "203.0.113.9",
            "dest_port": 443,
            "proto": "TCP",
            "tls": {"sni": "good.example", "version": "TLS 1.3", "ja4": JA4 if n == 7 else OTHER},
        }
    )
    + "\n"
    for n in range(9)
)


def _compiled() -> CompiledSet:
    builder = Builder()
    builder.add(Indicator(IndicatorType.JA4, JA4))
    return builder.compiled()


LISTED = _compiled()


def values(path: Path, text: str) -> set[tuple[IndicatorType, str]]:
    path.write_text(text)
    problems: list[object] = []
    found = list(read_list(str(path), problems.append))
    assert not problems
    return {(item.type, item.value) for item in found if isinstance(item, Indicator)}


def test_lists_that_state_it_and_those_that_only_mention_it(tmp_path: Path) -> None:
    pattern = f"[network-traffic:extensions.'x-tls-ext'.ja4 = '{JA4}']"
    bundle = {"type": "bundle", "id": "bundle--1", "objects": [
        {"type": "indicator", "id": "indicator--1", "pattern_type": "stix", "pattern": pattern}
    ]}  # fmt: skip
    for text in (LIST, json.dumps(bundle), json.dumps([{"type": "ja4", "value": JA4}])):
        assert (IndicatorType.JA4, JA4) in values(tmp_path / "list", text)
    for text in (
        f"JA4 {JA4} was seen with 203.0.113.7.\n",
        f"domain,ja4\nc2.evil-a.site,{JA4}\n",
        f"type,value\nja4,{JA4}00\nip,203.0.113.7\n",
    ):
        assert all(kind is not IndicatorType.JA4 for kind, _ in values(tmp_path / "list", text))


@pytest.mark.parametrize(("log", "name"), [(ZEEK, "ssl.log"), (EVE, "eve.json")], ids=["zeek", "eve"])
def test_a_machine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: str, name: str) -> None:
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    (tmp_path / name).write_text(log)
    (tmp_path / "list.csv").write_text(LIST)
    findings, _ = investigate(Request(logs=[str(tmp_path / name)], lists=[str(tmp_path / "list.csv")]))
    assert [(seen.indicator, seen.indicator_type, seen.count) for seen in findings.sightings] == [
        (JA4, IndicatorType.JA4, 1)
    ]
    assert [device.ip for device in findings.devices] == [MACHINE]


def test_the_sieve_passes_it_wherever_it_is_and_others_not() -> None:
    lines = [
        line
        for pad in range(150)
        for line in (
            f"{'x' * pad}{JA4}",
            f'{"a " * pad}"{JA4.upper()}"{"z" * pad}',
            f"{'y' * pad}{OTHER} {JA4[:-1]}3 {JA4}0 {JA4[:23]}-{JA4[24:]}",
        )
    ]
    passed = candidate_lines(LISTED, "\n".join(lines).encode())
    assert passed == {number for number in range(len(lines)) if number % 3 < 2}
    assert plainly(JA4.encode()) == hash_name(JA4.encode())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([JA4, JA4.upper(), OTHER, JA4[:24], JA4[24:], "%5F", "\\t"])
        | st.text(' _"\\:,a0f', max_size=4),
        max_size=9,
    )
)
def test_the_sieve_passes_what_the_matcher_finds(parts: list[str]) -> None:
    line = "".join(parts)
    found = Matcher(LISTED).seen(line)
    assert not found or candidate_lines(LISTED, line.encode()) == {0}


def test_an_archive_knows_the_segments_that_show_it() -> None:
    for pad in (0, 20, 27, 39, 8170):
        line = "x" * pad + f"\t{JA4}\tend\n"
        data = np.frombuffer(b"\n" * PAD + line.encode() + b"\n" * PAD, np.uint8)
        keys = KeyMaker().keys(data, PAD, PAD + len(line))
        assert keys is not None
        assert hash_name(JA4.encode()) in keys.tolist()


@pytest.mark.parametrize("name", ["csv", "stix"])
def test_written_fingerprints_are_read_back(tmp_path: Path, name: str) -> None:
    (tmp_path / "list").write_text(LIST)
    accepted = [item for item in read_list(str(tmp_path / "list"), print) if isinstance(item, Indicator)]
    output = prepare(accepted, BY_NAME[name], "0" * 64, Terms(datetime(2026, 1, 1, tzinfo=UTC)))
    assert values(tmp_path / "again", "".join(output.text())) == {
        (item.type, item.value) for item in accepted
    }

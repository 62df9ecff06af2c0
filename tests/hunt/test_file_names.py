"""File names: from lists that state them, through log fields, to the machine.

Also the other kinds of value in Windows events.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evtx_builder import Record, strings, template_chunk
from lamsach.archive.keys import KeyMaker
from lamsach.archive.questions import questions
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.values.names import searched_part
from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.export import Terms, prepare
from lamsach.investigate import Request, investigate
from lamsach.logs.base import FileContext
from lamsach.logs.formats.sensors.suricata_eve.format import SuricataEve
from lamsach.model import Event, Findings, Indicator, IndicatorType, Refusal
from lamsach.scanner.index import build_index
from lamsach.stores.questions import question
from tests.logs.evtx_builder import file
from tests.rows import each_row

from .test_sieve import candidate_lines

NAME = "invoice 2024.exe"
MACHINE, OTHER = "10.20.30.40", "10.20.30.41"
MD5 = "0f4c6d9a1c2b3e4f5a6b7c8d9e0f1a2b"


def _misp(kind: str, value: str) -> str:
    return json.dumps({"Event": {"info": "x", "Attribute": [{"type": kind, "value": value, "to_ids": True}]}})


def _stix(pattern: str) -> str:
    item = {"type": "indicator", "id": "indicator--1", "pattern_type": "stix", "pattern": pattern}
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": [item]})


def _openioc(value: str, condition: str = "is") -> str:
    return (
        '<ioc xmlns="http://schemas.mandiant.com/2010/ioc"><definition><Indicator operator="OR">'
        f'<IndicatorItem condition="{condition}"><Context document="FileItem" '
        'search="FileItem/FileName" type="mir"/>'
        f'<Content type="string">{value}</Content></IndicatorItem></Indicator></definition></ioc>'
    )


STATING = {
    "type column": "type,value\nfilename,{}\ndomain,c2.evil-a.site\n",
    "column in Vietnamese": "loại,giá trị\ntên tệp,{}\n",
    "records": json.dumps([{"type": "filename", "value": "{}"}]).replace('"{}"', '"{}"'),
    "attribute of MISP": _misp("filename", "{}"),
    "intelligence of Zeek": "#fields\tindicator\tindicator_type\tmeta.source\n{}\tIntel::FILE_NAME\tx\n",
    "pattern of STIX": _stix("[file:name = '{}']"),
    "OpenIOC": _openioc("{}"),
}
MENTIONING = {
    "text": f"The mail brings the file {NAME}, file name: {NAME}\n",
    "column beside digests": f"md5,file name\n{MD5},{NAME}\n",
    "composite of MISP": _misp("filename|md5", f"{NAME}|{MD5}"),
    "composite of a column": f"type,value\nfilename|md5,{NAME}|{MD5}\n",
    "name that goes with a digest": _stix(f"[file:name = '{NAME}' AND file:hashes.MD5 = '{MD5}']"),
    "name that goes with another digest": _stix(f"[file:name = '{NAME}' AND file:hashes.'SHA-512' = 'aa']"),
    "observable": json.dumps(
        {"type": "bundle", "id": "bundle--1", "objects": [{"type": "file", "id": "file--1", "name": NAME}]}),
    "a part of a name": _openioc(NAME, "contains"),
}  # fmt: skip


def entries(path: Path, text: str) -> tuple[list[Indicator], list[Refusal]]:
    path.write_text(text, encoding="utf-8")
    problems: list[object] = []
    found = list(read_list(str(path), problems.append))
    assert not problems
    accepted = [item for item in found if isinstance(item, Indicator)]
    return accepted, [item for item in found if isinstance(item, Refusal)]


@each_row("how", STATING, str)
def test_a_list_that_states_one(how: str, tmp_path: Path) -> None:
    accepted, _ = entries(tmp_path / "list", STATING[how].replace("{}", "Invoice 2024.EXE"))
    assert [item.value for item in accepted if item.type is IndicatorType.FILE_NAME] == [NAME]
    accepted, refused = entries(tmp_path / "list", STATING[how].replace("{}", "SvcHost.exe"))
    assert not any(item.type is IndicatorType.FILE_NAME for item in accepted)
    assert refusals.KNOWN_PROGRAM in {item.reason for item in refused}


@each_row("how", MENTIONING, str)
def test_a_list_that_only_mentions_one(how: str, tmp_path: Path) -> None:
    accepted, refused = entries(tmp_path / "list", MENTIONING[how])
    assert accepted or refused or how in ("text", "observable")
    assert not any(item.type is IndicatorType.FILE_NAME for item in accepted)
    assert all(item.value == MD5 for item in accepted)


NAMES = {
    "C:\\Users\\a\\Evil.EXE": "evil.exe",
    "evil[.]exe": "evil.exe",
    "/tmp/.x/evil.7z": "evil.7z",
    "Công văn 01.doc": "công văn 01.doc",
    "it's.exe": None,
    "svch*.exe": refusals.WRONG_TYPE,
    "https[://]a.example/evil.exe": refusals.WRONG_TYPE,
    "evil": refusals.FILE_FORM,
    "công văn.doc": refusals.FILE_FORM,
    "a (1).exe": refusals.FILE_FORM,
    "part.001": refusals.FILE_FORM,
    "a" * 252 + ".exe": refusals.WRONG_TYPE,
}


@each_row("text", NAMES, repr)
def test_the_form_of_a_name(text: str, tmp_path: Path) -> None:
    accepted, refused = entries(tmp_path / "list", f"type,value\nfilename,{text}\nip,203.0.113.7\n")
    found = [item.value for item in accepted if item.type is IndicatorType.FILE_NAME]
    found += [item.reason for item in refused]
    assert found == [NAMES[text] or text]


def _zeek(name: str, machine: str, number: int) -> str:
    return f"17960400{number:02d}.1\tF{number}\tC{number}\t203.0.113.9\t{machine}\tHTTP\t{name}\t-\n"


ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tfiles\n"
    "#fields\tts\tfuid\tconn_uids\ttx_hosts\trx_hosts\tsource\tfilename\tmd5\n"
    "#types\ttime\tstring\tset[string]\tset[addr]\tset[addr]\tstring\tstring\tstring\n"
    + "".join(_zeek("Invoice 2024.exe" if n == 7 else f"report-{n}.pdf", MACHINE if n == 7 else OTHER, n)
        for n in range(9))
)  # fmt: skip
ZEEK_JSON = "".join(
    json.dumps({"_path": "files", "ts": 1796040000.1 + n, "fuid": f"F{n}", "tx_hosts": ["203.0.113.9"],
        "source": "HTTP",
                "rx_hosts": [MACHINE if n == 7 else OTHER], "filename": NAME if n == 7 else "a.pdf",
                "analyzers": []}) + "\n"
    for n in range(9)
)  # fmt: skip


def eve(name: str, machine: str = MACHINE) -> str:
    return json.dumps(
        {"timestamp": "2026-11-30T10:00:00.000000+0000", "event_type": "fileinfo", "src_ip": "203.0.113.9",
         "src_port": 80,
         "dest_ip": machine, "dest_port": 50000, "proto": "TCP",
         "fileinfo": {"filename": name, "state": "CLOSED", "size": 1}}
    )  # fmt: skip


EVE = "".join(
    eve("/files/Invoice%202024.exe?id=1" if n == 7 else "/a.pdf", MACHINE if n == 7 else OTHER) + "\n"
    for n in range(9)
)


def winlogbeat(number: int, computer: str, **data: str) -> str:
    return json.dumps(
        {"@timestamp": "2026-11-30T10:00:00.000Z",
         "winlog": {"provider_name": "Microsoft-Windows-Sysmon", "event_id": number,
         "channel": "Microsoft-Windows-Sysmon/Operational", "computer_name": computer, "event_data": data}}
    ) + "\n"  # fmt: skip


CLEAN = "C:\\Program Files\\a\\good.exe"
SHOWN = {
    "Image": (1, {"Image": "C:\\Users\\a\\Invoice 2024.exe", "CommandLine": "x"}),
    "TargetFilename": (11, {"Image": CLEAN, "TargetFilename": "C:\\Users\\a\\INVOICE 2024.exe"}),
    "stream": (15, {"Image": CLEAN, "TargetFilename": "C:\\a\\Invoice 2024.exe:Zone.Identifier"}),
    "OriginalFileName": (1, {"Image": "C:\\a\\b.exe", "OriginalFileName": "Invoice 2024.exe"}),
}
UNSHOWN = {
    "CommandLine": (1, {"Image": CLEAN, "CommandLine": "copy invoice 2024.exe d:"}),
    "longer": (1, {"Image": "C:\\a\\my invoice 2024.exe"}),
    "folder": (1, {"Image": "C:\\invoice 2024.exe\\good.exe"}),
}


def hunted(folder: Path, listed: str, *logs: tuple[str, str | bytes]) -> Findings:
    (folder / "list.csv").write_text(listed, encoding="utf-8")
    for name, text in logs:
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    request = Request(logs=[str(folder / name) for name, _ in logs], lists=[str(folder / "list.csv")])
    return investigate(request)[0]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))


LISTED = f"type,value\nfilename,{NAME}\n"


@each_row("log", [("files.log", ZEEK), ("files.json", ZEEK_JSON), ("eve.json", EVE)], lambda log: log[0])
def test_a_sensor_names_the_machine(log: tuple[str, str], tmp_path: Path) -> None:
    findings = hunted(tmp_path, LISTED, log)
    found = [(seen.indicator, seen.indicator_type, seen.count) for seen in findings.sightings]
    assert found == [(NAME, IndicatorType.FILE_NAME, 1)]
    assert [device.ip for device in findings.devices] == [MACHINE]


def _as_json(number: int, data: dict[str, str]) -> tuple[str, str]:
    lines = [winlogbeat(11, "PC-B", Image=CLEAN, TargetFilename=f"C:\\a\\{n}.txt") for n in range(5)]
    return "sysmon.json", "".join([*lines, winlogbeat(number, "PC-A", **data), *lines])


def _as_evtx(number: int, data: dict[str, str]) -> tuple[str, bytes]:
    lines = [
        Record(11, strings(Image=CLEAN, TargetFilename=f"C:\\a\\{n}.txt"), computer="PC-B") for n in range(5)
    ]
    return "sysmon.evtx", file(template_chunk([*lines, Record(number, strings(**data), computer="PC-A")]))


@each_row("case", [(make, name) for make in (_as_json, _as_evtx) for name in (*SHOWN, *UNSHOWN)], str)
def test_an_event_of_sysmon_names_the_machine(case: tuple[object, str], tmp_path: Path) -> None:
    make, name = case
    assert callable(make)
    findings = hunted(tmp_path, LISTED, make(*(SHOWN | UNSHOWN)[name]))
    sighted = [(seen.indicator, seen.count) for seen in findings.sightings]
    assert sighted == ([(NAME, 1)] if name in SHOWN else [])
    assert [device.name for device in findings.devices] == (["PC-A"] if name in SHOWN else [])


JA3, JA4, MAIL = "e7d705a3286e19ea42f587b344ee6865", "t13d1516h2_8daaf6152771_02713d6af862", "a@evil-b.site"


@each_row("make", [_as_json, _as_evtx], lambda make: make.__name__)
def test_the_other_stated_kinds_in_an_event_of_sysmon(make: object, tmp_path: Path) -> None:
    """Digests have a field of their own; the others may be in the command line, found as text."""
    assert callable(make)
    data = {
        "Image": CLEAN,
        "Hashes": f"MD5={MD5.upper()},IMPHASH={JA3}",
        "CommandLine": f"s --to {MAIL} --ja4 {JA4} --ja3 {JA3}",
    }
    listed = f"type,value\nmd5,{MD5}\nja3,{JA3}\nja4,{JA4}\nemail,{MAIL}\n"
    findings = hunted(tmp_path, listed, make(1, data))
    assert {seen.indicator for seen in findings.sightings} == {MD5, JA3, JA4, MAIL}
    assert {seen.indicator for seen in findings.sightings if seen.device == "name:pc-a"} >= {MD5}


@each_row("name", ["csv", "misp", "stix", "zeek", "openioc"], str)
def test_written_names_are_read_back(name: str, tmp_path: Path) -> None:
    accepted, _ = entries(tmp_path / "list", f"{LISTED}filename,Công văn 01.doc\nfilename,it's-a.exe\n")
    output = prepare(accepted, BY_NAME[name], "0" * 64, Terms(datetime(2026, 1, 1, tzinfo=UTC)))
    again, _ = entries(tmp_path / "again", "".join(output.text()))
    assert {(item.type, item.value) for item in again} == {(item.type, item.value) for item in accepted}
    assert len(accepted) == 3


def test_a_format_without_file_names_reports_it(tmp_path: Path) -> None:
    accepted, _ = entries(tmp_path / "list", LISTED)
    output = prepare(accepted, BY_NAME["rpz"], "0" * 64, Terms(datetime(2026, 1, 1, tzinfo=UTC)))
    assert output.stamp.count == 0
    sigma = "".join(
        prepare(accepted, BY_NAME["sigma"], "0" * 64, Terms(datetime(2026, 1, 1, tzinfo=UTC))).text()
    )
    assert f"- '\\{NAME}'" in sigma


def test_the_scanner_says_that_it_does_not_look_for_one(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"{LISTED}md5,{MD5}\n")
    loaded = build_index([str(tmp_path / "list.csv")])
    try:
        assert [(skip.subject, skip.reason) for skip in loaded.refused] == [(NAME, "no_trace")]
    finally:
        loaded.close()


WHOLE = (NAME, "evil.exe", "công văn 01.doc", "a.b-c.7z", "it's.exe", "x86.dll", "20.exe", "u0041.exe")


def _listed() -> CompiledSet:
    builder = Builder()
    for name in WHOLE:
        builder.add(Indicator(IndicatorType.FILE_NAME, name))
    return builder.compiled()


COMPILED = _listed()
MATCHER = Matcher(COMPILED)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["", "/", "C:\\Users\\a\\", "/a/b ", "\\\\srv\\20\\", "/a?", "%2f", "x", "ă", "\n"]),
    st.sampled_from(WHOLE),
    st.sampled_from(["", "?x=1", ":Zone.Identifier", " ", "x", ".", "/"]),
    st.sampled_from([str, str.upper, str.title, quote]),
    st.booleans(),
)
def test_the_sieve_passes_every_line_whose_file_is_listed(
    before: str, name: str, behind: str, spelled: object, ascii_only: bool
) -> None:
    assert callable(spelled)
    line = json.dumps(json.loads(eve(f"{before}{spelled(name)}{behind}")), ensure_ascii=ascii_only)
    event = SuricataEve(FileContext()).parse(line, 1)
    assert event is not None
    found = [match.indicator.value for match in MATCHER.event(event, line)]
    if before in ("", "/", "C:\\Users\\a\\") and behind in ("", ":Zone.Identifier"):
        assert found == [name]
    if found:
        assert candidate_lines(COMPILED, line.encode()) == {0}
        assert _in_archive(line.encode())
        query = question(COMPILED)
        assert query is not None
        assert query.patterns
        assert any(all(text in line.lower() for text in wanted) for wanted in query.wanted) or "%" in line


def _in_archive(line: bytes) -> bool:
    """Report whether an archive's filter of the line answers one of the list's questions."""
    data = np.frombuffer(b"\n" * PAD + line + b"\n" * PAD, np.uint8)
    keys = KeyMaker().keys(data, PAD, PAD + len(line))
    query = questions(COMPILED)
    return keys is None or bool(np.isin(keys, query.keys).any())


def test_a_name_is_found_by_itself() -> None:
    for name in WHOLE:
        found = COMPILED.find(name)
        assert found is not None
        assert (found.type, found.value) == (IndicatorType.FILE_NAME, name)
        assert COMPILED.by_host(searched_part(name)) == ()
    assert MATCHER.event(Event(domain="evil.exe", url="http://a.example/evil.exe"), "") == []
    assert MATCHER.seen("evil.exe was seen") == []

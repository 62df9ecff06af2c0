"""Kinds of value that are read only where a list states them (JA3).

From the list, through logs of products, to the machine.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.hunt.matcher import Matcher
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.export import Terms, prepare
from lamsach.investigate import Request, investigate
from lamsach.model import DeviceState, Event, Indicator, IndicatorType, Refusal, Role
from lamsach.scanner.index import build_index

from .test_sieve import candidate_lines

JA3 = "e7d705a3286e19ea42f587b344ee6865"
OTHER = "0f4c6d9a1c2b3e4f5a6b7c8d9e0f1a2b"
MACHINE = "10.20.30.40"
STATED = {
    "type column": f"type,value,threat\nja3,{JA3.upper()},Evil\ndomain,c2.evil-a.site,Evil\n",
    "attribute of MISP": json.dumps(
        {"Event": {"info": "x", "Attribute": [{"type": "ja3-fingerprint-md5", "value": JA3, "to_ids": True}]}}
    ),
    "intelligence of Zeek": f"#fields\tindicator\tindicator_type\tmeta.source\n{JA3}\tIntel::JA3\tx\n",
    "pattern of STIX": json.dumps(
        {
            "type": "bundle",
            "id": "bundle--1",
            "objects": [
                {
                    "type": "indicator",
                    "id": "indicator--1",
                    "pattern_type": "stix",
                    "pattern": f"[network-traffic:extensions.'tls-ext'.ja3 = '{JA3}']",
                }
            ],
        }
    ),
    "records": json.dumps([{"type": "ja3", "value": JA3}, {"type": "md5", "value": OTHER}]),
}
MENTIONED = {
    "text": f"The client's JA3: {JA3} was seen.\n",
    "column beside values": f"domain,ja3\nc2.evil-a.site,{JA3}\n",
    "table of two cells": f"<table><tr><td>ja3 hash</td><td>{JA3}</td></tr></table>",
}
ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tssl\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tserver_name\tja3\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\tstring\n"
    + "".join(
        (
            f"17960400{n:02d}.1\tC{n}\t{MACHINE if n == 7 else '10.20.30.41'}\t5000{n}\t203.0.113.9\t443\t"
            f"TLSv12\tgood.example\t{JA3 if n == 7 else OTHER}\n"
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
            "tls": {"sni": "good.example", "version": "TLS 1.2", "ja3": {"hash": JA3 if n == 7 else OTHER}},
        }
    )
    + "\n"
    for n in range(9)
)


def entries(path: Path, text: str) -> tuple[list[Indicator], list[Refusal]]:
    path.write_text(text, encoding="utf-8")
    problems: list[object] = []
    found = list(read_list(str(path), problems.append))
    assert not problems
    return [item for item in found if isinstance(item, Indicator)], [
        item for item in found if isinstance(item, Refusal)
    ]


@pytest.mark.parametrize("how", STATED)
def test_a_list_that_states_the_kind(tmp_path: Path, how: str) -> None:
    accepted, _ = entries(tmp_path / "list", STATED[how])
    assert (IndicatorType.JA3, JA3) in {(item.type, item.value) for item in accepted}
    assert not any(item.type is IndicatorType.MD5 and item.value == JA3 for item in accepted)


@pytest.mark.parametrize("how", MENTIONED)
def test_a_list_that_only_mentions_it(tmp_path: Path, how: str) -> None:
    accepted, _ = entries(tmp_path / "list", MENTIONED[how])
    assert JA3 not in {item.value for item in accepted}


def test_what_is_no_such_value_is_refused(tmp_path: Path) -> None:
    accepted, refused = entries(
        tmp_path / "list", f"type,value\nja3,{JA3}00\nja3,t13d1516h2_8daaf6152771\nip,203.0.113.7\n"
    )
    assert [item.value for item in accepted] == ["203.0.113.7"]
    assert {item.reason for item in refused} == {refusals.WRONG_TYPE}


@pytest.mark.parametrize(("log", "name"), [(ZEEK, "ssl.log"), (EVE, "eve.json")], ids=["zeek", "eve"])
def test_a_machine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: str, name: str) -> None:
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    (tmp_path / name).write_text(log)
    (tmp_path / "list.csv").write_text(STATED["type column"])
    findings, _ = investigate(Request(logs=[str(tmp_path / name)], lists=[str(tmp_path / "list.csv")]))
    assert [(seen.indicator, seen.indicator_type, seen.count) for seen in findings.sightings] == [
        (JA3, IndicatorType.JA3, 1)
    ]
    assert [device.ip for device in findings.devices] == [MACHINE]
    assert findings.list.by_type[IndicatorType.JA3] == 1


def test_the_digest_of_a_file_is_no_fingerprint() -> None:
    builder = Builder()
    builder.add(Indicator(IndicatorType.JA3, JA3))
    builder.add(Indicator(IndicatorType.MD5, OTHER))
    matcher = Matcher(builder.compiled())
    found = [match.indicator.value for match in matcher.event(Event(hashes=(JA3, OTHER)), "")]
    assert found == [OTHER]


@pytest.mark.parametrize("name", ["csv", "misp", "stix"])
def test_written_values_are_read_back(tmp_path: Path, name: str) -> None:
    accepted, _ = entries(tmp_path / "list", STATED["type column"])
    output = prepare(accepted, BY_NAME[name], "0" * 64, Terms(datetime(2026, 1, 1, tzinfo=UTC)))
    again, _ = entries(tmp_path / "again", "".join(output.text()))
    assert {(item.type, item.value) for item in again} == {(item.type, item.value) for item in accepted}


MAIL = "billing@mail.evil-b.site"
MAILS = {
    "type column": "type,value,threat\nemail,Billing[@]mail[.]evil-b[.]site,Phish\nip,203.0.113.7,x\n",
    "attribute of MISP": json.dumps(
        {"Event": {"info": "x", "Attribute": [
            {"type": "email-src", "value": MAIL, "to_ids": True},
            {"type": "email-dst", "value": "victim@mail.evil-b.site", "to_ids": True},
        ]}}
    ),
    "intelligence of Zeek": f"#fields\tindicator\tindicator_type\tmeta.source\n{MAIL}\tIntel::EMAIL\tx\n",
    "pattern of STIX": json.dumps(
        {"type": "bundle", "id": "bundle--1", "objects": [
            {"type": "indicator", "id": "indicator--1", "pattern_type": "stix",
             "pattern": f"[email-addr:value = '{MAIL}']"},
            {"type": "email-addr", "id": "email-addr--1", "value": "victim@mail.evil-b.site"},
        ]}
    ),
    "OpenIOC": '<ioc xmlns="http://schemas.mandiant.com/2010/ioc"><definition><Indicator '
               'operator="OR"><IndicatorItem condition="is"><Context document="Email" search="Email/From" '
               'type="mir"/>'
    f'<Content type="string">{MAIL}</Content></IndicatorItem></Indicator></definition></ioc>',
}  # fmt: skip
MAIL_MENTIONED = {
    "text": f"Write to {MAIL}, or to billing[@]mail[.]evil-b[.]site.\n",
    "column beside values": f"domain,email\nc2.evil-a.site,{MAIL}\n",
    "bare list": f"203.0.113.7\n{MAIL}\n",
}


@pytest.mark.parametrize("how", MAILS)
def test_a_list_that_states_an_address_of_mail(tmp_path: Path, how: str) -> None:
    accepted, _ = entries(tmp_path / "list", MAILS[how])
    assert [item.value for item in accepted if item.type is IndicatorType.EMAIL] == [MAIL]


@pytest.mark.parametrize("how", MAIL_MENTIONED)
def test_a_list_that_only_mentions_one(tmp_path: Path, how: str) -> None:
    accepted, _ = entries(tmp_path / "list", MAIL_MENTIONED[how])
    assert not any(item.type is IndicatorType.EMAIL or "evil-b" in item.value for item in accepted)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"from=<{MAIL}> to=<a@unit.example>", True),
        (f"MAIL FROM:<{MAIL.upper()}> SIZE=1", True),
        (f"sender={MAIL.replace('@', '%40')}&x=1", True),
        (f"{MAIL}.", True),
        (f"x{MAIL}", False),
        (f"a.{MAIL}", False),
        (f"{MAIL}.example", False),
        ("other@mail.evil-b.site", False),
        ("www.mail.evil-b.site billing", False),
    ],
)
def test_an_address_of_mail_in_a_line(text: str, found: bool) -> None:
    builder = Builder()
    builder.add(Indicator(IndicatorType.EMAIL, MAIL))
    compiled = builder.compiled()
    seen = Matcher(compiled).seen(text)
    assert [(match.indicator.value, match.role) for match in seen] == (
        [(MAIL, Role.INBOUND)] if found else []
    )
    assert compiled.find(MAIL) is not None


def test_received_mail_makes_no_machine_infected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sieve passes the lines of its domain; other addresses of the domain are no contacts."""
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    record = {
        "timestamp": "2026-11-30T10:00:00.000000+0000", "event_type": "smtp", "src_ip": MACHINE,
        "src_port": 50000, "dest_ip": "10.20.30.2", "dest_port": 25, "proto": "TCP",
        "smtp": {"helo": "x", "mail_from": "<a@unit.example>", "rcpt_to": ["<b@unit.example>"]},
    }  # fmt: skip
    hit = record | {"smtp": record["smtp"] | {"mail_from": f"<{MAIL}>"}}
    near = record | {"smtp": record["smtp"] | {"mail_from": "<somebody@mail.evil-b.site>"}}
    (tmp_path / "eve.json").write_text(
        "".join(json.dumps(item) + "\n" for item in (record, near, hit, record))
    )
    (tmp_path / "list.csv").write_text("type,value\nemail," + MAIL + "\n")
    findings, _ = investigate(Request(logs=[str(tmp_path / "eve.json")], lists=[str(tmp_path / "list.csv")]))
    assert [(seen.indicator, seen.count, seen.role) for seen in findings.sightings] == [
        (MAIL, 1, Role.INBOUND)
    ]
    assert all(device.state is not DeviceState.INFECTED for device in findings.devices)


@pytest.mark.parametrize("name", ["csv", "misp", "stix", "zeek", "openioc"])
def test_written_mail_addresses_are_read_back(tmp_path: Path, name: str) -> None:
    accepted, _ = entries(tmp_path / "list", MAILS["type column"])
    output = prepare(accepted, BY_NAME[name], "0" * 64, Terms(datetime(2026, 1, 1, tzinfo=UTC)))
    again, _ = entries(tmp_path / "again", "".join(output.text()))
    assert {(item.type, item.value) for item in again} == {(item.type, item.value) for item in accepted}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                MAIL,
                MAIL.upper(),
                MAIL.replace("@", "%40"),
                JA3,
                JA3.upper(),
                "thư@bücher.example",
                "info@bücher.example",
                "info@xn--bcher-kva.example",
            ]
        )
        | st.text(' <>,;:"=/\\\\.@-_a0ü', max_size=3),
        max_size=9,
    )
)
def test_the_sieve_passes_every_line_that_shows_one(parts: list[str]) -> None:
    line = "".join(parts)
    found = Matcher(_LISTED).seen(line)
    assert not found or candidate_lines(_LISTED, line.encode()) == {0}
    if "".join(parts) in (MAIL, JA3, "info@bücher.example"):
        assert found


def _listed() -> CompiledSet:
    builder = Builder()
    for kind, value in (
        (IndicatorType.EMAIL, MAIL),
        (IndicatorType.EMAIL, "info@xn--bcher-kva.example"),
        (IndicatorType.JA3, JA3),
    ):
        builder.add(Indicator(kind, value))
    return builder.compiled()


_LISTED = _listed()


def test_a_name_of_letters_in_an_address() -> None:
    for text in ("from=<info@bücher.example>", "from=<info@xn--bcher-kva.example>"):
        assert [match.indicator.value for match in Matcher(_LISTED).seen(text)] == [
            "info@xn--bcher-kva.example"
        ]


def test_the_scanner_says_that_it_does_not_look_for_them(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"type,value\nja3,{JA3}\nemail,{MAIL}\nmd5,{OTHER}\n")
    loaded = build_index([str(tmp_path / "list.csv")])
    try:
        assert loaded.count == 1
        assert {(skip.subject, skip.reason) for skip in loaded.refused} == {
            (JA3, "no_trace"),
            (MAIL, "no_trace"),
        }
    finally:
        loaded.close()

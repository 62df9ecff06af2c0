"""Lines of products without a format of their own, parsed by field names.

`unknown_products/SYNTAX.txt` has one case per block: `# name`, the lines of a file, `=> field=value; ...`
with fields of `Event` (the time is MOMENT unless `time=-`), and `!! field ...` for fields that are not read.
The lines follow the vendors' documentation; their values are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.logs.mappings.column_names import EXCEPTIONS, field_of, plain
from lamsach.logs.mappings.name_grammar import meaning, words_of
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.events import read_events
from lamsach.model import Event
from tests.rows import each_row

FOLDER = Path(__file__).parent / "unknown_products"
MOMENT = datetime(2026, 6, 5, 0, 31, 12, tzinfo=UTC)
FIELDS = {*EXCEPTIONS, "source_name", "destination_name"}
LEAST_FIELDS, LEAST_MACHINES = 0.9, 0.95
OF_TEXT = 0.8
"""Prose values, which name no one."""


@dataclass(frozen=True)
class Case:
    """Lines of a product, their expected values, and those not read."""

    syntax: str
    name: str
    lines: list[str]
    wanted: dict[str, str]
    unread: frozenset[str]


def cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.txt")):
        for block in path.read_text("utf-8").removeprefix("# ").split("\n\n# "):
            name, *lines = block.strip("\n").split("\n")
            at = next(number for number, line in enumerate(lines) if line.startswith("=> "))
            stated = dict(part.split("=", 1) for part in lines[at][3:].split("; "))
            wanted = {"time": MOMENT.isoformat()} | stated
            unread = lines[at + 1].removeprefix("!! ").split() if len(lines) > at + 1 else []
            yield Case(
                path.stem, name, lines[:at], {k: v for k, v in wanted.items() if v != "-"}, frozenset(unread)
            )


CASES = list(cases())


def is_right(event: Event, field: str, wanted: str) -> bool:
    found = getattr(event, field)
    if isinstance(found, datetime):
        return abs((found - datetime.fromisoformat(wanted)).total_seconds()) < 1
    if isinstance(found, tuple):
        return wanted in found
    return found is not None and str(getattr(found, "value", found)).casefold() == wanted.casefold()


def missed(case: Case, folder: Path) -> set[str]:
    """Return the fields that the best event of a case does not have right."""
    path = folder / "case.log"
    path.write_text("\n".join(case.lines) + "\n", "utf-8")
    (log,) = find_logs([str(path)], on_problem=pytest.fail)
    events = [
        found for found in read_events(log, timezone=ZoneInfo("Asia/Ho_Chi_Minh")) if isinstance(found, Event)
    ]
    wrong = [
        {field for field, value in case.wanted.items() if not is_right(event, field, value)}
        for event in events
    ]
    return min(wrong, key=len, default=set(case.wanted))


@each_row("case", CASES, lambda case: f"{case.syntax} {case.name}")
def test_fields_of_lines(case: Case, tmp_path: Path) -> None:
    assert missed(case, tmp_path) == case.unread


@pytest.mark.parametrize("syntax", sorted({case.syntax for case in CASES}))
def test_share_of_fields_and_machines(syntax: str) -> None:
    ours = [case for case in CASES if case.syntax == syntax]
    fields = sum(len(case.wanted) for case in ours)
    least = OF_TEXT if syntax == "text" else LEAST_FIELDS
    assert sum(len(case.unread) for case in ours) <= (1 - least) * fields
    machines = [case for case in ours if {"device_ip", "device_name"} & case.wanted.keys()]
    named = [
        case for case in machines if not case.unread >= {"device_ip", "device_name"} & case.wanted.keys()
    ]
    assert len(named) >= LEAST_MACHINES * len(machines)


def test_exceptions_differ_from_their_words() -> None:
    listed = [(name, field) for field, names in EXCEPTIONS.items() for name in names.split()]
    assert [name for name, field in listed if meaning(words_of(name)) == field] == []
    assert [name for name, _ in listed if plain(name) != name] == []
    assert len(listed) == len({name for name, _ in listed})


@pytest.mark.parametrize(
    ("names", "field"),
    [
        (("src_ip srcIp SrcIP SRCIPADDR source.ip sourceIPv4Address client-address clientAddr "
          "initiator.address ip_src local_ip f5_client_ip x.y.src_ip"), "source"),
        (("dst_port DstPort destination.port serverPort remote_port port_dst peer.port dest_port_number "
          "raddr.port"), "destination_port"),
        ("src_nat_ip natSrcIp translated_source_address xlate_src_addr_ipv4 client_public_ip post_nat_ip_src",
         "nat"),
        (("client_hostname src_endpoint.hostname clientName src-name initiator_host_name host_name_src "
          "hostNameSrc"), "source_name"),
        ("device_name computerName endpoint.hostname agentComputerName vm_name machine-name", "name"),
        ("user.name userName account_name LoggedOnUser src_user logonUser user_email", "user"),
        ("process.hash.sha256 fileHashSHA1 md5_hash image_md5 processFileHashSha1", "hash"),
        ("event_time startTime created_at @timestamp eventTimeUTC timestamp_iso8601 scanned_at", "time"),
    ],
)  # fmt: skip
def test_a_name_in_many_spellings(names: str, field: str) -> None:
    assert {name: field_of(name.lstrip("@")) for name in names.split()} == dict.fromkeys(names.split(), field)


@pytest.mark.parametrize(
    "name",
    ["src_ip_country", "client.geo.ip", "parent.user", "request_time", "response_time", "time_taken",
     "timezone", "dst_nat_ip", "ap_mac", "nas_ip_address", "dhcp_server_ip", "transaction", "user_agent",
     "tls.client.ja3", "src_bytes", "rule.name", "process.name", "service.name", "destination.domain.id",
     "file.name", "policy_id", "previous_ip", "end_time", "source_zone"],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert field_of(name) in (None, "details")


WORDS = "src dst client server remote local ip addr port host name mac user geo nat time"
PARTS = st.sampled_from(WORDS.split())


@given(st.lists(PARTS, min_size=1, max_size=5))
def test_spelling_of_names(parts: list[str]) -> None:
    """Signs and humps separate words alike."""
    humps = parts[0] + "".join(part.capitalize() for part in parts[1:])
    assert len({field_of(name) for name in ("_".join(parts), "-".join(parts), " ".join(parts), humps)}) == 1


@given(st.text(max_size=120))
def test_arbitrary_names_raise_nothing(name: str) -> None:
    field = field_of(name)
    assert field is None or field in FIELDS
    assert field_of(name) == field


def test_long_names_are_fast() -> None:
    """Only a limited length of a name is examined, so that crafted names cost no more."""
    assert words_of("srcip" * 20) == ("srcip" * 20,)
    assert field_of("src." * 2000 + "ip") == "source"

"""A retro-hunt finds the same as a hunt over the same files, and opens no more than necessary."""

from __future__ import annotations

import dataclasses
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lamsach import investigate as investigating
from lamsach.archive.archive import Archive, writing
from lamsach.archive.catalog import Catalog
from lamsach.archive.intake import fill
from lamsach.archive.retro import days_back, retro
from lamsach.archive.signs import CompactSigns, replay, sign_of
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.role_rules import forwarding_role
from lamsach.hunt.run import hunt
from lamsach.investigate import Request, investigate
from lamsach.logs.opening.inputs import find_logs
from lamsach.model import Event, EventKind, Findings, Identity
from tests.archive.builders import BEGIN, LISTED, filled, firewall_line, firewall_log, write_list
from tests.months import Demo

SMALL = 8 << 10


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(investigating, "hunt", partial(hunt, chunk_bytes=SMALL))


def same(expected: Findings, actual: Findings) -> None:
    for part in dataclasses.fields(Findings):
        if part.name != "parameters":
            first, second = getattr(expected, part.name), getattr(actual, part.name)
            if part.name == "problems":  # come in the order in which threads meet them
                first, second = sorted(first, key=str), sorted(second, key=str)
            assert first == second, part.name


def both(archive: Archive, logs: Path, listed: Path, **more: Any) -> tuple[Findings, Any]:
    request = Request([str(logs)], [str(listed)], **more)
    whole, _ = investigate(request)
    found, _, plan = retro(archive, request)
    same(whole, found)
    return found, plan


def test_a_units_month_gives_the_same_findings(small: Demo, tmp_path: Path) -> None:
    files = small.files
    archive, done = filled(tmp_path / "archive", files.logs)
    assert len(done) > 5
    found, plan = both(archive, files.logs, files.annex, inventory=str(files.inventory))
    assert found.devices
    assert found.sightings
    assert plan.asked


@pytest.mark.parametrize("seed", range(4))
def test_logs_cut_anywhere_give_the_same_findings(seed: int, tmp_path: Path, small_chunks: None) -> None:
    rng = random.Random(seed)
    lines = firewall_log(rng, 1500, hits=rng.randrange(1, 12))
    logs = tmp_path / "logs"
    logs.mkdir()
    cuts = sorted(rng.sample(range(1, len(lines)), 3))
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        ending = "\n" if rng.random() < 0.7 else ""
        (logs / f"fw-{number}.log").write_text("\n".join(lines[begin:end]) + ending)
    archive, _ = filled(tmp_path / "archive", logs, chunk_bytes=SMALL)
    found, plan = both(archive, logs, write_list(tmp_path))
    assert found.devices
    assert plan.opened < plan.segments
    window = {"since": BEGIN.replace(hour=3), "until": BEGIN.replace(hour=9)}
    both(archive, logs, write_list(tmp_path), **window)


LINES = {
    "w3c": [
        "#Fields: date time c-ip cs-host cs-uri-stem sc-status",
        *(
            f"2022-09-01 00:{n // 60:02d}:{n % 60:02d} 10.0.0.{n % 200 + 1} h{n}.example.org /a 200"
            for n in range(900)
        ),
        "#Fields: date time cs-host c-ip cs-uri-stem sc-status",
        *(
            f"2022-09-02 00:{n // 60:02d}:{n % 60:02d} h{n}.example.org 10.0.0.{n % 200 + 1} /a 200"
            for n in range(900)
        ),
        "2022-09-02 01:00:00 www.evil.example 10.0.0.9 /a 200",
    ],
    "escapes": [
        *(f"10.0.0.{n % 200 + 1} asked for h{n}.example.org" for n in range(900)),
        "10.0.0.7 opened http%3A%2F%2Fwww%2Eevil%2Eexample%2Fx",
        "10.0.0.8 opened \\u0065vil.example",
    ],
    "label lengths": [
        *(
            f"20220901 10:00:00 PACKET UDP Rcv 10.0.0.{n % 200 + 1} Q A (2)h{n}(7)example(3)org(0)"
            for n in range(900)
        ),
        "20220901 10:00:00 PACKET UDP Rcv 10.0.0.9 Q A (3)www(4)evil(7)example(0)",
    ],
    "addresses": [
        *(f"peer 2001:db8:1::{n:x} port {n}" for n in range(3000)),
        "peer [2001:db8:bad:0::1]:443 from 10.0.0.9",
        "peer ::ffff:203.0.113.66 from 10.0.0.9",
        "peer 198.51.100.14.443 > 10.0.0.9.1",
    ],
    "a long line": [
        *(f"10.0.0.{n % 200 + 1} h{n}.example.org" for n in range(300)),
        "x " * 30_000 + "evil.example " + "y " * 30_000,
        *(f"10.0.0.{n % 200 + 1} h{n}.example.org" for n in range(300)),
        "10.0.0.9 bot-c2.xyz",
    ],
}


@pytest.mark.parametrize("name", LINES)
def test_values_far_from_their_context(name: str, tmp_path: Path, small_chunks: None) -> None:
    log = tmp_path / "a.log"
    log.write_text("\n".join(LINES[name]) + "\n")
    archive, _ = filled(tmp_path / "archive", log, chunk_bytes=SMALL)
    found, plan = both(archive, log, write_list(tmp_path))
    assert found.sightings
    assert plan.segments > 1


def test_a_name_of_another_script_is_found(tmp_path: Path, small_chunks: None) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("xn--tn-min-9va6865a.example\n")
    log = tmp_path / "a.log"
    log.write_text(
        "\n".join([*(f"10.0.0.8 h{n}.example.org" for n in range(3000)), "10.0.0.9 TÊN-miền.example"]) + "\n"
    )
    archive, _ = filled(tmp_path / "archive", log, chunk_bytes=SMALL)
    both(archive, log, listed)


def test_unreadable_and_empty_inputs_are_reported(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "empty.log").write_bytes(b"")
    (logs / "broken.log.gz").write_bytes(b"\x1f\x8b\x08\0broken")
    (logs / "good.log").write_text(firewall_line(BEGIN, "10.0.0.1", "203.0.113.66") + "\n")
    archive, _ = filled(tmp_path / "archive", logs)
    found, _ = both(archive, logs, write_list(tmp_path))
    assert len(found.files) == 2
    assert found.unread


def test_a_filter_made_with_other_hashes_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "a.log"
    log.write_text("\n".join(firewall_log(random.Random(5), 50, hits=3)) + "\n")
    monkeypatch.setattr("lamsach.archive.archive.hash_check", lambda: "other")
    archive, _ = filled(tmp_path / "archive", log)
    _, plan = both(archive, log, write_list(tmp_path))
    assert plan.opened == plan.segments == 1


def test_a_list_that_names_nothing_there_opens_nothing(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("\n".join(firewall_log(random.Random(5), 300, hits=3)) + "\n")
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(f"nothing-{n}.example.net" for n in range(1000)) + "\n198.18.0.0/15\n")
    archive, _ = filled(tmp_path / "archive", log)
    found, plan = both(archive, log, listed)
    assert plan.opened == 0
    assert [row.lines for row in found.coverage] == [300]


def test_packs_of_many_segments_are_made_used_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    monkeypatch.setattr("lamsach.archive.catalog.GROUP", 4)
    log = tmp_path / "a.log"
    log.write_text("\n".join(firewall_log(random.Random(6), 1500, hits=5)) + "\n")
    archive, _ = filled(tmp_path / "archive", log, chunk_bytes=SMALL)
    listed = write_list(tmp_path)
    both(archive, log, listed)
    packs = archive.store.names("packs")
    assert len(packs) > 2
    original = Catalog._heads

    def only_the_last(self: Catalog, entries: Any) -> Any:
        assert entries[-1] == self.archive.segments()[-1]
        return original(self, entries)

    monkeypatch.setattr(Catalog, "_heads", only_the_last)
    both(archive, log, listed)
    (tmp_path / "archive" / packs[0]).write_bytes(b"damaged")
    monkeypatch.undo()
    monkeypatch.setattr(investigating, "hunt", partial(hunt, chunk_bytes=SMALL))
    monkeypatch.setattr("lamsach.archive.catalog.GROUP", 4)
    both(archive, log, listed)


def test_archived_files_are_not_archived_again(tmp_path: Path, small_chunks: None) -> None:
    log = tmp_path / "a.log"
    log.write_text("\n".join(firewall_log(random.Random(7), 1500, hits=5)) + "\n")
    archive, _ = filled(tmp_path / "archive", log, chunk_bytes=SMALL)
    with writing(archive) as writer:
        again = list(fill(writer, find_logs([str(log)])))
    assert [item.known for item in again] == [True]
    both(archive, log, write_list(tmp_path))


def test_interrupted_filling_is_resumed(tmp_path: Path, small_chunks: None) -> None:
    log = tmp_path / "a.log"
    log.write_text("\n".join(firewall_log(random.Random(8), 1500, hits=5)) + "\n")
    archive = Archive(str(tmp_path / "archive"), create=True)
    archive.settings["chunk_bytes"] = SMALL
    stop_after = 3

    def stopping(_size: int) -> None:
        nonlocal stop_after
        stop_after -= 1
        if not stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), writing(archive) as writer:
        list(fill(writer, find_logs([str(log)]), on_bytes=stopping))
    assert len(archive.segments()) == 3
    with writing(archive) as writer:
        list(fill(writer, find_logs([str(log)])))
    assert len(archive.segments()) > 3
    both(archive, log, write_list(tmp_path))


@pytest.mark.parametrize(
    ("text", "same_text"), [("2022-09-01", True), (None, True), ("30d", False), ("1y", False), ("0d", True)]
)
def test_times_counted_back(text: str | None, same_text: bool) -> None:
    zone = investigating.DEFAULT_TIMEZONE
    assert (days_back(text, zone) == text) is same_text


def test_listed_values_are_all_of_use() -> None:
    assert len(set(LISTED)) == 5


def test_leases_far_from_the_contact_name_the_machine_without_opening_their_segments(
    tmp_path: Path, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = []
    for number in range(3000):
        stamp = f"Sep  1 {number // 360:02d}:{number // 6 % 60:02d}:{number % 6 * 10:02d} gw"
        client = f"10.0.0.{number % 50 + 10}"
        if number % 100 == 0:
            lease = number // 100 % 50
            mac = f"52:54:00:00:00:{lease:02x}"
            lines.append(f"{stamp} dnsmasq-dhcp[9]: DHCPACK(lan) 10.0.0.{lease + 10} {mac} pc-{lease}")
        lines.append(f"{stamp} dnsmasq[8]: query[A] h{number}.example.org from {client}")
    lines.append("Sep  1 09:00:00 gw dnsmasq[8]: query[A] www.evil.example from 10.0.0.12")
    log = tmp_path / "dnsmasq.log"
    log.write_text("\n".join(lines) + "\n")
    archive, _ = filled(tmp_path / "archive", log, chunk_bytes=SMALL)
    described = [archive.head(entry).description for entry in archive.segments()]
    assert all(about.holders for about in described[:3])
    found, plan = both(archive, log, write_list(tmp_path))
    assert [device.name for device in found.devices] == ["pc-2"]
    assert plan.opened < plan.segments
    opened: list[str] = []
    from lamsach.archive import holders

    monkeypatch.setattr(holders, "raw_of", lambda _archive, row: opened.append(row.name) or b"")
    both(archive, log, write_list(tmp_path))
    assert opened == []


def role_of(infrastructure: Infrastructure, ip: str) -> str | None:
    standing = forwarding_role(infrastructure, Identity(ip))
    return standing.role if standing else None


def test_few_signs_prove_the_same_as_many() -> None:
    rng = random.Random(4)
    many = []
    for _ in range(6000):
        kind = rng.choice(("dns", "web", "connection", "other"))
        servers = ("10.0.0.53", "10.0.0.54") if kind == "dns" else (f"10.9.{rng.randrange(40)}.1",)
        server = rng.choice((*servers, "192.0.2.8"))
        event = Event(
            kind=EventKind(kind),
            source_ip=f"10.0.1.{rng.randrange(12 if server.endswith('54') else 200)}",
            destination_ip=server,
            destination_port=53 if kind == "dns" else rng.choice((8080, 3128, 443)),
            domain=rng.choice((None, server, f"h{rng.randrange(60)}.d{rng.randrange(30)}.example")),
        )
        if (sign := sign_of(event)) is not None:
            many.append(list(sign))
    few = CompactSigns()
    for begin in range(0, len(many), 100):
        part = CompactSigns()
        part.add(many[begin : begin + 100])
        few.add(part.rows())
    whole, less = Infrastructure(), Infrastructure()
    replay(many, whole.observe)
    replay(few.rows(), less.observe)
    addresses = {str(value) for row in many for value in row[1:3] if value}
    roles = {address: role_of(whole, address) for address in addresses}
    assert {address: role_of(less, address) for address in addresses} == roles
    assert len(set(roles.values())) > 2
    assert len(few.rows()) < len(many) / 3


def test_addresses_as_numbers_are_found_too(tmp_path: Path) -> None:
    """No filter contains them: their segments are opened, and each line is read."""
    flow = '{{"IPV4_SRC_ADDR": {}, "IPV4_DST_ADDR": {}, "L4_DST_PORT": 443, "FIRST_SWITCHED": 1662000000}}\n'
    row = "{}|{}|51234|443|6|2022/09/01T02:20:31|\n"
    for name, line, heading in (("flows", flow, ""), ("rows", row, "sIP|dIP|sPort|dPort|pro|sTime|\n")):
        log = tmp_path / f"{name}.log"
        log.write_text(
            heading + line.format(0x0A010105, 0xC6336501) * 600 + line.format(0x0A010106, 0xCB007142)
        )
        archive, _ = filled(tmp_path / name, log)
        found, _ = both(archive, log, write_list(tmp_path))
        assert [device.ip for device in found.devices] == ["10.1.1.6"]

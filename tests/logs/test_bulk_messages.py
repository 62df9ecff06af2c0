"""DHCP servers' messages in columns equal single lines."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.bulk import reader
from lamsach.logs.reading import tables

from .whole_logs import as_tables, by_line

DATA = Path(__file__).parent / "formats" / "data"
MACS = ["00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5f", "0:1a:2b:3c:4d:5e", "<no identifier>"]
ADDRESSES = ["192.0.2.50", "192.0.2.51", "192.0.2.300", "2001:db8::7"]
NAMES = ["", " (PC-7)", " (PC 7 of An)", " (192.0.2.7)", " (00:1a:2b:3c:4d:5e)", " (-)"]
ENDS = ["", ": network 192.0.2.0/24: no free leases", ": wrong network.",
    " relay 192.0.2.1 lease-duration 3600", " (found)", " [600]"]  # fmt: skip
LEASE_FILE = ["lease 192.0.2.50 {", "  starts 3 2026/06/10 01:00:00;", "  ends 3 2026/06/10 09:00:00;",
    "  binding state active;", "  hardware ethernet 00:1a:2b:3c:4d:5e;", "}"]  # fmt: skip
ODD = ["", "  a", "}", "# a comment", "Jun 10 08:00:01 dhcp01 dhcpd[812]: Wrote 5 leases to leases file.",
    "Jun 31 08:00:01 dhcp01 dhcpd[812]: DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e via eth0",
       "Jun 10 08:00:01 dhcp01 sshd[812]: dhcpd[1]: DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e via eth0",
       "Abandoning IP address 192.0.2.50: declined."]  # fmt: skip


def dhcpd(chance: random.Random) -> str:
    mac, address = chance.choice(MACS), chance.choice(ADDRESSES)
    who = f"{mac}{chance.choice(NAMES)} via {chance.choice(['eth0', '192.0.2.254'])}{chance.choice(ENDS)}"
    message = chance.choice(
        [
            f"DHCPACK on {address} to {who}", f"DHCPACK to {address} ({mac}) via eth0",
            f"DHCPREQUEST for {address} (192.0.2.1) from {who}", f"DHCPDISCOVER from {who}",
            f"DHCPRELEASE of {address} from {who}", f"DHCPNAK on {address} to {who}",
            f"DHCPINFORM from {address} via eth0", f"DHCPEXPIRE on {address} to {mac}",
        ]
    )  # fmt: skip
    return (
        f"Jun 10 08:{chance.randrange(60):02d}:{chance.randrange(60):02d} "
        f"{chance.choice(['dhcp01', 'dhcp02'])} dhcpd[812]: {message}"
    )


def kea(chance: random.Random) -> str:
    mac, address, number = chance.choice(MACS), chance.choice(ADDRESSES), chance.randrange(16**6)
    client = f"[hwtype=1 {mac}], cid=[{chance.choice(['no info', '01:' + mac])}]"
    message = chance.choice(
        [
            (f"DHCP4_LEASE_ALLOC {client}, tid=0x{number:x}: lease {address} has been allocated for "
             f"{chance.choice([600, 3600])} seconds"),
            f"DHCP4_LEASE_ADVERT {client}, tid=0x{number:x}: lease {address} will be advertised",
            f"DHCP4_RELEASE {client}, tid=0x{number:x}: address {address} was released properly.",
            ("DHCP6_LEASE_ALLOC duid=[00:01:00:01:2a:bc:de:f0:00:1a:2b:3c:4d:60], [no hwaddr info], "
             f"tid=0x{number:x}: lease for address 2001:db8::50 and iaid=1 has been allocated"),
            f"ALLOC_ENGINE_V4_LEASE_RECLAIM {client}: reclaiming expired lease for address {address}",
            "DHCP4_STARTED Kea DHCPv4 server version 2.6.1 started",
        ]
    )  # fmt: skip
    clock = f"10:{chance.randrange(60):02d}:{chance.randrange(60):02d}"
    level = chance.choice(["INFO  ", "DEBUG "])
    return chance.choice(
        [
            (
                f"2026-06-10 {clock}.{chance.randrange(1000):03d} "
                f"{level}[kea-dhcp4.leases/812.14073748835{chance.randrange(3)}] {message}"
            ),
            f"Jun 10 {clock} dhcp01 kea-dhcp4[812]: {level}{message}",
        ]
    )


@pytest.mark.parametrize("program", ["dhcpd", "kea"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_mixed_messages_equal_single_lines(
    tmp_path_factory: pytest.TempPathFactory, program: str, seed: int
) -> None:
    chance = random.Random(seed)
    lines = [(dhcpd if program == "dhcpd" else kea)(chance) for _ in range(60)]
    for _ in range(chance.choice([0, 0, 1, 4])):
        at = chance.randrange(len(lines))
        lines[at:at] = chance.choice([[chance.choice(ODD)], LEASE_FILE])
    path = tmp_path_factory.mktemp("dhcp") / "a.log"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "PIECE_LINES", chance.choice([80, 160, 400]))
        patched.setattr(reader, "FEW_LINES", 2)
        assert as_tables(path) == by_line(path)


def test_unusual_message_is_parsed_singly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 2)
    monkeypatch.setattr(tables._Pieces, "_single", None)
    chance = random.Random(7)
    usual = [
        f"Jun 10 08:00:{at:02d} dhcp01 dhcpd[812]: DHCPACK on 192.0.2.{at} to 00:1a:2b:3c:4d:5e via eth0"
        for at in range(1, 40)
    ]
    usual[chance.randrange(5, 30)] = ODD[4]
    path = tmp_path / "a.log"
    path.write_text("\n".join(usual) + "\n", "utf-8")
    monkeypatch.setattr(tables._Pieces, "_last_record", lambda _self, lines: len(lines))
    assert as_tables(path)[0].num_rows == 38

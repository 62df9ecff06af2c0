"""Further checks of a Linux machine: processes, caches, daemons."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from lamsach.errors import UsageError
from lamsach.scanner.checks import processes
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.event_logs import search_event_log
from lamsach.scanner.checks.memory import memory_of
from lamsach.scanner.checks.processes import canonical_address, check_processes
from lamsach.scanner.checks.tools import output_of
from lamsach.scanner.clamd import parse_address
from lamsach.scanner.control import Control, Stopped
from lamsach.scanner.file_walk import read_mounts
from lamsach.scanner.findings import Target, TargetKind
from lamsach.scanner.full_scan import scan
from lamsach.scanner.index import Index
from lamsach.scanner.options import Mode, Options
from lamsach.scanner.safe_open import Skipped

from .planted import EICAR, write


def test_addresses_are_put_into_canonical_form() -> None:
    assert [canonical_address(text) for text in ("::FFFF:1.2.3.4", "FE80::1%eth0", "x")] == [
        "1.2.3.4",
        "fe80::1",
        None,
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_and_memory(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "memory_" + "miner_" + "donate.v2." + "xmrig.com"
    code = (
        "import signal; a = 'donate.v2.' + 'xmrig.com' + ' random' + 'x crypto' + 'night'; "
        f"print('{len(secret)}', flush=True); signal.pause()"
    )
    # Not our child: the memory of the scan's own processes is not searched.
    starter = (
        f"import subprocess,sys; p = subprocess.Popen([sys.executable, '-c', {code!r}], "
        "start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, "
        "stderr=subprocess.DEVNULL); p.stdout.readline(); print(p.pid)"
    )
    pid = int(
        subprocess.run([sys.executable, "-c", starter], capture_output=True, check=True, text=True).stdout
    )
    try:
        monkeypatch.setattr(psutil, "process_iter", lambda: iter([psutil.Process(pid)]))
        context.options = Options(root="/")
        check_processes(context)
        found = {(finding.reason, finding.target.pid) for finding in context.findings if finding.target}
        assert ("memory_rule", pid) in found
        assert context.counts.processes == 1
    finally:
        psutil.Process(pid).kill()


@pytest.mark.parametrize("pieces", [0, 3])
def test_memory_leaves_time_for_the_rest(
    context: Context, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    """Programs with much memory.

    The search ends after its share of the time, even within a program, and lists each program.
    """
    searched: list[bytes] = []

    class Search:
        def search(self, data: bytes) -> list[Any]:
            searched.append(data)
            return []

    monkeypatch.setattr(processes, "memory_of", lambda *_: itertools.repeat(b"x"))
    monkeypatch.setattr(context.control, "used", lambda: 0.39 if len(searched) < pieces else 0.41)
    target = Target(TargetKind.PROCESS, pid=1)
    for _ in range(2):
        processes._memory(context, 1, "large", target, Search())  # type: ignore[arg-type]
    assert len(searched) == pieces
    assert [(skip.subject, skip.reason) for skip in context.skips] == [("large", "memory_slow")] * 2


def test_how_much_of_the_time_is_used() -> None:
    assert Control().used() == 0
    control = Control(seconds=0.001)
    while control.elapsed_s() < 0.001:
        pass
    assert control.used() >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_vanished() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with pytest.raises(Skipped, match="vanished"):
        list(memory_of(ended.pid, 1 << 20))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["true"], "tool_empty"),
        (["false"], "tool_failed"),
        (["no-such-program"], "tool_missing"),
        (["sleep", "5"], "tool_slow"),
    ],
)
def test_a_silent_tool_is_no_proof(command: list[str], reason: str) -> None:
    with pytest.raises(Skipped) as skipped:
        output_of(command, seconds=0.3)
    assert skipped.value.reason == reason


def test_a_full_scan_of_a_mounted_disk(context: Context) -> None:
    write(context, "etc/hosts", "127.0.0.1 activate.adobe.com\n")
    write(context, "etc/cron.d/x", "@reboot root /opt/svc/run\n")
    (context.root / "opt/svc").mkdir(parents=True)
    (context.root / "opt/svc/bad.com").write_bytes(EICAR)
    result = scan(
        Options(mode=Mode.QUICK, root=str(context.root), lists=context.options.lists, jobs=0, nice=False)
    )
    assert {finding.reason for finding in result.findings} == {"hosts_activation", "own_rule"}
    assert "processes" not in result.checks


def test_stop_pause_and_time() -> None:
    seen = []
    control = Control(seen.append, seconds=1000)
    control.total_bytes = 100
    control.step(1, 50)
    assert control.progress().remaining_s is not None
    control.pause()
    assert control.progress().paused
    control.resume()
    control.check()
    control.stop()
    with pytest.raises(Stopped):
        control.check()
    with pytest.raises(Stopped, match="time"):
        Control(seconds=0).check()


def test_a_stopped_scan_retains_its_findings(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.com").write_bytes(EICAR)
    control = Control(lambda seen: control.stop() if seen.files >= 2 else None)
    control._last = -1
    control.report = lambda *, force=False: control._on_progress(control.progress())  # type: ignore[method-assign]
    result = scan(Options(mode=Mode.PATHS, paths=[str(tmp_path)], jobs=0, nice=False), control)
    assert result.stopped == "user"
    assert 0 < len(result.findings) < 5


@pytest.mark.parametrize("address", ["192.0.2.1:3310", "example.com:3310", "127.0.0.1:0", "127.0.0.1", "x"])
def test_clamd_runs_on_this_machine_only(address: str) -> None:
    with pytest.raises(UsageError):
        parse_address(address)


def test_mounts_are_read_as_the_kernel_lists_them(tmp_path: Path) -> None:
    import os

    (tmp_path / "m").write_text(
        "22 1 0:21 / /proc rw - proc proc rw\n23 1 0:40 / /net rw shared:1 - nfs4 srv:/ rw\n"
        "24 1 8:1 / / rw - ext4 /dev/sda1 rw\nbroken\n"
    )
    mounts = read_mounts(str(tmp_path / "m"))
    assert [mounts.refusal(os.makedev(*pair)) for pair in ((0, 21), (0, 40), (8, 1))] == [
        "pseudo",
        "remote",
        None,
    ]


SAMPLES = Path(__file__).parents[2] / "../shared/samples/evtx/files"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_event_logs_are_searched_for_listed_values(context: Context, tmp_path: Path) -> None:
    file = next(SAMPLES.glob("*DE_RDP_Tunnel_5156.evtx"))
    (tmp_path / "l.txt").write_text("ff02::1:2\n")
    with sqlite3.connect(context.index._path.replace("list.db", "two.db")) as base:
        base.execute(
            "CREATE TABLE entry (value TEXT, type TEXT, threat TEXT, source TEXT, place TEXT, PRIMARY "
            "KEY (value, type)) WITHOUT ROWID"
        )
        base.execute("INSERT INTO entry VALUES ('10.0.2.18', 'ip', 'bot', '', 'l.txt:1')")
    base.close()
    context.index = Index(context.index._path.replace("list.db", "two.db"))
    search_event_log(context, str(file))
    assert context.counts.events == 101
    assert {(finding.values["event"], finding.values["channel"]) for finding in context.findings} == {
        (5156, "Security")
    }
    damaged = tmp_path / "d.evtx"
    data = bytearray(file.read_bytes())
    data[5000:9000] = b"\xff" * 4000
    damaged.write_bytes(data)
    search_event_log(context, str(damaged))
    (tmp_path / "e.evtx").write_bytes(b"ElfFile\0" + b"\0" * 10)
    search_event_log(context, str(tmp_path / "e.evtx"))
    assert str(tmp_path / "e.evtx") in {skip.subject for skip in context.skips}

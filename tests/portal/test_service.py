"""The systemd unit: text accepted by systemd, installation and removal; failures restore the former state."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.cli import main
from lamsach.errors import ExitStatus, OutputError, UsageError
from lamsach.portal import service
from lamsach.portal.service import Service, install, quoted, remove
from tests.programs import require_program
from tests.results.texts import python_texts
from tests.rows import each_row

PLACE = Path("/var/lib/lamsach")
PYTHON = Path("/opt/lamsach/bin/python")
ME = pwd.getpwuid(os.geteuid()).pw_name
DATA = Path("/srv/lamsach test")


class Systemctl:
    """Recorded commands; those that begin with `refused` fail."""

    def __init__(self, refused: str = "-") -> None:
        self.called: list[str] = []
        self.refused = refused

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        line = shlex.join(command)
        self.called.append(line)
        failed = line.startswith(self.refused)
        return subprocess.CompletedProcess(command, int(failed), "", "first\nwhy not\n" if failed else "")


def parsed(text: str) -> dict[str, list[tuple[str, str]]]:
    """Settings of a unit by section; keys may repeat."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.append((key, value))
    return found


def settings(**options: object) -> dict[str, str]:
    return dict(parsed(Service(**{"data": PLACE, "python": PYTHON, **options}).unit())["Service"])  # type: ignore[arg-type]


def test_the_unit_is_hardened_and_starts_the_portal() -> None:
    found = settings()
    assert found["User"] == "lamsach"
    assert found["ExecStart"] == (
        "/opt/lamsach/bin/python -P -m lamsach serve --data /var/lib/lamsach --host 127.0.0.1 --port 8000"
    )
    assert (found["StateDirectory"], found["StateDirectoryMode"]) == ("lamsach", "0700")
    assert "ReadWritePaths" not in found
    every = "Clock ControlGroups Home Hostname KernelLogs KernelModules KernelTunables Proc System"
    assert {key for key in found if key.startswith("Protect")} == {f"Protect{name}" for name in every.split()}
    assert {found[f"Protect{name}"] for name in every.split()} == {"yes", "strict", "invisible"}
    assert found["CapabilityBoundingSet"] == found["AmbientCapabilities"] == ""
    assert found["MemoryDenyWriteExecute"] == found["NoNewPrivileges"] == found["PrivateUsers"] == "yes"


def test_where_the_data_lies_and_where_it_listens() -> None:
    elsewhere = settings(data=DATA, port=443, host="::1", user="_portal-2")
    assert elsewhere["ReadWritePaths"] == '"/srv/lamsach test"'
    assert "StateDirectory" not in elsewhere
    assert elsewhere["ExecStart"].endswith('--data "/srv/lamsach test" --host ::1 --port 443')
    assert elsewhere["CapabilityBoundingSet"] == elsewhere["AmbientCapabilities"] == "CAP_NET_BIND_SERVICE"
    assert elsewhere["PrivateUsers"] == "no"
    assert settings(data=PLACE / "a")["StateDirectory"] == "lamsach/a"
    dollar = settings(data=Path("/srv/$a%b"))
    assert dollar["ReadWritePaths"] == "/srv/$a%%b"
    assert "--data /srv/$$a%%b " in dollar["ExecStart"]


REFUSED: list[tuple[dict[str, object], str]] = [
    *(
        ({"data": Path(path)}, "keep its data")
        for path in (
            "/",
            "/srv",
            "/var/lib",
            "/home/lan/d",
            "/root/d",
            "/tmp/d",
            "/etc/d",
            "/usr/lib/d",
            "/srv/a\nb",
        )
    ),
    *(
        ({"user": name}, "account of its own")
        for name in ("root", "", "a b", "A", "x\nUser=root", "-x", "%u")
    ),
    *(({"host": name}, "address to listen") for name in ("", "a b", "a\nExecStartPre=/bin/sh", "$(x)", "%h")),
]


@each_row("row", REFUSED)
def test_what_no_unit_can_say_is_refused(row: tuple[dict[str, object], str]) -> None:
    options, message = row
    with pytest.raises(UsageError, match=message):
        settings(**options)


@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1).map("/srv/{}".format))
def test_a_word_of_a_unit_stays_one_word(path: str) -> None:
    """Unquoted as systemd does: quotation marks, then backslashes, then specifiers."""
    text = quoted(path)
    inner = re.fullmatch(r'"((?:[^"\\]|\\[\\"])*)"', text)
    read = re.sub(r"\\(.)", r"\1", inner[1]) if inner else text
    assert inner or not re.search(r"""[\s"'\\;]""", text)
    assert read.replace("%%", "%") == path


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = require_program("systemd-analyze")
    for number, made in enumerate(
        (Service(PLACE, python=Path(sys.executable)), Service(DATA, "::1", 443, python=Path(sys.executable)))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        unit = folder / service.NAME
        unit.write_text(made.unit())
        ran = subprocess.run(
            [program, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        options = ("security", "--offline=true", "--threshold=20", "--no-pager", str(unit))
        ran = subprocess.run([program, *options], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def free_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of units; temporary folders of tests are permitted for services."""
    monkeypatch.setattr(service, "_HIDDEN", ("/home",))
    units = tmp_path / "units"
    units.mkdir()
    return units


def test_installed_and_removed(free_places: Path, tmp_path: Path) -> None:
    called = Systemctl()
    wanted = Service(tmp_path / "data", user=ME if ME != "root" else "daemon")
    if os.geteuid() != 0 and wanted.user != ME:
        pytest.skip("needs root to give the folder away")
    assert install(wanted, units=free_places, run=called) is False
    assert called.called == [
        f"systemctl {word}" for word in ("daemon-reload", f"enable {service.NAME}", f"restart {service.NAME}")
    ]
    unit = free_places / service.NAME
    assert unit.read_text() == wanted.unit()
    assert wanted.data.stat().st_mode & 0o777 == 0o700
    assert wanted.data.owner() == wanted.user
    install(Service(wanted.data, user=wanted.user, port=9000), units=free_places, run=called)
    assert "--port 9000" in unit.read_text()
    called.called.clear()
    assert remove(units=free_places, run=called) == unit
    assert called.called == [f"systemctl disable --now {service.NAME}", "systemctl daemon-reload"]
    assert list(free_places.iterdir()) == []
    assert wanted.data.is_dir()
    with pytest.raises(UsageError, match="no such service"):
        remove(units=free_places, run=called)


def test_the_account_is_made(free_places: Path) -> None:
    called = Systemctl()
    wanted = Service(PLACE, user="lamsach-not-there")
    assert install(wanted, units=free_places, run=called) is True
    assert called.called[0].startswith("useradd --system ")
    assert called.called[0].endswith(" --shell /usr/sbin/nologin lamsach-not-there")
    with pytest.raises(OutputError, match="account could not be made"):
        install(wanted, units=free_places, run=Systemctl("useradd"))


@pytest.mark.parametrize("refused", ["systemctl enable", "systemctl restart", "systemctl daemon-reload"])
def test_what_systemd_refuses_leaves_what_was_there(free_places: Path, refused: str) -> None:
    unit = free_places / service.NAME
    with pytest.raises(OutputError, match="why not"):
        install(Service(PLACE, user="daemon"), units=free_places, run=Systemctl(refused))
    assert not unit.exists()
    install(Service(PLACE, user="daemon"), units=free_places, run=Systemctl())
    before = unit.read_text()
    with pytest.raises(OutputError, match="why not"):
        install(Service(PLACE, user="daemon", port=9000), units=free_places, run=Systemctl(refused))
    assert unit.read_text() == before


def test_a_unit_of_somebody_else_is_left_alone(free_places: Path) -> None:
    unit = free_places / service.NAME
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    called = Systemctl()
    for act in (
        lambda: install(Service(PLACE), units=free_places, run=called),
        lambda: remove(units=free_places, run=called),
    ):
        with pytest.raises(UsageError, match="not written by"):
            act()
    assert (unit.read_text(), called.called) == ("[Service]\nExecStart=/bin/true\n", [])


def test_folders_that_are_not_the_services(
    free_places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = Systemctl()
    data = tmp_path / "data"
    data.mkdir()
    (data / "db.sqlite3").touch()
    other = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid not in (0, os.geteuid()))
    with pytest.raises(UsageError, match="belongs to another account"):
        install(Service(data, user=other), units=free_places, run=called)
    monkeypatch.setattr(service, "_HIDDEN", (str(Path(sys.executable).parent),))
    with pytest.raises(UsageError, match="person's folder"):
        install(Service(PLACE, user=other), units=free_places, run=called)
    assert called.called == []


def status(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["service", *words])
    return int(ended.value.code or 0)


def test_the_command_prints_the_unit_and_refuses_homes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert status("install", "--data", "/srv/x/../lamsach", "--print") == 0
    shown = capsys.readouterr().out
    assert shown == Service(Path("/srv/lamsach")).unit()
    assert status("install", "--data", "/home/x/y", "--print") == ExitStatus.USAGE
    monkeypatch.setattr(service, "RUNNING", tmp_path / "not there")
    for words in (["install"], ["remove"]):
        assert status(*words) == ExitStatus.USAGE
        assert "systemd does not run" in capsys.readouterr().err
    monkeypatch.setattr(service, "RUNNING", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for words in (["install"], ["remove"]):
        assert status(*words) == ExitStatus.USAGE
        assert "Only the administrator (root)" in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(service, "install", lambda wanted: True)
    assert status("install", "--user", "cong") == 0
    output = capsys.readouterr().out
    for part in (
        "account cong",
        "/etc/systemd/system/lamsach.service",
        "/var/lib/lamsach",
        "http://127.0.0.1:8000",
        "service remove",
    ):
        assert part in output
    monkeypatch.setattr(service, "remove", lambda: Path("/x/lamsach.service"))
    assert status("remove") == 0
    assert "/x/lamsach.service" in capsys.readouterr().out


def test_every_text_has_its_vietnamese() -> None:
    texts = set(python_texts(Path(service.__file__).read_text("utf-8")))
    assert len(texts) > 15
    assert texts - set(VIETNAMESE) == set()

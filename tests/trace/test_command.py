"""`lamsach trace` as run by a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from tests.cli.command_runner import lamsach

from .unit_logs import PUBLIC, make_unit


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


def test_the_result_and_its_files(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    outputs = [tmp_path / f"out{suffix}" for suffix in (".html", ".csv", ".docx")]
    ran = lamsach(
        "trace",
        path,
        "--logs",
        tmp_path / "logs",
        "--inventory",
        tmp_path / "machines.csv",
        *(word for output in outputs for word in ("-o", output)),
        "--letter-body",
        "Trung tâm A",
    )
    assert ran.status == ExitStatus.FOUND
    assert ran.out.splitlines()[0] == "The authority names 8, 6 can be explained."
    assert all(output.stat().st_size > 500 for output in outputs)
    assert ran.errors == [f"Written: {output}" for output in outputs]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (f"ip,port,time\n{PUBLIC},20000,03/11/2026 08:59:25\n", ExitStatus.FOUND),
        (f"ip,port,time\n{PUBLIC},33333,03/11/2026 09:10:00\n", ExitStatus.NOTHING_FOUND),
        (f"ip,port,time\n{PUBLIC},33333,03/12/2026 09:10:00\n", ExitStatus.BLIND),
        ("ip,port,time\n203.0.113.99,33333,03/11/2026 09:10:00\n", ExitStatus.BLIND),
        ("", ExitStatus.INPUT),
    ],
)
def test_the_exit_status(tmp_path: Path, content: str, status: ExitStatus) -> None:
    path = make_unit(tmp_path)
    path.write_text(content)
    ran = lamsach("trace", path, "--logs", tmp_path / "logs")
    assert ran.status == status
    assert "Traceback" not in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ["--skew", "soon"], ["--skew", "99h"], ["--timezone", "Mars/Base"], ["--list-timezone", "x"],
        ["--language", "fr"], ["-o", "x.odt"], ["--letter-date", "31/02/2026"],
        ["--password-env", "NOT_SET_ANYWHERE"],
    ],
)  # fmt: skip
def test_invalid_options_are_one_line(tmp_path: Path, words: list[str]) -> None:
    path = make_unit(tmp_path)
    ran = lamsach("trace", path, "--logs", tmp_path / "logs", *words)
    assert (ran.status, len(ran.errors)) == (ExitStatus.USAGE, 1)


@pytest.mark.parametrize(
    ("stated", "explained"), [("90s", 6), ("1.5m", 6), ("+90", 6), ("-90s", 0), ("0", 0)]
)
def test_a_stated_difference_of_clocks(tmp_path: Path, stated: str, explained: int) -> None:
    path = make_unit(tmp_path, behind=90)
    ran = lamsach("trace", path, "--logs", tmp_path / "logs", "--skew", stated)
    assert f"names 8, {explained} can be" in ran.out


def test_a_missing_log_is_reported_and_the_rest_is_done(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    ran = lamsach("trace", path, "--logs", tmp_path / "logs", "--logs", tmp_path / "missing")
    assert ran.status == ExitStatus.PARTIAL
    assert "6 can be explained" in ran.out
    assert any("missing" in line for line in ran.errors)


def test_a_result_that_cannot_be_written(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    ran = lamsach(
        "trace",
        path,
        "--logs",
        tmp_path / "logs",
        "-o",
        tmp_path / "no" / "folder.html",
        "-o",
        tmp_path / "out.csv",
    )
    assert ran.status == ExitStatus.OUTPUT
    assert not (tmp_path / "out.csv").exists()  # it is refused before the trace

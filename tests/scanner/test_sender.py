"""A result is sent to the portal once: at once, again after an interruption, or with the next scan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lamsach.cli import main
from lamsach.cli.scan.send import MAX_WAITING, send_result, unsent_folder
from lamsach.errors import ExitStatus, OutputError
from lamsach.results.upload import Sender

from .planted import EICAR, scan_paths
from .portals import TOKEN, Portal


def scan(folder: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(["scan", str(folder), "--jobs", "0", "--quiet", *words])
    return int(exited.value.code or 0)


def test_a_result_that_was_sent_waits_no_more(
    portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.com").write_bytes(EICAR)
    assert scan(tmp_path / "x", "--send", portal.findings) == ExitStatus.FOUND
    assert len(portal.imported) == 1
    (bundle,) = portal.bundles.values()
    assert bundle[:2] == b"PK"
    assert re.search(r" host=\S+ done=0 sent=1$", capsys.readouterr().out.strip())
    assert not list(unsent_folder().iterdir())


def quick(portal: Portal) -> Sender:
    return Sender(portal.findings, TOKEN, wait=lambda _: None)


def test_an_interruption_is_overcome(portal: Portal, tmp_path: Path) -> None:
    portal.broken = 3
    (tmp_path / "f").write_bytes(b"text")
    send_result(scan_paths(tmp_path / "f"), (portal.findings, TOKEN), "en", [], quick(portal))
    assert len(portal.imported) == 1


def test_an_unsent_result_is_sent_with_the_next(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"text")
    result = scan_paths(tmp_path / "f")
    portal.broken = 100
    with pytest.raises(OutputError):
        send_result(result, (portal.findings, TOKEN), "en", [], quick(portal))
    assert len(list(unsent_folder().iterdir())) == 1
    portal.broken = 0
    (tmp_path / "f").write_bytes(EICAR)
    send_result(scan_paths(tmp_path / "f"), (portal.findings, TOKEN), "en", [], quick(portal))
    assert len(portal.imported) == 2
    assert not list(unsent_folder().iterdir())


def test_no_more_than_some_wait(portal: Portal, tmp_path: Path) -> None:
    unsent_folder().mkdir(parents=True)
    for number in range(MAX_WAITING + 5):
        (unsent_folder() / f"20260101-{number:06}-aa.zip").write_bytes(b"PK")
    (tmp_path / "f").write_bytes(b"text")
    portal.broken = 1000
    with pytest.raises(OutputError):
        send_result(scan_paths(tmp_path / "f"), (portal.findings, TOKEN), "en", [], quick(portal))
    names = sorted(path.name for path in unsent_folder().iterdir())
    assert len(names) == MAX_WAITING
    assert not names[-1].endswith("-aa.zip")


def test_a_refusal_is_reported_and_not_sent_again(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"text")
    portal.refuses = True
    with pytest.raises(OutputError, match="refused"):
        send_result(scan_paths(tmp_path / "f"), (portal.findings, TOKEN), "en", [], quick(portal))
    assert not list(unsent_folder().iterdir())


@pytest.mark.parametrize("trouble", ["no token", "no encryption", "no address"])
def test_reported_before_the_scan(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    url: Any = portal.findings
    if trouble == "no token":
        monkeypatch.delenv("LAMSACH_TOKEN")
    elif trouble == "no encryption":
        url = "http://portal.example/api"
    else:
        url = "portal"
    assert scan(tmp_path, "--send", url) == ExitStatus.USAGE
    assert not portal.bundles

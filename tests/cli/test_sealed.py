"""Sealed results on the command line: made for a key, opened with it; each mistake is one line."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import ExitStatus, UnreadableError, UsageError
from lamsach.results.sealed.files import Keys, open_plain, path_is_sealed
from lamsach.results.sealed.keys import identities
from tests.rows import each_row

from .command_runner import Ran, called, lamsach, write_list, write_log


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A log, a list, a key, and a hunt whose results were sealed to it."""
    folder = tmp_path_factory.mktemp("sealed")
    log, listed = write_log(folder / "dns.log"), write_list(folder / "list.txt")
    key = folder / "unit.key"
    public = lamsach("keys", "new", key).out.strip()
    results = [folder / f"found.{kind}.age" for kind in ("zip", "html", "xlsx", "csv", "jsonl")]
    words = [word for path in results for word in ("-o", path)]
    ran = lamsach("hunt", log, "-i", listed, *words, "--seal-to", public, "-o", folder / "open.zip")
    return {
        "folder": folder,
        "log": log,
        "list": listed,
        "key": key,
        "public": public,
        "results": results,
        "ran": ran,
    }


def test_every_kind_of_result_can_be_sealed(made: dict[str, Any]) -> None:
    assert made["ran"].status == ExitStatus.FOUND
    keys = Keys(identities([made["key"]]))
    for path in made["results"]:
        assert path_is_sealed(path)
        with open_plain(path, keys) as plain:
            assert plain.suffix == Path(path.stem).suffix
            assert plain.stat().st_size > 100
    with (
        open_plain(made["results"][0], keys) as plain,
        zipfile.ZipFile(plain) as sealed,
        zipfile.ZipFile(made["folder"] / "open.zip") as bare,
    ):
        assert sealed.read("devices.jsonl") == bare.read("devices.jsonl")
    assert not path_is_sealed(made["folder"] / "open.zip")


def test_only_the_public_half_is_shown(made: dict[str, Any]) -> None:
    ran_show = lamsach("keys", "show", made["key"])
    assert ran_show.out.strip() == made["public"]
    again = lamsach("keys", "new", made["key"])
    assert again.status == ExitStatus.OUTPUT
    (secret,) = identities([made["key"]])
    for ran in (ran_show, again, made["ran"]):
        assert secret not in ran.out + "\n".join(ran.errors)


def test_a_sealed_bundle_fills_in_the_report(made: dict[str, Any], tmp_path: Path) -> None:
    words = ("report", "--unit", "Phòng A", "--findings", made["results"][0], "-o", tmp_path / "report.json")
    assert isinstance(called(*words).exception, UsageError)
    ran: Ran = lamsach(*words, "--identity", made["key"])
    assert ran.status == 0, ran.errors
    assert (tmp_path / "report.json").exists()
    lamsach("keys", "new", tmp_path / "other.key")
    assert lamsach(*words, "--identity", tmp_path / "other.key").status == ExitStatus.INPUT


def test_a_signed_file_is_sealed_for_sending(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMSACH_TOKEN", "a token of the unit")
    ran = lamsach(
        "send", made["folder"] / "open.zip", "--sign", tmp_path / "a.age", "--seal-to", made["public"]
    )
    assert ran.status == 0, ran.errors
    with open_plain(tmp_path / "a.age", Keys(identities([made["key"]]))) as plain:
        assert plain.read_bytes().startswith(b'{"schema":"lamsach-signed/1"')


def test_a_scan_is_sealed(made: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    out = tmp_path / "scan.json.age"
    ran = lamsach(
        "scan",
        tmp_path / "there",
        "--jobs",
        0,
        "--no-memory",
        "--quiet",
        "-o",
        out,
        "--seal-to",
        made["public"],
    )
    assert ran.status == ExitStatus.NOTHING_FOUND, ran.errors
    with open_plain(out, Keys(identities([made["key"]]))) as plain:
        assert b"summary" in plain.read_bytes()


@each_row(
    "words",
    [
        ("hunt", "{log}", "-i", "{list}", "-o", "a.zip.age"),
        ("hunt", "{log}", "-i", "{list}", "-o", "a.zip", "--seal-to", "{public}"),
        ("hunt", "{log}", "-i", "{list}", "--seal-to", "{public}"),
        ("hunt", "{log}", "-i", "{list}", "-o", "a.exe.age", "--seal-to", "{public}"),
        ("hunt", "{log}", "-i", "{list}", "-o", "a.zip.age", "--seal-to", "{key}"),
        ("hunt", "{log}", "-i", "{list}", "-o", "a.zip.age", "--seal-to", "age1abc"),
        ("trace", "{list}", "--logs", "{log}", "-o", "a.zip.age"),
        ("retro", "--archive", "{folder}", "-i", "{list}", "-o", "a.zip.age"),
        ("scan", "{folder}", "-o", "a.zip.age"),
        ("send", "a.zip", "--sign", "b.zip", "--seal-to", "{public}"),
        ("keys", "show", "{log}"),
        ("backup", "a.zip", "--to", "{public}", "--passphrase"),
        ("backup", "a.zip", "--passphrase"),
        ("backup", "a.zip", "--to", "{key}"),
    ],
)
def test_each_mistake_is_reported_before_the_work(
    words: tuple[str, ...], made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = called(*(word.format(**made) for word in words))
    assert ran.exception is not None, ran
    assert getattr(ran.exception, "exit_status", 2) in (ExitStatus.USAGE, ExitStatus.INPUT)
    assert list(tmp_path.iterdir()) == []


def test_restore_asks_for_the_key(made: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sealed to a key"):
        raise called("restore", made["results"][0], "--data", tmp_path / "data").exception or AssertionError
    ran = called("restore", tmp_path / "none", "--data", tmp_path / "data")
    assert isinstance(ran.exception, UnreadableError)
    ran = called("restore", made["results"][0], "--data", tmp_path / "data", "--identity", made["key"])
    assert "backup is of another version" in str(ran.exception)
    assert list(tmp_path.iterdir()) == []

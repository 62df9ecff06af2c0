"""Versions that releases state, for hunts with several lists."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from lamsach.indicators.releases.release import write_release
from lamsach.indicators.releases.seal import new_key, private_key, stated_version, stated_versions
from lamsach.model import ListVersion
from tests.cli.command_runner import lamsach, write_log
from tests.indicators.builders import archive
from tests.indicators.writers.sample import NOW, SAMPLE


def test_a_release_states_name_number_and_digest(tmp_path: Path) -> None:
    new_key(tmp_path / "key")
    path = tmp_path / "list-3.zip"
    with path.open("wb") as stream:
        manifest = write_release(
            stream, SAMPLE, private_key(tmp_path / "key"), name="Danh sách", version=3, made=NOW
        )
    plain = tmp_path / "more.txt"
    plain.write_text("bot-c2.xyz\n")
    found = stated_versions([str(plain), str(path), str(tmp_path / "missing.zip"), str(tmp_path)])
    assert found == (ListVersion(str(path), "Danh sách", 3, manifest.digest),)


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{}", b'{"name": "x", "version": "x", "digest": "x"}', b"[" * 100_000, b"\xff",
     b'{"name": "x", "version": null, "digest": ""}'],
)  # fmt: skip
def test_files_that_only_look_like_a_release(tmp_path: Path, manifest: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive({"manifest.json": manifest, "indicators.jsonl": b"", "signature.json": b""}))
    assert stated_version(str(path)) is None
    path.write_bytes(path.read_bytes()[:60])
    assert stated_version(str(path)) is None
    path.write_bytes(archive({"manifest.json": manifest}))
    assert stated_version(str(path)) is None


def test_a_hunt_with_several_lists_states_the_version_of_each(tmp_path: Path) -> None:
    new_key(tmp_path / "key")
    for number in (3, 4):
        with (tmp_path / f"list-{number}.zip").open("wb") as stream:
            items = SAMPLE[: 2 * number]
            write_release(
                stream,
                items,
                private_key(tmp_path / "key"),
                name=f"Danh sách {number}",
                version=number,
                made=NOW,
            )
    (tmp_path / "more.txt").write_text("evil.example\n")
    write_log(tmp_path / "dns.log")
    lists = [word for name in ("list-3.zip", "more.txt", "list-4.zip") for word in ("-i", tmp_path / name)]
    lamsach("hunt", tmp_path / "dns.log", *lists, "-o", tmp_path / "found.zip", "-o", tmp_path / "found.html")
    with zipfile.ZipFile(tmp_path / "found.zip") as archive_:
        stated = json.loads(archive_.read("manifest.json"))["indicator_list"]
    assert [(item["name"], item["version"]) for item in stated["versions"]] == [
        ("Danh sách 3", 3),
        ("Danh sách 4", 4),
    ]
    assert [item["digest"] for item in stated["versions"]] != [stated["digest"]] * 2
    assert "Danh sách 3, " in (tmp_path / "found.html").read_text(encoding="utf-8")

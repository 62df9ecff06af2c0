"""The demo's files: always the same for a seed, of a moderate size, and refused for absurd numbers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lamsach.demo import generate
from lamsach.errors import OutputError, UsageError
from tests.months import SMALL, Demo


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(small: Demo, tmp_path: Path) -> None:
    generate(tmp_path, **SMALL)
    assert digests(tmp_path) == digests(small.files.folder)


def test_another_seed_gives_another_unit(small: Demo, tmp_path: Path) -> None:
    generate(tmp_path, seed=7, **SMALL)
    other, first = digests(tmp_path), digests(small.files.folder)
    assert other.keys() == first.keys()
    assert not set(other.values()) & set(first.values())


def test_a_shorter_demo_leaves_no_logs_of_a_longer_one(small: Demo, tmp_path: Path) -> None:
    generate(tmp_path, days=16, devices=SMALL["devices"])
    generate(tmp_path, **SMALL)
    assert digests(tmp_path) == digests(small.files.folder)


def test_the_named_files_exist(full: Demo) -> None:
    names = set(digests(full.files.folder))
    assert {
        "dispatch-annex.xlsx",
        "inventory.xlsx",
        "truth.json",
        "logs/fortigate-traffic.log",
        "logs/fortigate-webfilter.log",
        "logs/fortigate-antivirus.log",
        "logs/fortigate-dns.log",
        "logs/dns/dns-debug.log",
        "logs/squid/access.log.gz",
        "logs/dhcp/DhcpSrvLog-Thu-20220901.log",
        "logs/dhcp/DhcpSrvLog-Fri-20220930.log",
    } <= names
    assert sum(name.startswith("logs/dhcp/") for name in names) == 30
    assert {full.files.annex, full.files.inventory, full.files.truth} < set(full.files.folder.iterdir())


def test_the_size_is_that_of_a_small_unit(full: Demo) -> None:
    size = sum(path.stat().st_size for path in full.files.folder.rglob("*") if path.is_file())
    assert 40_000_000 < size < 120_000_000


@pytest.mark.parametrize("sizes", [{"days": 13}, {"days": 31}, {"devices": 149}, {"devices": 801}])
def test_senseless_numbers_are_refused(sizes: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        generate(tmp_path / "demo", **sizes)
    assert caught.value.todo
    assert not (tmp_path / "demo").exists()


def test_an_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught:
        generate(tmp_path / "file" / "demo", **SMALL)
    assert str(tmp_path) in caught.value.where


@pytest.mark.parametrize(
    ("seed", "sizes"), [(1, SMALL), (99, {"days": 21, "devices": 260}), (5, {"days": 17, "devices": 200})]
)
def test_every_case_is_planted_for_any_seed(
    seed: int, sizes: dict[str, int], tmp_path: Path, full: Demo
) -> None:
    import json

    truth = json.loads(generate(tmp_path, seed=seed, **sizes).truth.read_text(encoding="utf-8"))
    assert [case["name"] for case in truth["cases"]] == [case["name"] for case in full.truth["cases"]]
    assert all(case["indicators"] for case in truth["cases"] if case["state"])

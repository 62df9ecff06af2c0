"""Findings bundle: its contract, and the refusal of hostile or changed ones."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.letters.findings import summarise
from lamsach.portal.findings import bundle_reader
from lamsach.results import write
from lamsach.results.bundle import BundleLimits, read_bundle

from .sample import EVIL, REASONS, empty_findings, rich_findings

Contents = dict[str, bytes]


def _rich() -> dict[str, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        write(rich_findings(), Path(folder) / "findings.zip", "vi", REASONS)
        return {
            name: [data.decode()] if name == "manifest.json" else data.decode().splitlines()
            for name, data in contents_of(Path(folder) / "findings.zip").items()
        }


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write(rich_findings(), tmp_path / "findings.zip", "vi", REASONS)
    return tmp_path / "findings.zip"


def contents_of(path: Path) -> Contents:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, contents: Contents) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def sealed(contents: Contents) -> Contents:
    """Return the contents with matching digests."""
    manifest = json.loads(contents["manifest.json"])
    for name in manifest["contents"]:
        data = contents[name]
        manifest["contents"][name] = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_bytes": len(data),
            "records": data.count(b"\n"),
        }
    return {**contents, "manifest.json": json.dumps(manifest).encode()}


def test_the_manifest_states_the_search_and_the_digests(bundle: Path) -> None:
    contents = contents_of(bundle)
    manifest = json.loads(contents["manifest.json"])
    assert manifest["schema_version"] == 1
    assert manifest["tool_version"] == "0.1.0"
    assert manifest["indicator_list"]["digest"] == "9f" * 32
    assert manifest["parameters"]["timezone"] == "Asia/Ho_Chi_Minh"
    assert len(manifest["coverage"]) == len(rich_findings().coverage)
    for name in ("sightings.jsonl", "devices.jsonl", "evidence.jsonl"):
        assert manifest["contents"][name]["sha256"] == hashlib.sha256(contents[name]).hexdigest()


def test_a_written_bundle_is_read_back(bundle: Path) -> None:
    findings, read = rich_findings(), read_bundle(bundle)
    assert [(d["key"], d["ip"], d["name"], d["mac"], d["state"]) for d in read.devices] == [
        (d.key, d.ip, d.name, d.mac, d.state) for d in findings.devices
    ]
    assert [(s["device"], s["indicator"], s["count"]) for s in read.sightings] == [
        (s.device, s.indicator, s.count) for s in findings.sightings
    ]
    assert {s["device"] for s in read.sightings} <= {d["key"] for d in read.devices}
    assert sum(s["indicator"] == EVIL for s in read.sightings) == 5
    assert [e["text"] for e in read.evidence] == [e.text for s in findings.sightings for e in s.evidence]


def test_an_empty_hunt_is_a_bundle_too(tmp_path: Path) -> None:
    write(empty_findings(), tmp_path / "f.zip", "vi", REASONS)
    read = read_bundle(tmp_path / "f.zip")
    assert (read.devices, read.sightings, read.evidence) == ((), (), ())


RICH = _rich()


def _with(name: str, data: bytes) -> Callable[[Contents], Contents]:
    return lambda contents: {**contents, name: data}


def _without(name: str) -> Callable[[Contents], Contents]:
    return lambda contents: {key: data for key, data in contents.items() if key != name}


_DEVICE = b'{"key":"ip:10.0.0.1","ip":"10.0.0.1","name":null,"mac":null,"state":"infected"}\n'


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_with("../../evil", b"x"), id="traversal"),
        pytest.param(_with("extra.txt", b"x"), id="extra member"),
        pytest.param(_without("evidence.jsonl"), id="member missing"),
        pytest.param(
            lambda c: _with("devices.jsonl", c["devices.jsonl"].replace(b'"infected"', b'"blocked"', 1))(c),
            id="changed",
        ),
        pytest.param(_with("manifest.json", b"[]"), id="manifest is a list"),
        pytest.param(_with("manifest.json", b'{"schema_version":99}'), id="other schema"),
        pytest.param(_with("manifest.json", b'{"schema_version":1}'), id="no contents"),
        pytest.param(_with("manifest.json", b"[" * 100_000), id="deep nesting"),
        pytest.param(_with("manifest.json", b"\xff\xfe"), id="not UTF-8"),
        pytest.param(lambda c: sealed(_with("devices.jsonl", b"not json\n")(c)), id="line is not JSON"),
        pytest.param(lambda c: sealed(_with("devices.jsonl", b"7\n")(c)), id="line is no object"),
        pytest.param(lambda c: sealed(_with("devices.jsonl", b'{"key":"a"}\n')(c)), id="keys missing"),
        pytest.param(
            lambda c: sealed(_with("devices.jsonl", _DEVICE.replace(b"infected", b"guilty"))(c)),
            id="unknown state",
        ),
        pytest.param(
            lambda c: sealed(_with("devices.jsonl", _DEVICE.replace(b'"ip:10.0.0.1"', b"[1]"))(c)),
            id="key is a list",
        ),
        pytest.param(lambda c: sealed(_with("devices.jsonl", _DEVICE * 2)(c)), id="device twice"),
    ],
)
def test_a_changed_or_hostile_bundle_is_refused(
    bundle: Path, tmp_path: Path, change: Callable[[Contents], Contents]
) -> None:
    hostile = pack(tmp_path / "hostile.zip", change(contents_of(bundle)))
    with pytest.raises(UnreadableError) as caught:
        read_bundle(hostile)
    assert caught.value.where.startswith(str(hostile))
    assert caught.value.todo


WRONG: tuple[Any, ...] = ({"a": 1}, [1], [{"a": {}}], "\x00", "", -1, 1e400, True, None, "9" * 400, 1 << 70)


@given(st.data())
def test_a_value_of_another_kind_is_read_or_refused_in_one_sentence(data: st.DataObject) -> None:
    """Replace any value in the four members by any other.

    Readers of bundles (`report`, the portal) accept it or report the error, and never crash.
    """
    contents = {name: [json.loads(line) for line in lines] for name, lines in RICH.items()}
    name = data.draw(st.sampled_from(sorted(contents)))
    rows = contents[name]
    places = list(_places(data.draw(st.sampled_from(rows))))
    holder, key = data.draw(st.sampled_from(places))
    wrong = data.draw(st.sampled_from(WRONG))
    if wrong is None and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = wrong
    packed = {
        name: b"".join(json.dumps(row).encode() + b"\n" for row in rows) for name, rows in contents.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = pack(Path(folder) / "f.zip", packed if name == "manifest.json" else sealed(packed))
        for read in (read_bundle, lambda path: summarise([path]), bundle_reader.read):
            with contextlib.suppress(InputError):
                read(path)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


@pytest.mark.parametrize("state", [{"a": 1}, ["infected"], None, 7])
def test_a_device_whose_state_is_no_word_is_refused_by_name(state: Any, bundle: Path, tmp_path: Path) -> None:
    row = {**json.loads(_DEVICE), "state": state}
    hostile = sealed(_with("devices.jsonl", _DEVICE + json.dumps(row).encode() + b"\n")(contents_of(bundle)))
    path = pack(tmp_path / "hostile.zip", hostile)
    with pytest.raises(UnreadableError) as caught:
        read_bundle(path)
    assert caught.value.where == f"{path}, devices.jsonl:2, state"
    with pytest.raises(UnreadableError):
        summarise([path])


def test_resealing_alone_is_accepted(bundle: Path, tmp_path: Path) -> None:
    resealed = pack(tmp_path / "resealed.zip", sealed(_with("devices.jsonl", _DEVICE)(contents_of(bundle))))
    assert [device["key"] for device in read_bundle(resealed).devices] == ["ip:10.0.0.1"]


@pytest.mark.parametrize(
    "limits", [BundleLimits(member_bytes=1000), BundleLimits(line_bytes=100), BundleLimits(total_bytes=2000)]
)
def test_a_bundle_beyond_the_limits_is_refused(bundle: Path, limits: BundleLimits) -> None:
    with pytest.raises(LimitError):
        read_bundle(bundle, limits)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html>"])
def test_foreign_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f.zip").write_bytes(data)
    with pytest.raises(UnreadableError):
        read_bundle(tmp_path / "f.zip")


def test_a_missing_or_cut_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        read_bundle(tmp_path / "none.zip")
    with pytest.raises(UnreadableError):
        read_bundle(tmp_path)
    data = bundle.read_bytes()
    for size in range(0, len(data), max(1, len(data) // 40)):
        bundle.write_bytes(data[:size])
        with pytest.raises(InputError):
            read_bundle(bundle)


def test_a_flipped_byte_never_gives_other_records(bundle: Path) -> None:
    data, whole = bundle.read_bytes(), read_bundle(bundle)
    for place in range(0, len(data), max(1, len(data) // 150)):
        bundle.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            read = read_bundle(bundle)
        except InputError:
            continue
        assert (read.devices, read.sightings, read.evidence) == (
            whole.devices,
            whole.sightings,
            whole.evidence,
        )

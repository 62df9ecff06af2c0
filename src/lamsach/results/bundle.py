"""Findings bundle: one `.zip` to carry from the hunt to the consolidating unit on a USB stick.

`manifest.json` states the scope of the search and SHA-256, size and record count of `devices.jsonl`,
`sightings.jsonl` and `evidence.jsonl`. Equal findings give equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.model import Findings
from lamsach.results import records
from lamsach.runtime.timeless_zip import entry

MANIFEST = "manifest.json"
DEVICES = "devices.jsonl"
SIGHTINGS = "sightings.jsonl"
EVIDENCE = "evidence.jsonl"
_MEMBERS = (MANIFEST, DEVICES, SIGHTINGS, EVIDENCE)
_ASK_AGAIN = mark("Ask the sender for the bundle again. Nothing in it was used.")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Bundle with verified digests: the manifest, and the records as JSON objects (see `records`)."""

    manifest: dict[str, Any]
    devices: tuple[dict[str, Any], ...]
    sightings: tuple[dict[str, Any], ...]
    evidence: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """Limits of an unpacked bundle: bytes per member, per line, and in total."""

    member_bytes: int = 1 << 30
    line_bytes: int = 16 << 20
    total_bytes: int = 2 << 30


def write_bundle(findings: Findings, stream: BinaryIO, language: str, reasons: Mapping[str, str]) -> None:
    """Write the zip; it contains codes, so language and sentences have no effect."""
    del language, reasons
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        contents = {
            DEVICES: _write_member(archive, DEVICES, map(records.device_record, findings.devices)),
            SIGHTINGS: _write_member(
                archive,
                SIGHTINGS,
                (records.sighting_record(*pair) for pair in enumerate(findings.sightings, 1)),
            ),
            EVIDENCE: _write_member(archive, EVIDENCE, records.evidence_records(findings.sightings)),
        }
        text = json.dumps(_manifest(findings, contents), ensure_ascii=False, indent=1)
        archive.writestr(entry(MANIFEST), text.encode("utf-8", "backslashreplace") + b"\n")


def _manifest(findings: Findings, contents: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema_version": records.SCHEMA_VERSION,
        **records.search_record(findings),
        "contents": contents,
        "indicators": [
            records.indicator_record(indicator) for _, indicator in sorted(findings.indicators.items())
        ],
        "to_look_at": [records.questioned_record(item) for item in findings.to_look_at],
        "coverage": [records.coverage_record(row) for row in findings.coverage],
        "presence": records.presence_record(findings.presence),
        "presence_key": findings.presence_key,
        "device_marks": {key: list(marks) for key, marks in sorted(findings.device_marks.items())},
        "files": [records.file_record(file) for file in findings.files],
    }


def _write_member(archive: zipfile.ZipFile, name: str, lines: Iterable[records.Record]) -> dict[str, Any]:
    digest, size, count = hashlib.sha256(), 0, 0
    with archive.open(entry(name), "w") as member:
        for record in lines:
            line = records.json_line(record)
            member.write(line)
            digest.update(line)
            size += len(line)
            count += 1
    return {"sha256": digest.hexdigest(), "size_bytes": size, "records": count}


def read_bundle(path: Path, limits: BundleLimits | None = None) -> Bundle:
    """Read a bundle of any origin, and check its names, sizes, digests and shape.

    Raises UnreadableError for a file that is no complete, unchanged bundle and LimitError for one that
    unpacks to more than the limits; writes nothing to the disk.
    """
    limits = limits or BundleLimits()
    try:
        with zipfile.ZipFile(path) as archive:
            _check_names(archive, path, limits)
            manifest = _read_manifest(archive, path, limits)
            read = {
                name: _read_records(archive, name, manifest, path, limits)
                for name in (DEVICES, SIGHTINGS, EVIDENCE)
            }
    except OSError as error:
        what = mark("The findings bundle cannot be opened.")
        raise UnreadableError(
            what, str(path), mark("Check the name of the file and the permission to read it.")
        ) from error
    except ZIP_ERRORS as error:
        raise UnreadableError(
            mark("The findings bundle is damaged or is not one."), str(path), _ASK_AGAIN
        ) from error
    known = {device["key"] for device in read[DEVICES]}
    if len(known) != len(read[DEVICES]):
        raise UnreadableError(mark("The findings bundle names a device twice."), str(path), _ASK_AGAIN)
    return Bundle(manifest, read[DEVICES], read[SIGHTINGS], read[EVIDENCE])


def _check_names(archive: zipfile.ZipFile, path: Path, limits: BundleLimits) -> None:
    entries = archive.infolist()
    if sorted(found.filename for found in entries) != sorted(_MEMBERS):
        raise UnreadableError(
            mark("The findings bundle does not hold exactly the files that belong in it."),
            str(path),
            _ASK_AGAIN,
        )
    if any(found.flag_bits & 1 for found in entries):
        raise UnreadableError(mark("The findings bundle is locked with a password."), str(path), _ASK_AGAIN)
    if sum(found.file_size for found in entries) > limits.total_bytes:
        raise _too_large(path)


def _too_large(path: Path) -> LimitError:
    return LimitError(mark("The findings bundle unpacks to more than is allowed."), str(path), _ASK_AGAIN)


def _read_manifest(archive: zipfile.ZipFile, path: Path, limits: BundleLimits) -> dict[str, Any]:
    with archive.open(MANIFEST) as member:
        data = member.read(limits.member_bytes + 1)
    if len(data) > limits.member_bytes:
        raise _too_large(path)
    manifest = _json_object(data)
    if manifest.get("schema_version") != records.SCHEMA_VERSION:
        what = mark("The findings bundle was written by another version, which this one cannot read.")
        raise UnreadableError(what, str(path), mark("Use the same version of the tool on both sides."))
    _check_shape(MANIFEST, 1, manifest, path)
    return manifest


def _read_records(
    archive: zipfile.ZipFile, name: str, manifest: Mapping[str, Any], path: Path, limits: BundleLimits
) -> tuple[dict[str, Any], ...]:
    digest, size, rows = hashlib.sha256(), 0, []
    with archive.open(name) as member:
        while line := member.readline(limits.line_bytes + 1):
            size += len(line)
            if len(line) > limits.line_bytes or size > limits.member_bytes:
                raise _too_large(path)
            digest.update(line)
            rows.append(_json_object(line))
            _check_shape(name, len(rows), rows[-1], path)
    expected = {"sha256": digest.hexdigest(), "size_bytes": size, "records": len(rows)}
    if manifest["contents"].get(name) != expected:
        raise UnreadableError(
            mark("The findings bundle was changed after it was written: a digest differs."),
            str(path),
            _ASK_AGAIN,
        )
    return tuple(rows)


def _check_shape(name: str, line: int, record: dict[str, Any], path: Path) -> None:
    from lamsach.results import bundle_schema as schema

    shapes: dict[str, type[schema.Shape]] = {
        MANIFEST: schema.Manifest,
        DEVICES: schema.Device,
        SIGHTINGS: schema.Sighting,
        EVIDENCE: schema.Evidence,
    }
    if wrong := schema.check(shapes[name], record):
        raise UnreadableError(
            mark("A record of the findings bundle does not have the shape that it should have."),
            f"{path}, {name}:{line}, {wrong}",
            _ASK_AGAIN,
        )


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value

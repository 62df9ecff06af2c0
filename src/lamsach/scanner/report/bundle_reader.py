"""Reader of a scan's result bundle of unknown origin."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import UnreadableError
from lamsach.i18n import mark
from lamsach.scanner.report.records import SCHEMA

_LIMIT_BYTES = 128_000_000
_DAMAGED = mark("The scan's bundle is damaged or is not one.")
_AGAIN = mark("Ask the sender for the bundle again. Nothing in it was used.")


def read_scan(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return manifest, findings and actions after checking every part's digest. Raises UnreadableError."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest_of(archive)
            if manifest.get("schema") != SCHEMA:
                raise UnreadableError(
                    mark("The bundle was written by another version, which this one cannot read."),
                    path.name,
                    mark("Use the same version of the tool on both sides."),
                )
            parts = {}
            for name in ("findings.jsonl", "skips.jsonl", "actions.jsonl", "report.html"):
                with archive.open(name) as member:
                    data = member.read(_LIMIT_BYTES + 1)
                stated = manifest["contents"][name]
                if stated != {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}:
                    raise ValueError("a digest differs")
                parts[name] = data
            return manifest, _lines(parts["findings.jsonl"]), _lines(parts["actions.jsonl"])
    except (*ZIP_ERRORS, TypeError) as error:
        raise UnreadableError(_DAMAGED, path.name, _AGAIN) from error


def _lines(data: bytes) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in data.splitlines() if line.strip()]
    if any(not isinstance(row, dict) for row in rows):
        raise ValueError("no object")
    return rows


def _manifest_of(archive: zipfile.ZipFile, limit: int = 32_000_000) -> dict[str, Any]:
    """Read the manifest of an open bundle. Raises ValueError for an invalid one."""
    with archive.open("manifest.json") as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise ValueError("too large")
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found

"""Result bundle: one `.zip` for the case manager, with each part's SHA-256 in the manifest."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from typing import Any, BinaryIO

from lamsach.i18n import translator
from lamsach.runtime.timeless_zip import entry
from lamsach.scanner.findings import Result, Skip
from lamsach.scanner.report import records
from lamsach.scanner.report.page import html_page

MANIFEST, FINDINGS, SKIPS, ACTIONS, PAGE = (
    "manifest.json",
    "findings.jsonl",
    "skips.jsonl",
    "actions.jsonl",
    "report.html",
)


def write_bundle(
    result: Result, stream: BinaryIO, language: str, actions: Sequence[dict[str, Any]] = ()
) -> None:
    """Write the bundle: manifest, findings, skips, actions performed, and the page for people."""
    _ = translator(language)
    parts = {
        FINDINGS: b"".join(
            records.json_line(records.finding_record(finding, _)) for finding in result.findings
        ),
        SKIPS: b"".join(records.json_line(records.skip_record(skip)) for skip in _skips(result)),
        ACTIONS: b"".join(records.json_line(action) for action in actions),
        PAGE: html_page(result, language, actions).encode("utf-8", "backslashreplace"),
    }
    contents = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        for name, data in parts.items()
    }
    manifest = {**records.summary_record(result), "contents": contents}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry(MANIFEST), json.dumps(manifest, indent=1).encode("ascii") + b"\n")
        for name, data in parts.items():
            archive.writestr(entry(name), data)


def _skips(result: Result) -> list[Skip]:
    return [*result.skips, *result.refused]

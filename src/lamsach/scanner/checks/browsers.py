"""Browsers: visits to listed addresses. `extensions` has those from outside the browser's shop.

Chromium stores its history in the SQLite file `History` (table urls), Firefox in `places.sqlite` (table
moz_places). A copy is read, because the browser locks its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.extensions import check_profile, check_system
from lamsach.scanner.extract import hits
from lamsach.scanner.findings import Area, Finding, Level
from lamsach.scanner.safe_open import Skipped, open_regular, pieces

_CHROMIUM = (
    ".config/google-chrome",
    ".config/chromium",
    ".config/microsoft-edge",
    ".config/BraveSoftware/Brave-Browser",
    ".config/coccoc",
    "snap/chromium/common/chromium",
    "AppData/Local/Google/Chrome/User Data",
    "AppData/Local/Microsoft/Edge/User Data",
    "AppData/Local/BraveSoftware/Brave-Browser/User Data",
    "AppData/Local/CocCoc/Browser/User Data",
)
_FIREFOX = (
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    "AppData/Roaming/Mozilla/Firefox/Profiles",
)
_HISTORY_BYTES = 512 << 20
_ROWS = 1_000_000
_QUERIES = {
    "History": (
        "SELECT url, last_visit_time FROM urls ORDER BY last_visit_time DESC LIMIT ?",
        datetime(1601, 1, 1, tzinfo=UTC),
    ),
    "places.sqlite": (
        "SELECT url, last_visit_date FROM moz_places ORDER BY last_visit_date DESC LIMIT ?",
        datetime(1970, 1, 1, tzinfo=UTC),
    ),
}
_FOUND_PER_FILE = 500


def check_browsers(context: Context) -> None:
    """Check visits and extensions of every profile of every home."""
    for profile in _profiles(context):
        context.control.check()
        for name in _QUERIES:
            if (profile / name).is_file():
                _history(context, profile / name)
        check_profile(context, profile)
    check_system(context)


def _profiles(context: Context) -> Iterator[Path]:
    for home in context.homes():
        for part in _CHROMIUM:
            base = home / part
            if base.is_dir():
                yield from (
                    place for place in [base / "Default", *sorted(base.glob("Profile *"))] if place.is_dir()
                )
        for part in _FIREFOX:
            base = home / part
            if base.is_dir():
                yield from (place for place in sorted(base.iterdir()) if place.is_dir())


def _history(context: Context, file: Path) -> None:
    if not context.index.count:
        return
    folder = tempfile.mkdtemp(prefix="lamsach-history-")
    try:
        copy = Path(folder) / "copy.db"
        for suffix in ("", "-wal"):
            _copy(str(file) + suffix, str(copy) + suffix, needed=not suffix)
        query, epoch = _QUERIES[file.name]
        base = sqlite3.connect(copy)
        try:
            base.execute("PRAGMA trusted_schema = OFF")
            found = 0
            for url, stated in base.execute(query, (_ROWS,)):
                context.counts.visits += 1
                for hit in hits(str(url), context.index):
                    found += 1
                    finding = Finding(
                        *(Area.BROWSER, Level.SUSPICIOUS, "listed_visit", str(file), {"place": hit.place}),
                        *(str(url)[:500], hit.value, hit.threat),
                        time=_moment(epoch, stated),
                    )
                    context.findings.append(finding)
                if found >= _FOUND_PER_FILE:
                    break
        finally:
            base.close()
    except Skipped as skipped:
        context.skip(str(file), skipped.reason)
    except (sqlite3.Error, OSError, ValueError):
        context.skip(str(file), "damaged")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: str, target: str, *, needed: bool) -> None:
    try:
        descriptor, status = open_regular(source)
    except Skipped:
        if needed:
            raise
        return
    try:
        if status.st_size > _HISTORY_BYTES:
            raise Skipped("too_large")
        with Path(target).open("xb") as stream:
            for piece in pieces(descriptor, _HISTORY_BYTES):
                stream.write(piece)
    finally:
        os.close(descriptor)


def _moment(epoch: datetime, stated: object) -> datetime | None:
    try:
        return epoch + timedelta(microseconds=int(stated)) if stated else None  # type: ignore[call-overload]
    except (OverflowError, ValueError, TypeError):
        return None

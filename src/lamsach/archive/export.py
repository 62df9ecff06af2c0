"""Export of archived lines: a file per source with its original bytes (UTF-16 as UTF-8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

from lamsach.archive.archive import Archive
from lamsach.archive.archived_lines import raw_of
from lamsach.archive.catalog import Catalog, Row
from lamsach.archive.retention import all_sources
from lamsach.errors import OutputError, UnreadableError
from lamsach.model import Problem
from lamsach.results.atomic import open_own, own_folder

_UNSAFE = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True, slots=True)
class Exported:
    """Written file, or the reason why it is incomplete."""

    path: Path
    problem: Problem | None = None


def export(
    archive: Archive,
    folder: Path,
    *,
    pattern: str = "*",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Exported]:
    """Write the whole segments of matching sources that have lines in this period. Raises OutputError.

    A damaged segment is reported and omitted. Existing files are not overwritten: the source's key is
    appended to the name.
    """
    rows: dict[str, list[Row]] = {}
    catalog = Catalog(archive)
    for pack in catalog.packs():
        for row in pack.rows:
            if _overlaps(row, since, until):
                rows.setdefault(row.source, []).append(row)
    for problem in catalog.problems:
        yield Exported(folder, problem)
    for source in all_sources(archive):
        if source.key in rows and fnmatch(source.name, pattern):
            path = folder / f"{_UNSAFE.sub('_', source.name).strip('._')[-120:] or 'log'}"
            if path.exists():
                path = path.with_name(f"{path.name}-{source.key}")
            yield from _write(archive, path, rows[source.key])


def _overlaps(row: Row, since: datetime | None, until: datetime | None) -> bool:
    if row.first is None or row.last is None:
        return True
    return not (since and datetime.fromisoformat(row.last) < since) and not (
        until and datetime.fromisoformat(row.first) >= until
    )


def _write(archive: Archive, path: Path, rows: list[Row]) -> Iterator[Exported]:
    try:
        own_folder(path.parent)
        with open_own(path, "xb") as file:
            for row in rows:
                try:
                    file.write(raw_of(archive, row))
                except UnreadableError as error:
                    yield Exported(path, Problem(error.where, error.what, error.todo))
    except OSError as error:
        raise OutputError(
            "The file could not be written.",
            f"{path}: {error.strerror}",
            "Check the path and the free space.",
        ) from None
    yield Exported(path)

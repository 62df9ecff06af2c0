"""Which files of the tool catalogue are scanners that can be filled with a campaign: told by what lies in them."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

from django.core.cache import cache
from django.core.files.storage import default_storage

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.portal.public.models import Tool
from lamsach.scanner.campaign import FOLDER

_ENTRY = re.compile(r"((?:[^/]+/)?)app/lamsach_scanner\.py")
_KEY = re.compile(rb'^PUBLIC_KEY = "([0-9a-f]{64}|)"', re.MULTILINE)
_ENTRY_BYTES = 100_000
_KEPT_S = 3600


@dataclass(frozen=True, slots=True)
class Program:
    """A scanner of the catalogue. `inside`: the folder in the zip, with its stroke; `key`: the one key whose lists it takes, in hexadecimal digits, or empty."""

    tool: Tool
    inside: str
    key: str
    windows: bool


def programs() -> list[Program]:
    """The scanners of the catalogue, also those that the public page does not show."""
    found = (program_of(tool) for tool in Tool.objects.exclude(path="").order_by("name", "pk"))
    return [program for program in found if program is not None]


def program_of(tool: Tool) -> Program | None:
    """The tool as a scanner; None for another file, a damaged one, or one that carries a campaign already."""
    name = f"fleet.program:{tool.sha256}"
    known = cache.get(name)
    if known is None:
        known = _looked_into(tool.path)
        cache.set(name, known, _KEPT_S)
    return Program(tool, *known) if known else None


def _looked_into(path: str) -> tuple[str, str, bool] | tuple[()]:
    try:
        with default_storage.open(path, "rb") as stream, zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            entries = [match for name in names if (match := _ENTRY.fullmatch(name))]
            if len(entries) != 1:
                return ()
            inside = entries[0][1]
            with archive.open(entries[0][0]) as member:
                key = _KEY.search(member.read(_ENTRY_BYTES))
            if key is None or any(name.startswith(f"{inside}{FOLDER}/") for name in names):
                return ()
            return inside, key[1].decode(), f"{inside}Lamsach.exe" in names
    except ZIP_ERRORS:
        return ()

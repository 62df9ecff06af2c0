"""Zip files whose entries all have the same time, so that equal findings give equal bytes."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

_TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the earliest time in the format
_BLOCK = 1 << 20


def entry(name: str) -> zipfile.ZipInfo:
    """Return the header of a compressed entry, the same on every system."""
    header = zipfile.ZipInfo(name, _TIMESTAMP)
    header.compress_type = zipfile.ZIP_DEFLATED
    header.create_system = 3
    header.external_attr = 0o644 << 16
    return header


class TimelessZip(zipfile.ZipFile):
    """Zip file for a library that adds entries by name (openpyxl): they get the headers of `entry`."""

    def writestr(
        self, zinfo_or_arcname: str | zipfile.ZipInfo, data: Any, *args: Any, **options: Any
    ) -> None:
        """Add data under a name."""
        del args, options
        name = zinfo_or_arcname if isinstance(zinfo_or_arcname, str) else zinfo_or_arcname.filename
        super().writestr(entry(name), data)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **options: Any) -> None:
        """Add a file under a name."""
        del args, options
        with Path(filename).open("rb") as source, self.open(entry(arcname or filename), "w") as target:
            shutil.copyfileobj(source, target, _BLOCK)

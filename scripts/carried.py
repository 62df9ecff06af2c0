"""Renew the third-party files of the package: the used warning lists of the MISP project, packed into one
file, and Bootstrap's style sheet, each with its licence.

`python scripts/carried.py FOLDER`: FOLDER holds the packages pymispwarninglists and bootstrap-wrapper (`uv
pip install --target FOLDER ..`). The same packages give the same bytes.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "lamsach"
sys.path.insert(0, str(SOURCE.parent))

from lamsach.indicators.review.facts import WARNING_LISTS, list_key  # noqa: E402 - the sources beside this script


def packed(lists: Path) -> bytes:
    """Return the used lists: names with versions, an empty line, then key and list number of each value,
    sorted. `lists`: the project's folder of them.
    """
    heads, lines = [], set()
    for number, name in enumerate(WARNING_LISTS):
        record = json.loads((lists / name / "list.json").read_text("utf-8"))
        heads.append(f"{name} {record['version']}")
        lines |= {f"{list_key(str(value))}\t{number}" for value in record["list"] if value}
    if any(len(line.splitlines()) > 1 for line in lines):
        sys.exit("A value cannot be written on a line of its own.")
    return gzip.compress("\n".join([*heads, "", *sorted(lines), ""]).encode(), 9, mtime=0)


def main() -> None:
    """Write the files."""
    packages = Path(sys.argv[1])
    data = SOURCE / "indicators" / "review" / "data"
    (data / "warning_lists.gz").write_bytes(
        packed(packages / "pymispwarninglists" / "data" / "misp-warninglists" / "lists")
    )
    (licence,) = packages.glob("pymispwarninglists-*.dist-info/licenses/LICENSE")
    shutil.copyfile(licence, data / "LICENSE.warning_lists")
    (sheet,) = packages.rglob("css/bootstrap.min.css")
    shutil.copyfile(sheet, SOURCE / "portal" / "base" / "static" / "bootstrap" / "bootstrap.min.css")


if __name__ == "__main__":
    main()

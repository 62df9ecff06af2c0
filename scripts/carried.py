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
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "lamsach"
sys.path.insert(0, str(SOURCE.parent))

from lamsach.indicators.review.facts import WARNING_LISTS, key_of, value_of  # noqa: E402 - the sources beside this script


def packed(lists: Path) -> bytes:
    """Return the used lists: names with versions, an empty line, then sorted keys, each with the numbers of
    its lists (see `warning_lists`). `lists`: the project's folder of them.
    """
    heads, numbers = [], defaultdict[str, list[str]](list)
    for number, name in enumerate(WARNING_LISTS):
        record = json.loads((lists / name / "list.json").read_text("utf-8"))
        heads.append(f"{name} {record['version']}")
        found: dict[str, str] = {}
        for value in sorted(str(value).strip(" .").lower() for value in record["list"]):
            if (key := key_of(value)) is not None:
                is_www = key[0] == "." and value == f"www.{value_of(key)}"
                found[key] = f"{number}w" if is_www and key not in found else str(number)
        for key, stated in found.items():
            numbers[key].append(stated)
    lines = (f"{key}\t{' '.join(stated)}" for key, stated in sorted(numbers.items()))
    return gzip.compress("\n".join([*heads, "", *lines, ""]).encode(), 9, mtime=0)


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

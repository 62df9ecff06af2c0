"""Memory and time of the portal's lists at a million values: reading, versions, what changed, outlets, TAXII.

Each in a process of its own.

    python -m bench.list_versions [--values 1000000] [--write docs/benchmarks.md]

On SQLite in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from bench.measure import run
from bench.review_queue import prepared
from bench.tables import Table, recorded, tell

VALUES = 1_000_000
STEPS = {
    "fill": "a document is added",
    "read": "the document is read, doubts are noted",
    "first": "the first version is made and signed",
    "again": "the second document (a tenth is new, a tenth is gone) is read",
    "second": "the second version is made, compared with the first",
    "changes": "the page of the second version",
    "download": "whether a unit below may have the release",
    "edl": "an outlet's parts: addresses as EDL",
    "rpz": "an outlet's parts: names as RPZ",
    "page": "a page of TAXII: 10,000 objects added since the first version",
    "looked up": "one value is looked up in the list",
}
INTRODUCTION = (
    "`python -m bench.list_versions`: {values} values (half of them names, half addresses, each with its "
    "threat), SQLite. The portal alone, before it does anything, takes {base}. {day:%d %B %Y}, {cores} "
    "cores.\n"
)


def text_of(first: int, count: int) -> str:
    """A CSV list of so many values."""
    lines = ["value,threat"]
    for number in range(first, first + count):
        value = (
            f"c{number:07}.bot{number % 977}.xyz"
            if number % 2
            else f"{40 + number % 80}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        )
        lines.append(f"{value},Mirai")
    return "\n".join(lines) + "\n"


def _kept() -> Any:
    from lamsach.portal.lists.models import KeptList

    return KeptList.objects.get()


def _add(text: str, name: str) -> None:
    from django.core.files.base import ContentFile

    from lamsach.portal.lists import documents

    documents.add(_kept(), ContentFile(text.encode()), name)


def _read() -> None:
    from lamsach.portal.lists import documents
    from lamsach.portal.lists.models import Document

    print(documents.read(Document.objects.latest("pk").pk))


def _release() -> None:
    from lamsach.portal.accounts.models import User
    from lamsach.portal.lists import releases

    print(releases.release(_kept().pk, "mới", User.objects.get()))


def _fill(values: int) -> None:
    from lamsach.portal.accounts.models import User
    from lamsach.portal.base.roles import Role
    from lamsach.portal.lists.models import KeptList
    from lamsach.portal.units import tree
    from lamsach.portal.units.models import Membership

    root = tree.create("B01", "Bộ", None)
    user = User.objects.create_user("c@b.example", None)
    Membership.objects.create(user=user, unit=root, role=Role.COORDINATOR)
    KeptList.objects.create(unit=root, name="Danh sách", created_by=user)
    _add(text_of(0, values), "a.csv")


def _again(values: int) -> None:
    from django.utils import timezone

    from lamsach.portal.lists.models import Document

    Document.objects.update(withdrawn=timezone.now())
    _add(text_of(values // 10, values), "b.csv")
    _read()


def _latest() -> Any:
    from lamsach.portal.lists import versions

    found = versions.latest(_kept())
    assert found is not None
    return found


def _changes() -> None:
    from lamsach.portal.lists import versions

    found = versions.changes_of(_latest())
    print(None if found is None else (len(found.added), len(found.removed)))


def _outlet(writer: str) -> None:
    from lamsach.portal.accounts.models import User
    from lamsach.portal.lists import outlets

    made, _ = outlets.issue(
        _kept(), User.objects.get(), name="x", writer=writer, tlp="amber", confidence=0, part=131_072
    )
    answer = outlets.answer_of(made, 1)
    assert answer is not None
    print(answer.parts)


def _page() -> None:
    from lamsach.portal.lists import taxii_objects
    from lamsach.portal.lists.models import Version

    objects = taxii_objects.of(_latest())
    first = Version.objects.get(number=1)
    start = objects.after(first.made)
    taken = 0
    for taken, (_, held) in enumerate(objects.at(start), 1):
        assert held.record["type"] == "indicator"
        if taken == 10_000:
            break
    print(len(objects), taken)


def _download() -> None:
    from lamsach.portal.lists import versions

    print(versions.may_have(_latest(), "amber"))


def _looked_up() -> None:
    from lamsach.portal.lists import versions

    found = versions.places([_kept()], text_of(777_777, 1).split("\n")[1].split(",")[0])
    print(len(found))


def step(name: str, folder: Path, values: int) -> None:
    """Do one step in this process."""
    prepared(folder)
    doing: dict[str, Callable[[], object]] = {
        "base": lambda: None,
        "fill": lambda: _fill(values),
        "read": _read,
        "first": _release,
        "again": lambda: _again(values),
        "second": _release,
        "changes": _changes,
        "download": _download,
        "edl": lambda: _outlet("edl"),
        "rpz": lambda: _outlet("rpz"),
        "page": _page,
        "looked up": _looked_up,
    }
    doing[name]()


def measured(folder: Path, values: int) -> None:
    """Every step in a process of its own."""
    table = Table("step", "time", "peak memory")
    for name, what in STEPS.items():
        done = run(
            [
                sys.executable,
                "-m",
                "bench.list_versions",
                "--step",
                name,
                str(folder),
                "--values",
                str(values),
            ],
            3600,
        )
        if done.status != 0:
            sys.exit(f"{name}: {done.stderr[-2000:]}")
        said = done.stdout.strip().replace("\n", " ")
        print(
            f"{name}: {done.wall_s:.1f} s, {done.peak_bytes / 1e6:,.0f} MB, {said}",
            file=sys.stderr,
            flush=True,
        )
        table.row(what, f"{done.wall_s:.1f} s", f"{done.peak_bytes / 1e6:,.0f} MB")
    table.print(f"The portal with a list of {values:,} values")


def main() -> None:
    """Measure, or do one step."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--values", type=int, default=VALUES)
    arguments.add_argument("--write", type=Path)
    arguments.add_argument("--step", nargs=2, metavar=("NAME", "FOLDER"))
    asked = arguments.parse_args()
    if asked.step:
        step(asked.step[0], Path(asked.step[1]), asked.values)
        return
    with tempfile.TemporaryDirectory() as folder:
        base = run([sys.executable, "-m", "bench.list_versions", "--step", "base", folder]).peak_bytes
        introduction = INTRODUCTION.format(
            values=f"{asked.values:,}", base=f"{base / 1e6:,.0f} MB", day=date.today(), cores=os.cpu_count()
        )
        tell(introduction) if not asked.write else None
        with recorded(asked.write, "list versions", introduction):
            measured(Path(folder), asked.values)


if __name__ == "__main__":
    main()

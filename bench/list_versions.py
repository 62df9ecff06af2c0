"""Memory and time of the portal's lists at a million values: reading, versions, changes, outlets, TAXII.

    python -m bench.list_versions [--values 1000000] [--write docs/benchmarks.md]

Each step runs in a process of its own, on SQLite in a temporary folder.
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
from bench.tables import Table, emit, recorded

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
    """Return a CSV list of this many values."""
    lines = ["value,threat"]
    for number in range(first, first + count):
        value = (
            f"c{number:07}.bot{number % 977}.xyz"
            if number % 2
            else f"{40 + number % 80}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        )
        lines.append(f"{value},Mirai")
    return "\n".join(lines) + "\n"


def _stored_list() -> Any:
    from lamsach.portal.lists.models import KeptList

    return KeptList.objects.get()


def _add(text: str, name: str) -> None:
    from django.core.files.base import ContentFile

    from lamsach.portal.lists import documents

    documents.add(_stored_list(), ContentFile(text.encode()), name)


def _read() -> None:
    from lamsach.portal.lists import documents
    from lamsach.portal.lists.models import Document

    print(documents.read(Document.objects.latest("pk").pk))


def _release() -> None:
    from lamsach.portal.accounts.models import User
    from lamsach.portal.lists import releases

    print(releases.release(_stored_list().pk, "mới", User.objects.get()))


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

    found = versions.latest(_stored_list())
    assert found is not None
    return found


def _changes() -> None:
    from lamsach.portal.lists import versions

    found = versions.changes_of(_latest())
    print(None if found is None else (len(found.added), len(found.removed)))


def _outlet(writer: str) -> None:
    from lamsach.portal.accounts.models import User
    from lamsach.portal.lists import outlets

    outlet, _ = outlets.issue(
        _stored_list(), User.objects.get(), name="x", writer=writer, tlp="amber", confidence=0, part=131_072
    )
    answer = outlets.answer_of(outlet, 1)
    assert answer is not None
    print(answer.parts)


def _page() -> None:
    from lamsach.portal.lists import taxii_objects
    from lamsach.portal.lists.models import Version

    objects = taxii_objects.of(_latest())
    first = Version.objects.get(number=1)
    start = objects.after(first.made)
    count = 0
    for count, (_, stored) in enumerate(objects.at(start), 1):
        assert stored.record["type"] == "indicator"
        if count == 10_000:
            break
    print(len(objects), count)


def _download() -> None:
    from lamsach.portal.lists import versions

    print(versions.may_have(_latest(), "amber"))


def _look_up() -> None:
    from lamsach.portal.lists import versions

    found = versions.places([_stored_list()], text_of(777_777, 1).split("\n")[1].split(",")[0])
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
        "looked up": _look_up,
    }
    doing[name]()


def measured(folder: Path, values: int) -> None:
    """Run every step in a process of its own."""
    table = Table("step", "time", "peak memory")
    for name, what in STEPS.items():
        ran = run(
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
        if ran.status != 0:
            sys.exit(f"{name}: {ran.stderr[-2000:]}")
        output = ran.stdout.strip().replace("\n", " ")
        print(
            f"{name}: {ran.wall_s:.1f} s, {ran.peak_bytes / 1e6:,.0f} MB, {output}",
            file=sys.stderr,
            flush=True,
        )
        table.row(what, f"{ran.wall_s:.1f} s", f"{ran.peak_bytes / 1e6:,.0f} MB")
    table.print(f"The portal with a list of {values:,} values")


def main() -> None:
    """Measure, or do one step."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--values", type=int, default=VALUES)
    arguments.add_argument("--write", type=Path)
    arguments.add_argument("--step", nargs=2, metavar=("NAME", "FOLDER"))
    options = arguments.parse_args()
    if options.step:
        step(options.step[0], Path(options.step[1]), options.values)
        return
    with tempfile.TemporaryDirectory() as folder:
        base = run([sys.executable, "-m", "bench.list_versions", "--step", "base", folder]).peak_bytes
        introduction = INTRODUCTION.format(
            values=f"{options.values:,}", base=f"{base / 1e6:,.0f} MB", day=date.today(), cores=os.cpu_count()
        )
        emit(introduction) if not options.write else None
        with recorded(options.write, "list versions", introduction):
            measured(Path(folder), options.values)


if __name__ == "__main__":
    main()

"""Processes of the simulated portals, forked from one that has loaded everything.

`python -m tests.federation.office FOLDER IN OUT FOLDER IN OUT ..`. A line from the descriptor IN is
`[time, [[function, arguments], ..]]`, a line to OUT their results.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TEMPLATE = "lamsach_template"
"""PostgreSQL database that the others are copied from."""


def main() -> None:
    """Load everything, fork a process per portal, and wait for all."""
    from lamsach.portal.server import start

    offices = [
        (Path(path), int(incoming), int(outgoing))
        for path, incoming, outgoing in zip(*[iter(sys.argv[1:])] * 3, strict=True)
    ]
    start(offices[0][0])
    preload()
    children = []
    for folder, incoming, outgoing in offices:
        child = os.fork()
        if child == 0:
            answer(folder, incoming, outgoing)
            os._exit(0)
        children.append(child)
    for _, incoming, outgoing in offices:
        os.close(incoming)
        os.close(outgoing)
    for child in children:
        os.waitpid(child, 0)


def preload() -> None:
    """Import what every portal needs: addresses, tasks, readers of logs and lists."""
    from django.urls import reverse

    from lamsach.hunt import swapped_inputs  # noqa: F401
    from lamsach.indicators import lists  # noqa: F401
    from lamsach.indicators.formats.documents import text  # noqa: F401
    from lamsach.logs.formats import FORMATS
    from lamsach.portal.exchange import kinds
    from lamsach.portal.worker import load_tasks
    from tests.federation import figures  # noqa: F401

    list(FORMATS)
    kinds.load()
    load_tasks()
    reverse("exchange:deliver")


def settle(folder: Path) -> None:
    """Switch the settings to the portal of the folder."""
    from django.conf import settings
    from django.core.files.storage import default_storage, storages
    from django.db import connections

    from lamsach.portal.base.storage import Folder, storage_settings
    from lamsach.results.atomic import write_for_owner_only

    write_for_owner_only()
    settings.DATA, settings.STATIC_ROOT = folder, folder / "static"
    server = "postgresql" in settings.DATABASES["default"]["ENGINE"]
    for values in (settings.DATABASES["default"], connections["default"].settings_dict):
        values["NAME"] = f"federation_{folder.parent.name}" if server else folder / "lamsach.sqlite3"
    for alias, description in storage_settings("", folder).items():
        settings.STORAGES[alias] = description
        storages._storages[alias] = Folder(**description["OPTIONS"])
    default_storage._wrapped = storages._storages["default"]


def answer(folder: Path, incoming: int, outgoing: int) -> None:
    """Answer requests until the input ends."""
    import time_machine

    settle(folder)
    from tests.federation import acts, figures

    known = {**vars(acts), **vars(figures), "fresh": fresh, "put_back": put_back, "used": used}
    clock = time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False).start()
    with os.fdopen(incoming) as requests, os.fdopen(outgoing, "w") as answers:
        for line in requests:
            time, calls = json.loads(line)
            results: list[Any] = []
            try:
                clock.move_to(datetime.fromisoformat(time))
                for name, arguments in calls:
                    results.append(known[name](**arguments))
                acts.work()
                print(json.dumps(results), file=answers, flush=True)
            except Exception:
                print(json.dumps({"failed": traceback.format_exc()}), file=answers, flush=True)


def fresh() -> None:
    """Reset to an empty portal."""
    import psycopg
    from django.conf import settings
    from django.db import connection

    from tests.portal.template import furnish

    closed()
    if connection.vendor == "sqlite":
        furnish(settings.DATA)
        return
    values = {**connection.get_connection_params(), "dbname": "postgres"}
    server = {name: values[name] for name in ("host", "port", "user", "password", "dbname") if name in values}
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(**server, autocommit=True) as database:
        database.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        database.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')


def put_back(path: str) -> None:
    """Restore the portal from a backup, as an administrator does, then run the tasks of a start."""
    import shutil

    from django.conf import settings

    from lamsach.portal.backup import restore
    from lamsach.portal.privacy import erasure

    closed()
    restore(Path(path), settings.DATA, settings.DATABASES["default"])
    for before in settings.DATA.parent.glob(f"{settings.DATA.name}.before-*"):
        shutil.rmtree(before)
    closed()
    erasure.pending()


def closed() -> None:
    """Close the database, so that its file can be replaced."""
    from django.core.cache import cache
    from django.db import connection, connections

    connections.close_all()
    if connection.vendor == "sqlite":  # otherwise the cache is a table of the replaced database
        cache.clear()


def used() -> list[float]:
    """Return the process's peak memory in megabytes and processor time in seconds."""
    import resource

    found = resource.getrusage(resource.RUSAGE_SELF)
    return [found.ru_maxrss // 1024, round(found.ru_utime + found.ru_stime, 1)]


if __name__ == "__main__":
    main()

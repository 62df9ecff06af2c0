"""One portal of the simulation, in a process of its own: `python -m tests.federation.office FOLDER`. A line in is `[moment, [[function, arguments], ..]]`, a line out what they gave."""

from __future__ import annotations

import json
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1])


def main() -> None:
    """Answer until nobody asks any more."""
    import time_machine

    from lamsach.portal.server import start

    start(FOLDER)
    from tests.federation import acts

    known = {**vars(acts), "fresh": fresh, "closed": closed, "used": used}
    clock = time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False).start()
    for line in sys.stdin:
        moment, calls = json.loads(line)
        given: list[Any] = []
        try:
            clock.move_to(datetime.fromisoformat(moment))
            for name, arguments in calls:
                given.append(known[name](**arguments))
            acts.work()
            print(json.dumps(given), flush=True)
        except Exception:
            print(json.dumps({"failed": traceback.format_exc()}), flush=True)


def closed() -> None:
    """Let go of the database, so that its file can be changed."""
    from django.core.cache import cache
    from django.db import connections

    connections.close_all()
    cache.clear()


def fresh() -> None:
    """Begin anew with an empty portal."""
    from tests.portal.template import furnish

    closed()
    furnish(FOLDER)


def used() -> int:
    """The most memory that the process had, in megabytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()

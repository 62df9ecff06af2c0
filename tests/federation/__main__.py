"""`python -m tests.federation [--units N] [--seed N] [--seeds N] [--days N]`.

Months by seeds, their accounts as JSON; status 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.federation.month import Month
from tests.federation.office import TEMPLATE
from tests.federation.run import BEGIN, PROVINCES, M, Run
from tests.federation.world import Portal, running
from tests.portal.lists_server import certificates
from tests.portal.postgres import QUICK, cluster, fresh, require_postgresql
from tests.portal.template import migrate, schema


@contextmanager
def opened(folder: Path, postgresql: str = "") -> Iterator[tuple[dict[str, Portal], str]]:
    """Provide the four portals, and the ministry's address over TLS."""
    authority, server = certificates(folder, strict=True)
    portals = {name: Portal(folder / name / "data") for name in (M, *PROVINCES, "all")}
    with running(portals.values(), authority, postgresql):
        if postgresql:
            portals[M].one(BEGIN, "fresh")
        yield portals, portals[M].one(BEGIN, "serve_https", certificate=str(server), cut_every=7)


@contextmanager
def server(wanted: bool) -> Iterator[str]:
    """Provide the address of a PostgreSQL server with an empty portal, if wanted."""
    if not wanted:
        yield ""
        return
    with tempfile.TemporaryDirectory() as name:
        fill = lambda address: migrate(Path(name) / "data", fresh(address, TEMPLATE))  # noqa: E731
        with cluster(require_postgresql(), schema(), fill, QUICK) as address:
            yield address


def main() -> int:
    """Run the months."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument(
        "--lost", default="", choices=("", M, *PROVINCES), help="the portal that is put back from a backup"
    )
    parser.add_argument("--https", action="store_true", help="transfers over TLS on loopback")
    parser.add_argument("--postgresql", action="store_true", help="the portals' databases on a server")
    options = parser.parse_args()
    wrong = False
    with (
        tempfile.TemporaryDirectory(prefix="lamsach-federation-") as name,
        server(options.postgresql) as address,
        opened(Path(name), address) as (portals, url),
    ):
        for seed in range(options.seed, options.seed + options.seeds):
            began = time.monotonic()
            files = Path(name) / f"files-{seed}"
            files.mkdir()
            ministry_url = url if options.https else ""
            run = Run(portals, files, seed, options.units, options.days, ministry_url)
            month = Month(run, options.lost)
            account = month.play()
            report = {
                **vars(account),
                "counted": dict(account.counted),
                "days_s": month.seconds,
                "seconds": round(time.monotonic() - began),
            }
            print(json.dumps(report, indent=1, ensure_ascii=False), flush=True)
            wrong = wrong or bool(account.wrong)
        used = {home: portal.one(BEGIN, "used") for home, portal in portals.items()}
        print(json.dumps({"memory_mb and processor_s": used}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

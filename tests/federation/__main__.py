"""`python -m tests.federation [--units N] [--seed N] [--seeds N] [--days N]`: months by seeds, their accounts as JSON; status 1 when something is wrong."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.federation.month import BEGIN, PROVINCES, M, Month
from tests.federation.world import Portal
from tests.portal.lists_server import certificates


def opened(folder: Path) -> tuple[dict[str, Portal], str]:
    """The four portals, and the ministry's address over TLS."""
    authority, server = certificates(folder, strict=True)
    portals = {one: Portal(folder / one / "data", authority) for one in (M, *PROVINCES, "all")}
    url = portals[M].one(BEGIN, "serve_https", certificate=str(server), cut_every=7)
    return portals, url


def main() -> int:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--https", action="store_true", help="transfers over TLS on loopback")
    given = parser.parse_args()
    wrong = False
    with tempfile.TemporaryDirectory(prefix="lamsach-federation-") as name:
        portals, url = opened(Path(name))
        for seed in range(given.seed, given.seed + given.seeds):
            began = time.monotonic()
            files = Path(name) / f"files-{seed}"
            files.mkdir()
            by = url if given.https else ""
            month = Month(portals, files, seed, given.units, given.days, by)
            account = month.run()
            told = {
                **vars(account),
                "counted": dict(account.counted),
                "days_s": month.seconds,
                "seconds": round(time.monotonic() - began),
            }
            print(json.dumps(told, indent=1, ensure_ascii=False), flush=True)
            wrong = wrong or bool(account.wrong)
        memory = {one: portal.one(BEGIN, "used") for one, portal in portals.items()}
        seconds = {one: round(portal.end(), 1) for one, portal in portals.items()}
        print(json.dumps({"memory_mb": memory, "processor_s": seconds}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

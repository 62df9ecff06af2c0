"""`python -m tests.chaos [--seconds N] [--seed N] [--units N]`: one run, its account as JSON.

Status 1 for any violation.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.processes import Processes
from tests.chaos.run import Chaos


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-portal", action="store_true")
    parser.add_argument("--units", type=int, help="only a portal of several processes, for so many units")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lamsach-chaos-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        if given.units:
            found = Processes(Path(name), given.seed, given.units, at_once=6).run(pause_s=10, kills=20)
            print(json.dumps(found, indent=1))
            return 1 if found["wrong"] else 0
        account = Chaos(Path(name), given.seed, portal=not given.no_portal).run(given.seconds)
        if account.wrong:
            for log in Path(name).glob("*.txt"):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
    print(json.dumps(account.as_json(), indent=1))
    return 1 if account.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.chaos [--seconds N] [--seed N]`: one run, its account as JSON; status 1 when something is wrong."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Chaos


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-portal", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lamsach-chaos-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        account = Chaos(Path(name), given.seed, portal=not given.no_portal).run(given.seconds)
        if account.wrong:
            for log in Path(name).glob("*.txt"):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
    print(json.dumps(account.as_json(), indent=1))
    return 1 if account.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

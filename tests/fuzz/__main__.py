"""`python -m tests.fuzz [--inputs N] [--seed N]`: status 1 when an input made something crash, hang or take too much memory."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.run import fuzz, report


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lamsach-fuzz-") as name:
        result = fuzz(given.inputs, given.seed, Path(name), limit_memory=True)
    print("\n".join(report(result)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    seconds = time.monotonic() - begun
    print(f"{sum(result.inputs.values())} inputs, {len(result.defects)} defects, {seconds:.0f} s, {peak} MB")
    return 1 if result.defects else 0


if __name__ == "__main__":
    sys.exit(main())

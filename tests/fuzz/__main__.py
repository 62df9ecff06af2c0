"""`python -m tests.fuzz [--inputs N] [--minutes N] [--seed N]`.

Status 1 when an input caused a crash, a hang or excessive memory use. Runs in rounds, each with its own seed,
so that an aborted run has covered all targets equally.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.run import fuzz, report

ROUND = 100_000


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no round after so long")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun, read, defects, seed = time.monotonic(), 0, 0, given.seed
    while read < given.inputs and time.monotonic() - begun < given.minutes * 60:
        with tempfile.TemporaryDirectory(prefix="lamsach-fuzz-") as name:
            result = fuzz(min(ROUND, given.inputs - read), seed, Path(name), limit_memory=True)
        read += sum(result.inputs.values())
        defects += len(result.defects)
        print("\n".join(report(result)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
        seconds = time.monotonic() - begun
        print(
            (
                f"seed {seed}: {read} inputs so far, {defects} defects, {seconds:.0f} s (processor "
                f"{time.process_time():.0f} s), {peak} MB"
            ),
            flush=True,
        )
        seed += 1
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())

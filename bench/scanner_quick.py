"""The quick scan's time on this machine, and on one with many files in the places where malware starts.

It ends after two minutes on a machine with more than it can scan.

    python -m bench.scanner_quick [--tree /usr/lib] [--only large]

large: a copy of the tree is below `opt`, which a quick scan examines. endless: forty files of 3 GB (sparse,
so that they need no disk), with a list of hashes, so that each has to be read to its end.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure import Run
from bench.scanner import measured

BOUND_S, ENDING_S = 120, 5
"""A scan ends at its bound; its workers then have this time to stop."""
LIST = "evil.example.com\n203.0.113.9\n" + "ab" * 32 + "\n"
KINDS = ("machine", "large", "endless")
GIGABYTES, ENDLESS = 3, 40


def quick(folder: Path, *words: str) -> tuple[Run, int]:
    """Run a quick scan by the command, with a list of hashes, addresses and names."""
    listed = folder / "list.txt"
    listed.write_text(LIST)
    command = [str(Path(sys.executable).with_name("lamsach")), "scan", "--quick", "--quiet", "--stats"]
    return measured([*command, "--no-nice", "-i", str(listed), *words])


def machine(folder: Path, _tree: Path) -> tuple[Run, int]:
    """Scan this machine."""
    return quick(folder)


def large(folder: Path, tree: Path) -> tuple[Run, int]:
    """Scan a machine with the tree below `opt`."""
    shutil.copytree(tree, folder / "disk/opt/tree", symlinks=True, ignore_dangling_symlinks=True)
    return quick(folder, "--root", str(folder / "disk"))


def endless(folder: Path, _tree: Path) -> tuple[Run, int]:
    """Scan a machine with more than two minutes' work."""
    (folder / "disk/opt").mkdir(parents=True)
    for number in range(ENDLESS):
        with (folder / f"disk/opt/{number}.bin").open("wb") as stream:
            stream.write(b"MZ")
            stream.truncate(GIGABYTES << 30)
    return quick(folder, "--root", str(folder / "disk"))


def show(name: str, ran: Run, peak: int) -> float:
    """Print one line of the table; return the duration reported by the scan, in seconds."""
    stats = ran.json_line("stderr")
    summary = ran.stdout.strip().splitlines()[-1] if ran.stdout.strip() else ""
    amount = f"{int(str(stats.get('files', 0))):,} files, {int(str(stats.get('bytes', 0))) / 1e6:,.0f} MB"
    print(f"{name:8} {ran.wall_s:6.1f} s  {amount}  {peak / 1e6:.0f} MB of memory  {summary}", flush=True)
    found = re.search(r" seconds=([0-9.]+)", summary)
    return float(found[1]) if found else ran.wall_s


def main() -> None:
    """Scan, and report whether the bound of two minutes held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tree", type=Path, default=Path("/usr/lib"))
    parser.add_argument("--only", action="append", choices=KINDS)
    options = parser.parse_args()
    late = []
    for name, work in zip(KINDS, (machine, large, endless), strict=True):
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="lamsach-quick-") as folder:
            ran, peak = work(Path(folder), options.tree)
        if show(name, ran, peak) > BOUND_S + ENDING_S:
            late.append(name)
    if late:
        sys.exit(f"later than {BOUND_S} s: {', '.join(late)}")


if __name__ == "__main__":
    main()

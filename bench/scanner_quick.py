"""The quick scan's time on this machine, and on one with much in the places where malware starts.

It ends after two minutes on a machine with more than it can do.

    python -m bench.scanner_quick [--tree /usr/lib] [--only large]

large: a copy of the tree lies below `opt`, which a quick look examines. endless: forty files of 3 GB (sparse,
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
"""A look ends at its bound; its workers then have so long to stop."""
LIST = "evil.example.com\n203.0.113.9\n" + "ab" * 32 + "\n"
KINDS = ("machine", "large", "endless")
GIGABYTES, ENDLESS = 3, 40


def quick(folder: Path, *words: str) -> tuple[Run, int]:
    """A quick look by the command, with a list of hashes, addresses and names."""
    listed = folder / "list.txt"
    listed.write_text(LIST)
    command = [str(Path(sys.executable).with_name("lamsach")), "scan", "--quick", "--quiet", "--stats"]
    return measured([*command, "--no-nice", "-i", str(listed), *words])


def machine(folder: Path, _tree: Path) -> tuple[Run, int]:
    """This machine as it is."""
    return quick(folder)


def large(folder: Path, tree: Path) -> tuple[Run, int]:
    """A machine with the tree below `opt`."""
    shutil.copytree(tree, folder / "disk/opt/tree", symlinks=True, ignore_dangling_symlinks=True)
    return quick(folder, "--root", str(folder / "disk"))


def endless(folder: Path, _tree: Path) -> tuple[Run, int]:
    """A machine with more than two minutes' work."""
    (folder / "disk/opt").mkdir(parents=True)
    for number in range(ENDLESS):
        with (folder / f"disk/opt/{number}.bin").open("wb") as stream:
            stream.write(b"MZ")
            stream.truncate(GIGABYTES << 30)
    return quick(folder, "--root", str(folder / "disk"))


def show(name: str, ran: Run, peak: int) -> float:
    """One line of the table; how long the look itself says that it took, in seconds."""
    stats = ran.json_line("stderr")
    said = ran.stdout.strip().splitlines()[-1] if ran.stdout.strip() else ""
    amount = f"{int(str(stats.get('files', 0))):,} files, {int(str(stats.get('bytes', 0))) / 1e6:,.0f} MB"
    print(f"{name:8} {ran.wall_s:6.1f} s  {amount}  {peak / 1e6:.0f} MB of memory  {said}", flush=True)
    found = re.search(r" seconds=([0-9.]+)", said)
    return float(found[1]) if found else ran.wall_s


def main() -> None:
    """Look, and say whether the bound of two minutes held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tree", type=Path, default=Path("/usr/lib"))
    parser.add_argument("--only", action="append", choices=KINDS)
    wanted = parser.parse_args()
    late = []
    for name, work in zip(KINDS, (machine, large, endless), strict=True):
        if wanted.only and name not in wanted.only:
            continue
        with tempfile.TemporaryDirectory(prefix="lamsach-quick-") as folder:
            ran, peak = work(Path(folder), wanted.tree)
        if show(name, ran, peak) > BOUND_S + ENDING_S:
            late.append(name)
    if late:
        sys.exit(f"later than {BOUND_S} s: {', '.join(late)}")


if __name__ == "__main__":
    main()

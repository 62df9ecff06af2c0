"""Time the outputs of long lists, and check that the real programs accept them.

Run as `python -m bench.blocking [COUNT] [--write docs/blocking.md]`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.tables import emit, recorded
from lamsach.indicators.releases.release import list_digest
from lamsach.indicators.writers import WRITERS
from lamsach.indicators.writers.base import Writer
from lamsach.indicators.writers.export import Terms, prepare
from lamsach.model import Indicator, IndicatorType

PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
CHECKS = {
    "rpz": ("named-checkzone", "lamsach.rpz", "FILE"),
    "unbound": ("unbound-checkconf", "FILE"),
    "dnsmasq": ("dnsmasq", "--test", "-C", "FILE"),
    "nftables": ("nft", "-c", "-f", "FILE"),
    "iptables": ("iptables-restore", "--test", "FILE"),
    "ip6tables": ("ip6tables-restore", "--test", "FILE"),
    "squid": ("squid", "-k", "parse", "-f", "FILE"),
    "suricata": ("suricata", "-T", "-S", "FILE", "-l", "DIR"),
    "suricata_datasets": (
        "suricata",
        "-T",
        "-S",
        "DIR/lamsach.rules",
        "-l",
        "DIR",
        "--set",
        "default-rule-path=DIR",
    ),
    "clamav_hdb": ("clamscan", "-d", "FILE", "FILE"),
    "clamav_hsb": ("clamscan", "-d", "FILE", "FILE"),
}
SLOW = {"suricata": 50_000}
"""Programs that get fewer names and addresses, since they take minutes for all: still 100,000 values."""


def indicators(count: int) -> Iterator[Indicator]:
    """Yield `count` names, IPv4 addresses and hashes of each kind, and a tenth as many URLs and IPv6."""
    kinds = IndicatorType
    for number in range(count):
        yield Indicator(kinds.DOMAIN, f"c{number:06d}.bot{number % 977}.xyz", "Mirai")
        address = (
            f"{20 + (number * 7 >> 16) % 100}.{number * 7 >> 8 & 255}.{number * 7 & 255}.{number * 37 & 255}"
        )
        yield Indicator(kinds.IP, address, "Mozi")
        if number % 10 == 0:
            yield Indicator(kinds.URL, f"http://c{number}.drop.top/p/{number}", "Mozi")
            yield Indicator(kinds.IP, f"2001:db8:{number // 10:x}::1", "Mozi")
        for kind in (kinds.MD5, kinds.SHA1, kinds.SHA256):
            digest = hashlib.new(kind.value, b"%d" % number, usedforsecurity=False).hexdigest()
            yield Indicator(kind, digest, "Mozi")


def measure(writer: Writer, items: list[Indicator], digest: str, folder: Path) -> str:
    """Return one row: seconds to choose and write, size, and the verdict of the program."""
    start = time.perf_counter()
    export = prepare(items, writer, digest, Terms(datetime(2026, 3, 1, tzinfo=UTC)))
    path = folder / f"lamsach-{writer.name}{writer.suffix}"
    with path.open("wb") as stream:
        export.save(stream)
    seconds = time.perf_counter() - start
    return (
        f"| `{writer.name}` | {len(export.items):,} | {seconds:.1f} s | {path.stat().st_size / 1e6:.1f} MB "
        f"| {accepted(writer, path)} |"
    )


def accepted(writer: Writer, path: Path) -> str:
    """Return the real program's verdict and its seconds."""
    command = CHECKS.get(writer.name)
    if command is None:
        return ""
    program = shutil.which(command[0], path=PATH)
    if program is None:
        return f"{command[0]} is not installed"
    if writer.binary:
        zipfile.ZipFile(path).extractall(path.parent)
    words = [word.replace("FILE", str(path)).replace("DIR", str(path.parent)) for word in command[1:]]
    start = time.perf_counter()
    ran = subprocess.run([program, *words], capture_output=True, check=False)
    verdict = "accepts it" if ran.returncode == 0 else f"REFUSES it ({ran.returncode})"
    return f"`{command[0]}` {verdict}, {time.perf_counter() - start:.1f} s"


def main() -> None:
    """Measure every writer."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("count", nargs="?", type=int, default=100_000)
    arguments.add_argument("--write", type=Path, help="the document that takes the table")
    options = arguments.parse_args()
    items = list(indicators(options.count))
    digest = list_digest(items)
    with recorded(options.write, "blocking", ""), tempfile.TemporaryDirectory() as folder:
        emit("| output | values | written in | size | the program |")
        emit("|---|---|---|---|---|")
        for writer in WRITERS:
            chosen = (
                list(indicators(SLOW[writer.name]))
                if writer.name in SLOW and options.count > SLOW[writer.name]
                else items
            )
            emit(measure(writer, chosen, digest, Path(folder)))


if __name__ == "__main__":
    main()

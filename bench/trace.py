"""Time a trace: 10^6 NAT records of a FortiGate, 2 x 10^4 DHCP records of 5,000 machines, 10^4 rows.

    .venv/bin/python -m bench.trace [--records N] [--rows N] [--folder DIR]

The logs are made once in the folder and reused. Prints seconds for each separable stage, and in total.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from lamsach.trace.model import Request
from lamsach.trace.output import write
from lamsach.trace.run import trace

START = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
ADDRESSES = [f"203.0.113.{last}" for last in range(1, 9)]
SHIFT = timedelta(seconds=75)
LEASES = 20_000


def make(folder: Path, records: int, rows: int) -> None:
    """Write the logs and the list, the same for the same numbers."""
    chance = random.Random(7)
    chosen = set(chance.sample(range(records), min(rows, records)))
    listed: list[str] = []
    with (folder / "fw.log").open("w") as log:
        for number in range(records):
            end = START + timedelta(seconds=number * 86_400 * 5 / records)
            lasted = chance.randrange(1, 180)
            public, port = chance.choice(ADDRESSES), chance.randrange(1024, 65536)
            inside = f"10.{chance.randrange(4)}.{chance.randrange(5)}.{chance.randrange(1, 250)}"
            local = end + timedelta(hours=7)
            log.write(
                f'date={local:%Y-%m-%d} time={local:%H:%M:%S} devname="FG1" devid="FG100E" '
                f'eventtime={int(end.timestamp())}000000000 tz="+0700" logid="0000000013" '
                f'type="traffic" subtype="forward" level="notice" vd="root" srcip={inside} '
                f'srcport={chance.randrange(1024, 65536)} srcintf="lan" '
                f'dstip=198.51.100.{chance.randrange(1, 250)} dstport=443 dstintf="wan1" '
                f'sessionid={number + 1} proto=6 action="close" policyid=1 service="HTTPS" '
                f'trandisp="snat" transip={public} transport={port} duration={lasted} sentbyte=1000 '
                "rcvdbyte=2000\n"
            )
            if number in chosen:
                when = (
                    end
                    - timedelta(seconds=lasted)
                    + timedelta(seconds=chance.random() * min(lasted, 2))
                    - SHIFT
                )
                port_text = "" if number % 50 == 0 else str(port)
                listed.append(f"{public},{port_text},{when:%Y-%m-%dT%H:%M:%SZ},tcp,Mirai,{inside}\n")
    chance.shuffle(listed)
    (folder / "list.csv").write_text("ip,port,timestamp,protocol,infection,note\n" + "".join(listed))
    with (folder / "dhcpd.log").open("w") as log:
        for number in range(LEASES):
            local = START + timedelta(hours=6) + timedelta(seconds=number)
            net, third, last = number % 4, number // 4 % 5, number // 20 % 249 + 1
            mac = f"02:00:{net:02x}:{third:02x}:{last:02x}:01"
            log.write(
                f"{local:%b %e %H:%M:%S} dhcp1 dhcpd[8]: DHCPACK on 10.{net}.{third}.{last} to {mac} "
                f"(PC-{net}-{third}-{last}) via eth0\n"
            )


def main() -> None:
    """Make missing files, trace, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "lamsach-bench-trace")
    options = parser.parse_args()
    folder: Path = options.folder / f"{options.records}-{options.rows}"
    if not (folder / "dhcpd.log").exists():
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, options.records, options.rows)
    last = start = time.perf_counter()
    used = time.process_time()
    stages: list[tuple[str, float]] = []

    def stage(text: str) -> None:
        nonlocal last
        now = time.perf_counter()
        stages.append((text, now - last))
        last = now

    result = trace(
        Request([str(folder / "list.csv")], [str(folder / "fw.log"), str(folder / "dhcpd.log")]), stage
    )
    stage("(end)")
    total = last - start
    for (text, _), (_, seconds) in pairwise(stages):
        print(f"{seconds:7.2f} s  {text}")
    print(
        f"{total:7.2f} s  in all ({time.process_time() - used:.2f} s of processor time), "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB at most"
    )
    print(
        f"listed {len(result.distinct)}, explained {len(result.explained)}, clocks apart by "
        f"{result.skews[0][1].shift}"
    )
    truth = [row.rpartition(",")[2] for row in (folder / "list.csv").read_text().splitlines()[1:]]
    wrong = sum(
        answer.explained and answer.named[0].inside != inside
        for answer, inside in zip(result.answers, truth, strict=True)
    )
    print(f"explained by another machine than the true one: {wrong}")
    for suffix in (".html", ".xlsx", ".csv", ".jsonl", ".docx", ".pdf"):
        now = time.perf_counter()
        write(result, folder / f"trace{suffix}")
        print(
            f"{time.perf_counter() - now:7.2f} s  writing {suffix}, "
            f"{(folder / f'trace{suffix}').stat().st_size / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    main()

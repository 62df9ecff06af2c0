"""Seconds to ask a log store for a list: usual FortiGate lines, some of which hold a listed value.

`python -m bench.stores clickhouse` runs ClickHouse's engine in this process (chdb, behind its HTTP interface on loopback);
`python -m bench.stores victorialogs --url http://127.0.0.1:9428` fills a VictoriaLogs that runs there and is empty.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lamsach.investigate import Request
from lamsach.stores.retro import open_store, retro
from tests.archive.building import firewall_line

BEGIN = datetime(2022, 9, 1, tzinfo=UTC)
HITS = 100


def values(count: int, rng: random.Random) -> list[str]:
    """Names and addresses, half and half."""
    names = [
        f"{rng.randbytes(5).hex()}-{rng.choice(('cdn', 'mail', 'update'))}.example" for _ in range(count // 2)
    ]
    return names + [
        str(f"198.{18 + rng.randrange(2)}.{rng.randrange(256)}.{rng.randrange(1, 255)}")
        for _ in range(count - len(names))
    ]


def lines(count: int, listed: list[str], rng: random.Random) -> Iterator[tuple[datetime, str]]:
    """Lines of 30 days in order of time."""
    chosen = set(rng.sample(range(count), HITS))
    for number in range(count):
        moment = BEGIN + timedelta(seconds=number * 30 * 86400 / count)
        host, there = f"n{rng.randrange(5000)}.example.org", f"192.0.2.{rng.randrange(1, 255)}"
        if number in chosen:
            host = rng.choice(listed[: len(listed) // 2])
        yield (
            moment,
            firewall_line(
                moment, f"10.{rng.randrange(4)}.{rng.randrange(250)}.{rng.randrange(1, 250)}", there, host
            ),
        )


@contextmanager
def clickhouse(count: int, listed: list[str], folder: Path) -> Iterator[str]:
    from tests.stores.clickhouse_server import ClickHouseServer
    from tests.stores.serving import served

    server = ClickHouseServer(folder)
    names = ", ".join(f"'{name}'" for name in listed[:HITS])
    line = (
        firewall_line(BEGIN, "{src}", "{dst}", "{host}")
        .replace("2022-09-01", "{day}")
        .replace("00:00:00", "{time}")
        .replace(f"eventtime={int(BEGIN.timestamp())}", "eventtime={second}")
    )
    parts = {
        "day": "formatDateTime(t, '%Y-%m-%d', 'UTC')",
        "time": "formatDateTime(t, '%H:%i:%S', 'UTC')",
        "second": "toString(toUnixTimestamp(t))",
        "src": "concat('10.', toString(rand(1) % 4), '.', toString(rand(2) % 250), '.', toString(rand(3) % 250 + 1))",
        "dst": "concat('192.0.2.', toString(rand(4) % 254 + 1))",
        "host": f"if(number % {count // HITS} = 1, [{names}][intDiv(number, {count // HITS}) + 1], concat('n', toString(rand(5) % 5000), '.example.org'))",
    }
    texts = [f"'{text}'" for text in re.split(r"\{\w+\}", line)]
    mixed = [
        texts[0],
        *(
            one
            for name, text in zip(re.findall(r"\{(\w+)\}", line), texts[1:], strict=True)
            for one in (parts[name], text)
        ),
    ]
    moment = (
        f"toDateTime64('2022-09-01 00:00:00', 3, 'UTC') + toIntervalSecond(intDiv(number * 2592000, {count}))"
    )
    server.run(
        f"INSERT INTO logs SELECT t, concat({', '.join(mixed)}) FROM (SELECT number, {moment} AS t FROM numbers({count}))"
    )
    try:
        with served(server) as web:
            yield f"clickhouse+{web.url}/logs"
    finally:
        server.close()


@contextmanager
def victorialogs(count: int, listed: list[str], url: str) -> Iterator[str]:
    part: list[str] = []
    for number, (moment, line) in enumerate(lines(count, listed, random.Random(2)), 1):
        part.append(
            json.dumps({"_time": moment.isoformat(timespec="milliseconds"), "_msg": line, "file": "fw"})
        )
        if len(part) == 20_000 or number == count:
            sent = urllib.request.Request(
                f"{url}/insert/jsonline?_stream_fields=file", "\n".join(part).encode()
            )
            urllib.request.urlopen(sent).read()
            part.clear()
    urllib.request.urlopen(f"{url}/internal/force_flush").read()
    yield f"victorialogs+{url}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("clickhouse", "victorialogs"))
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--values", type=int, default=3000)
    parser.add_argument("--url", default="")
    given = parser.parse_args()
    listed = values(given.values, random.Random(1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        path.write_text("\n".join(listed) + "\n")
        filled = (
            victorialogs(given.lines, listed, given.url)
            if given.url
            else clickhouse(given.lines, listed, Path(folder) / "data")
        )
        with filled as address:
            for whole in (False, True):
                begun, used = time.perf_counter(), time.process_time()
                found, _, plan = retro(open_store(address), Request([], [str(path)]), whole=whole)
                took, used = time.perf_counter() - begun, time.process_time() - used
                hits = sum(one.count for one in found.sightings)
                print(
                    f"{given.kind} whole={whole}: {took:.1f} s, {used:.1f} s of processor time here; {plan.given:,} of {plan.documents:,} documents given, {hits} contacts, unread {len(found.unread)}",
                    flush=True,
                )


if __name__ == "__main__":
    main()

"""Measure segments of each kind of log: size at each level of zstd, size and error rate of the filter.

    python -m bench.retro_filters [--segment MB] [--segments N] [--levels L...] [--folder DIR]

`usual` logs query the same names repeatedly, as offices do (`bench.retro`); the six of `bench.lines` draw
every name and address at random, and `dns, all different` has a new name in every line. Two lists of 1,000
absent values are searched for: strangers, and neighbours, which are under parents and in networks (of length
16) of existing values. One JSON object per log.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import zstandard

from bench.generate import SEED, make_list, read_list
from bench.lines import FORMATS, Pools, line_maker
from bench.retro import lines_of_a_day
from lamsach.archive import filters
from lamsach.archive.archive import DEFAULT_LEVEL
from lamsach.archive.keys import KeyMaker, padded
from lamsach.archive.questions import questions_of
from lamsach.hunt.kernel.layout import PAD
from lamsach.indicators.values.normalise import canonical_values

ASKED = 1000
_NAME = re.compile(r"\b(?:[a-z0-9_-]+\.)+[a-z]{2,}\b")
_ADDRESS = re.compile(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b")


def logs(folder: Path) -> dict[str, Callable[[int], Iterator[str]]]:
    """Return by name the source of the lines of segment N."""
    values = read_list(make_list(folder, 10_000))
    pools = Pools.build(values, SEED)
    names = [f"cdn{n}.site{n % 9000}.com" for n in range(60_000)]

    def usual(kind: str) -> Callable[[int], Iterator[str]]:
        def lines(number: int) -> Iterator[str]:
            rng = random.Random(f"{kind} {number}")
            day = datetime(2022, 1, 1 + number, tzinfo=UTC)
            return (line + "\n" for line in lines_of_a_day(rng, kind, day, rng.sample(names, 20_000)))

        return lines

    def random_lines(name: str) -> Callable[[int], Iterator[str]]:
        def lines(number: int) -> Iterator[str]:
            harmless, _ = line_maker(name, pools, random.Random(f"{name} {number}"), number)
            while True:
                yield harmless()

        return lines

    def different(number: int) -> Iterator[str]:
        rng = random.Random(f"different {number}")
        harmless, _ = line_maker("bind", pools, rng, number)
        while True:
            line = harmless()
            yield _NAME.sub(f"{rng.getrandbits(48):x}.tracker{rng.randrange(40)}.example", line)

    sources = {"fortigate, usual": usual("fortigate"), "dns, usual": usual("dns")}
    sources |= {name: random_lines(name) for name in FORMATS}
    return {**sources, "dns, all different": different}


def segment(lines: Iterator[str], size: int) -> str:
    """Return `size` bytes of lines."""
    chosen: list[str] = []
    while size > 0:
        line = next(lines)
        chosen.append(line)
        size -= len(line)
    return "".join(chosen)


def passes(values: Sequence[str], shape: filters.Shape, blob: bytes) -> bool:
    """Report whether a filter passes one of these values."""
    query = questions_of(canonical_values(value)[0] for value in values)
    return bool(filters.query(query, [0], [shape], np.frombuffer(blob, np.uint8))[0])


def strangers() -> list[str]:
    """Return values that have nothing in common with any line."""
    return [
        f"n{n}.absent-{n % 97}.example.net" if n % 2 else f"absent-{n}.info" for n in range(ASKED - 200)
    ] + [f"101.{n}.{n * 7 % 256}.9" for n in range(200)]


def neighbours(text: str, rng: random.Random) -> list[str]:
    """Return absent values close to those of a text.

    Another name under the same parent, another address of the same network.
    """
    parents = [name.partition(".")[2] for name in rng.choices(_NAME.findall(text) or [""], k=2000)]
    parents = [name for name in parents if "." in name] or ["example.net"]
    networks = {address.rsplit(".", 2)[0] for address in rng.choices(_ADDRESS.findall(text), k=2000)}
    networks = {network for network in networks if not network.startswith("10.")} or {"101.7"}
    names = [f"absent{n}-x.{rng.choice(parents)}" for n in range(ASKED - 200)]
    return names + [f"{rng.choice(sorted(networks))}.{n}.1" for n in range(200)]


def measure(name: str, lines: Callable[[int], Iterator[str]], options: argparse.Namespace) -> None:
    """Measure one kind of log."""
    maker, rng = KeyMaker(), random.Random(1)
    raw = packed = filtered = keys_count = 0
    by_level: dict[int, int] = dict.fromkeys(options.levels, 0)
    spent: dict[int, float] = dict.fromkeys(options.levels, 0.0)
    wrong = {"strangers": [0, 0], "neighbours": [0, 0]}
    for number in range(options.segments):
        text = segment(lines(number), options.segment * 1_000_000)
        data = text.encode()
        for level in options.levels:
            start = time.process_time()
            by_level[level] += len(zstandard.ZstdCompressor(level=level).compress(data))
            spent[level] += time.process_time() - start
        frame = len(zstandard.ZstdCompressor(level=DEFAULT_LEVEL).compress(data))
        keys = maker.keys(padded(data), PAD, PAD + len(data))
        assert keys is not None
        shape, blob = filters.build(keys, frame)
        raw, packed, filtered = raw + len(data), packed + frame, filtered + len(blob)
        keys_count += keys.size
        for which, values in (("strangers", strangers()), ("neighbours", neighbours(text, rng))):
            passed = [passes([value], shape, blob) for value in values]
            wrong[which][0] += passes(values, shape, blob)
            wrong[which][1] += sum(passed)
    result = {
        "log": name,
        "ratio": {level: round(raw / size, 1) for level, size in by_level.items()},
        "MB/s": {level: round(raw / seconds / 1e6) for level, seconds in spent.items()},
        "filter_share": round(filtered / packed, 4),
        "keys": keys_count // options.segments,
        "bits": shape[1::2],
        "entries": shape[::2],
        "opened_in_vain": {which: f"{opened}/{options.segments}" for which, (opened, _) in wrong.items()},
        "values_in_vain": {
            which: round(values / options.segments / ASKED, 5) for which, (_, values) in wrong.items()
        },
    }
    print(json.dumps(result), flush=True)


def main() -> None:
    """Measure each kind of log."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segment", type=int, default=8, help="MB of raw lines")
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 3, 6, 9, 12])
    parser.add_argument("--logs", nargs="*")
    parser.add_argument("--folder", type=Path, default=Path("bench-out"))
    options = parser.parse_args()
    for name, lines in logs(options.folder).items():
        if not options.logs or name in options.logs:
            measure(name, lines, options)


if __name__ == "__main__":
    main()

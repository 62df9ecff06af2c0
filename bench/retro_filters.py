"""Measure segments of each kind of log.

How small they get at each level of zstd, what their filter takes, and how often it errs.

    python -m bench.retro_filters [--segment MB] [--segments N] [--levels L...] [--folder DIR]

`usual` logs ask for the same names again and again, as offices do (`bench.retro`); the six of `bench.lines`
draw every name and address at random, and `dns, all different` names something new in every line. Two lists
of 1,000 that name nothing there are asked: strangers, and neighbours, which lie under parents and in networks
(of length 16) of what is there. One JSON object a log.
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
from lamsach.indicators.values.normalise import canonical

ASKED = 1000
_NAME = re.compile(r"\b(?:[a-z0-9_-]+\.)+[a-z]{2,}\b")
_ADDRESS = re.compile(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b")


def logs(folder: Path) -> dict[str, Callable[[int], Iterator[str]]]:
    """By name, what gives the lines of segment N."""
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

    made = {"fortigate, usual": usual("fortigate"), "dns, usual": usual("dns")}
    made |= {name: random_lines(name) for name in FORMATS}
    return {**made, "dns, all different": different}


def segment(lines: Iterator[str], size: int) -> str:
    """So many bytes of lines."""
    taken: list[str] = []
    while size > 0:
        line = next(lines)
        taken.append(line)
        size -= len(line)
    return "".join(taken)


def asked(values: Sequence[str], shape: filters.Shape, blob: bytes) -> bool:
    """Report whether a filter takes one of these values for one that is there."""
    wanted = questions_of(canonical(value) for value in values)
    return bool(filters.query(wanted, [0], [shape], np.frombuffer(blob, np.uint8))[0])


def strangers() -> list[str]:
    """Values that have nothing in common with any line."""
    return [
        f"n{n}.absent-{n % 97}.example.net" if n % 2 else f"absent-{n}.info" for n in range(ASKED - 200)
    ] + [f"101.{n}.{n * 7 % 256}.9" for n in range(200)]


def neighbours(text: str, rng: random.Random) -> list[str]:
    """Absent values beside those of a text.

    Another name under the same parent, another address of the same network.
    """
    parents = [name.partition(".")[2] for name in rng.choices(_NAME.findall(text) or [""], k=2000)]
    parents = [name for name in parents if "." in name] or ["example.net"]
    networks = {address.rsplit(".", 2)[0] for address in rng.choices(_ADDRESS.findall(text), k=2000)}
    networks = {network for network in networks if not network.startswith("10.")} or {"101.7"}
    names = [f"absent{n}-x.{rng.choice(parents)}" for n in range(ASKED - 200)]
    return names + [f"{rng.choice(sorted(networks))}.{n}.1" for n in range(200)]


def measure(name: str, lines: Callable[[int], Iterator[str]], given: argparse.Namespace) -> None:
    """One kind of log."""
    maker, rng = KeyMaker(), random.Random(1)
    raw = packed = filtered = keys_count = 0
    by_level: dict[int, int] = dict.fromkeys(given.levels, 0)
    spent: dict[int, float] = dict.fromkeys(given.levels, 0.0)
    wrong = {"strangers": [0, 0], "neighbours": [0, 0]}
    for number in range(given.segments):
        text = segment(lines(number), given.segment * 1_000_000)
        data = text.encode()
        for level in given.levels:
            begun = time.process_time()
            by_level[level] += len(zstandard.ZstdCompressor(level=level).compress(data))
            spent[level] += time.process_time() - begun
        frame = len(zstandard.ZstdCompressor(level=DEFAULT_LEVEL).compress(data))
        keys = maker.keys(padded(data), PAD, PAD + len(data))
        assert keys is not None
        shape, blob = filters.build(keys, frame)
        raw, packed, filtered = raw + len(data), packed + frame, filtered + len(blob)
        keys_count += keys.size
        for which, values in (("strangers", strangers()), ("neighbours", neighbours(text, rng))):
            said = [asked([value], shape, blob) for value in values]
            wrong[which][0] += asked(values, shape, blob)
            wrong[which][1] += sum(said)
    told = {
        "log": name,
        "ratio": {level: round(raw / size, 1) for level, size in by_level.items()},
        "MB/s": {level: round(raw / seconds / 1e6) for level, seconds in spent.items()},
        "filter_share": round(filtered / packed, 4),
        "keys": keys_count // given.segments,
        "bits": shape[1::2],
        "entries": shape[::2],
        "opened_in_vain": {which: f"{opened}/{given.segments}" for which, (opened, _) in wrong.items()},
        "values_in_vain": {
            which: round(values / given.segments / ASKED, 5) for which, (_, values) in wrong.items()
        },
    }
    print(json.dumps(told), flush=True)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segment", type=int, default=8, help="MB of raw lines")
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 3, 6, 9, 12])
    parser.add_argument("--logs", nargs="*")
    parser.add_argument("--folder", type=Path, default=Path("bench-out"))
    given = parser.parse_args()
    for name, lines in logs(given.folder).items():
        if not given.logs or name in given.logs:
            measure(name, lines, given)


if __name__ == "__main__":
    main()

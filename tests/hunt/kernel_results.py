"""Results of the kernel for log lines, random bytes and bytes special to the kernel.

`kernel_results.py` prints them for each level of this system's object.

Needs no pytest, so that it also runs in Windows or Wine with the Python of the bundle.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from lamsach.archive import filters, keys
from lamsach.archive.questions import questions
from lamsach.hunt import engine
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.machine_code import load, object_of, own_platform
from lamsach.hunt.sets import lists
from lamsach.hunt.sets.builder import Builder
from lamsach.indicators.values.normalise import canonical_values
from lamsach.model import Indicator
from tests.hunt import planted_lines

USERS = (engine, keys, filters, lists)
ALPHABET = b"aB9.-_:/()%\\xu#0125f \n\xc3\xa9"


def pieces() -> list[bytes]:
    """Return log lines with planted values, random bytes, and bytes special to the kernel."""
    rng = random.Random(20)
    data = [b"", b"\n", b"." * 9000, b"evil.example" * 900]
    for size in (1, 63, 64, 65, 8191, 8193, 40_000):
        data += [rng.randbytes(size), bytes(rng.choices(ALPHABET, k=size))]
    for _ in range(12):
        data.append(b"\n".join(planted_lines.line(rng).line for _ in range(200)))
    return data


def results(functions: Mapping[str, Any]) -> list[str]:
    """Return digests of each entry point's results for these pieces.

    The first digest is that of the set, the last number the count of findings.
    """
    before = [user.functions for user in USERS]
    for user in USERS:
        user.functions = lambda: functions
    try:
        return _results()
    finally:
        for user, own in zip(USERS, before, strict=True):
            user.functions = own


def _results() -> list[str]:
    builder = Builder()
    for value in planted_lines.INDICATORS:
        builder.add(Indicator(*canonical_values(value)[0]))
    listed = builder.compiled()
    digests = [_digest(*(getattr(listed, name) for name in listed.array_names()))]
    sieve, maker, queries = engine.Sieve(listed), keys.KeyMaker(), questions(listed)
    passed, present = 0, 0
    for piece in pieces():
        data = np.frombuffer(b"\n" * PAD + piece + b"\n" * PAD, np.uint8)
        end = PAD + len(piece)
        hits, feeds = sieve.search(data, PAD, end)
        counts = [engine.count_lines(data, PAD, end), engine.skip_lines(data, PAD, end, 3)]
        counts += [engine.next_line(data, PAD, end, first) for first in b"ab.1\n\xff"]
        seen = maker.keys(data, PAD, end)
        assert seen is not None
        shape, filter_bytes = filters.build(seen, 1 << 20)
        answer = filters.query(queries, [0], [shape], np.frombuffer(filter_bytes, np.uint8))
        passed, present = passed + hits.size, present + int(answer[0])
        blocks = engine.feeds_by_block(data, PAD, end)
        digests.append(_digest(hits, feeds, blocks, np.array(counts), seen, answer))
    return [*digests, f"{passed} {present}"]


def _digest(*arrays: Any) -> str:
    return hashlib.sha256(b"".join(array.astype("<u8").tobytes() for array in arrays)).hexdigest()


def main() -> None:
    """Print the results of each level that this processor supports."""
    path = object_of(own_platform())
    assert path is not None
    highest = ctypes.CDLL(str(path)).level()
    levels = [level for level in (2, 3, 4, 8) if level <= highest and (level == 8) == (highest == 8)]
    print(json.dumps({level: results(load(path, level)) for level in levels}))


if __name__ == "__main__":
    main()

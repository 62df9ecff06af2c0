"""AdGuard Home's query log in columns equals single lines, for any DNS message."""

from __future__ import annotations

import json
import random
import struct
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.bulk import reader
from lamsach.logs.reading import tables

from .whole_logs import as_tables, by_line

NAMES = ["www.unit.example", "Mail.Unit.Example", "_ldap._tcp.unit.example", "a b.example", ".", "",
    "198.51.100.7", "x" * 70 + ".example"]  # fmt: skip
CLIENTS = ["10.1.1.5", "2001:db8::7", "::ffff:10.1.1.6", "gw", "", None, "fe80::1%eth0"]
MOMENTS = ["2026-06-09T17:13:20.123456789+07:00", "2026-06-09T10:13:20.1Z", "2026-06-09T10:13:20Z",
    "2026-06-09T17:13:20-03:30", "2026-06-09T17:13:60Z", "2026-02-30T10:00:00Z", "2026-06-09 10:13:20",
    None]  # fmt: skip
RESULTS: list[Any] = [{},
    {"IsFiltered": True, "Reason": 3, "Rules": [{"FilterListID": 1, "Text": "||bad.example^"}]},
    {"Reason": 9, "IPList": ["10.0.0.1"]},
                      {"IsFiltered": True}, {"IsFiltered": True, "Reason": 9},
                      {"IsFiltered": False, "Reason": 3}, {"Reason": "x"}, None]  # fmt: skip


def name(chance: random.Random) -> bytes:
    if chance.random() < 0.1:
        return b"\xc0\x0c"
    labels = chance.choice(NAMES).encode().strip(b".").split(b".")[: chance.choice([1, 9])]
    return b"".join(bytes([len(label)]) + label for label in labels if label) + b"\0"


def message(chance: random.Random, odd: float) -> bytes:
    """Build a DNS message; `odd`: probability that a part is unusual."""
    count = chance.randrange(4)
    questions = 1 if chance.random() > odd / 4 else chance.randrange(3)
    made = struct.pack(
        ">6H", chance.randrange(65536), 0x8180, questions, count if chance.random() > odd / 4 else 9, 0, 0
    )
    made += name(chance) + b"\0\1\0\1"
    for _ in range(count):
        kind, data = 1, bytes(chance.randrange(256) for _ in range(4))
        if chance.random() < odd:
            kind, data = chance.choice(
                [(5, b"\3cdn\xc0\x0c"), (28, bytes(range(16))), (1, b"abcde"), (65, b"ab"),
                 (1, bytes([198, 51, 100, 7]))])  # fmt: skip
        owner = b"\xc0\x0c" if chance.random() > odd / 4 else name(chance)
        made += owner + struct.pack(">HHIH", kind, 1, chance.randrange(9999), len(data)) + data
    if chance.random() < odd / 4:
        made = made[: chance.randrange(len(made))]
    return made


def text(chance: random.Random, odd: float) -> str:
    made = b64encode(message(chance, odd)).decode()
    if chance.random() < odd / 6:
        at = chance.randrange(len(made) + 1)
        made = made[:at] + chance.choice(["=", "*", "", "A", "\n"]) + made[at + 1 :]
    return made


def record(chance: random.Random, odd: float) -> str:
    def of(values: list[Any]) -> Any:
        return chance.choice(values) if chance.random() < odd else values[0]

    made = {"T": of(MOMENTS), "QH": of(NAMES), "QT": "A", "QC": "IN", "CP": "", "Answer": text(chance, odd),
        "IP": of(CLIENTS), "Result": of(RESULTS), "Elapsed": chance.randrange(10**8)}  # fmt: skip
    if chance.random() < odd / 2:
        made |= chance.choice(
            [{"CID": "pc-7"}, {"CID": ""}, {"Cached": True}, {"Result.IsFiltered": True}, {"CID": 7}]
        )
    if chance.random() < odd / 8:
        del made[chance.choice([*made])]
    return json.dumps(made, separators=(",", ":"))


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.2, 0.7]))
@settings(max_examples=30, deadline=None)
def test_columns_equal_record_by_record(
    tmp_path_factory: pytest.TempPathFactory, seed: int, odd: float
) -> None:
    chance = random.Random(seed)
    path = tmp_path_factory.mktemp("adguard") / "querylog.json"
    path.write_text("".join(record(chance, odd) + "\n" for _ in range(60)), "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "PIECE_LINES", chance.choice([20, 60]))
        patched.setattr(reader, "FEW_LINES", 2)
        assert as_tables(path) == by_line(path)

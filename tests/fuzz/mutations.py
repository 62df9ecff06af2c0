"""Mutations of inputs.

Bytes flipped, cut, doubled, spliced with others and with tokens that confuse parsers.
"""

from __future__ import annotations

import random

WORDS = (
    *(
        b"",
        b"\0",
        b"\xff",
        b"\n",
        b"\r\n",
        b'"',
        b"'",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b"<",
        b">",
        b"=",
        b",",
        b"%",
    ),
    *(
        b"-1",
        b"0",
        b"99999999999999999999",
        b"1e999",
        b"NaN",
        b"0x7fffffff",
        b"255.255.255.256",
        b"::ffff:0.0.0.0",
    ),
    *(
        b"2022-02-30",
        b"24:60:61",
        b"9999-12-31T23:59:60Z",
        b"Feb 29",
        b"xn--",
        b"xn--a-\xff",
        b"[.]",
        b"hxxp://",
    ),
    *(
        "\u202e".encode(),
        "\ud7ff\u0130ı".encode(),
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\x1f\x8b\x08",
        b"PK\x03\x04",
    ),
    *(
        b"\x28\xb5\x2f\xfd",
        b"\x50\x2a\x4d\x18",
        b"A" * 300,
        b"(" * 50,
        b"[[" * 60,
        b"../../etc/passwd",
        b"%00%n%s",
    ),
)
MOST = 1 << 16


def mutated(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Return another input, from one to four changes."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(found) + 1)
        kind = rng.randrange(8)
        if kind == 0 and found:
            found[place % len(found)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            found[place:place] = rng.choice(WORDS)
        elif kind == 2:
            size = rng.choice((1, 2, 8, 64, 4096))
            del found[place : place + size]
        elif kind == 3:
            size = rng.choice((1, 4, 32, 256))
            found[place:place] = found[place : place + size] * rng.choice((1, 2, 20))
        elif kind == 4:
            begin = rng.randrange(len(other) + 1)
            found[place : place + rng.choice((0, 8, 64))] = other[begin : begin + rng.choice((4, 32, 512))]
        elif kind == 5:
            found[place : place + 4] = rng.randbytes(rng.choice((1, 2, 4, 8)))
        elif kind == 6:
            del found[place:]
        else:
            word = rng.choice(WORDS)
            found[place : place + len(word)] = word
    return bytes(found[:MOST])

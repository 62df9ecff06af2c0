"""Compressed RTF of Outlook messages: runs, overlapping references, damage."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.indicators.files.containers import _PREFILLED, decompress_rtf


def packed(data: bytes, body: bytes, kind: int = 0x75465A4C) -> bytes:
    return struct.pack("<IIII", len(body) + 12, len(data), kind, 0) + body


def literals(data: bytes) -> bytes:
    return b"".join(b"\0" + data[place : place + 8] for place in range(0, len(data), 8))


def test_literal_bytes_unpack_to_themselves() -> None:
    data = b"{\\rtf1 bot-c2.xyz\\par}"
    assert decompress_rtf(packed(data, literals(data))) == data


def test_a_reference_into_the_dictionary_and_into_itself() -> None:
    start = len(_PREFILLED)
    # `{\rtf1` from the dictionary (6 bytes), `a`, and a run of `a` that overlaps its own output
    body = bytes([0b101]) + struct.pack(">H", 0 << 4 | 4) + b"a" + struct.pack(">H", (start + 6) << 4 | 3)
    assert decompress_rtf(packed(b"x" * 12, body)) == b"{\\rtf1" + b"a" * 6


def test_uncompressed_data_is_returned() -> None:
    assert decompress_rtf(packed(b"{\\rtf1}", b"{\\rtf1}", 0x414C454D)) == b"{\\rtf1}"


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_damage_never_raises_and_stays_within_the_stated_size(data: bytes) -> None:
    assert len(decompress_rtf(packed(b"x" * 50, data))) <= 50
    assert decompress_rtf(data[:15]) == b""

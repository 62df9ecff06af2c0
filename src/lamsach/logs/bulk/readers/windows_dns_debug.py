"""Packets of the Windows DNS Server's debug log without details, in whatever language its times are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import BulkReader, Piece, Unusual, joined
from lamsach.logs.bulk.columns import (
    addresses,
    check,
    check_distinct,
    holds,
    lines_of,
    mapped,
    names,
    text_of,
)
from lamsach.logs.bulk.features import Lines
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.parts import halves
from lamsach.logs.bulk.text import Text
from lamsach.logs.formats.dns.windows_dns_debug import WindowsDnsDebug, question_of_packet
from lamsach.logs.text.dns_names import question_name
from lamsach.model import Action

# 6/10/2026 8:00:01 AM 0D48 PACKET  000000000181D1C0 UDP Rcv 10.1.1.5        0c6b   Q [0001   D   NOERROR] A      (3)www(7)example(3)com(0)
_BEFORE = r"^[0-9][^A-Fa-f]{0,40}.{0,20} [0-9A-Fa-f]{3,8} {0,3}$"
_HEAD = (
    r"^ {0,3}(?:[0-9A-Fa-f]{8,16} {1,4})?(?:UDP|TCP) {1,4}(?P<way>Rcv|Snd) {1,4}(?P<remote>[0-9A-Fa-f:.]{2,45}) {1,45}[0-9A-Fa-f]{4} {1,6}"
    r"(?P<response>R {1,4})?Q {1,4}$"
)
_FLAGS = "^[0-9A-Fa-f]{4}[ A-Z]{4,30}$"
_LONGEST_QUESTION, _SPACE = 600, 0x20
_LENGTHS = "|".join(rf"\({length}\)[a-z0-9_-]{{{length}}}" for length in range(1, 64))
_LABELS = rf"^(?:{_LENGTHS})+\(0\)$"
_TYPED = r"^[A-Z][A-Z0-9-]{0,15} +\("


class DnsPackets(BulkReader):
    """Questions and answers; blank lines between them are left out."""

    log_format: WindowsDnsDebug

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert isinstance(log_format, WindowsDnsDebug)

    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """See `BulkReader`. A record may have several lines, so all of them have to be usual."""
        if (
            isinstance(lines, Text)
            and lines.all_hold_something
            and (Lines(lines).letters_at(0, 1) > _SPACE).all()
        ):
            return super().piece(first, lines)
        told = [at for at, line in enumerate(lines) if line is None or line.strip()]
        if len(told) == len(lines):
            return super().piece(first, lines)
        if not told or told[0]:  # a blank line may belong to the record before
            return None
        return self._between_blanks(first, lines, told)

    def _between_blanks(self, first: int, lines: Sequence[bytes | None], told: Sequence[int]) -> Piece | None:
        whole = [lines[at] for at in told]
        data = joined(whole)
        if data is None:
            return None
        try:
            table = self.placed(self.read(data, len(whole)), pa.array(np.array(told) + first))
        except (Unusual, LineError, ValueError, pa.ArrowException):
            return None
        tried = {at: whole[at] or b"" for at in (0, len(told) // 2)}
        return (table, ()) if self.agrees(table, tried) else None

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        before, packet = halves(lines_of(data), " PACKET ")
        check_distinct(before, _BEFORE)
        if holds(packet, b"PACKET"):
            check(pc.invert(pc.match_substring(packet, "PACKET")))
        head, rest = halves(packet, "[")
        flags, question = halves(rest, "]")
        parts = pc.extract_regex(head, _HEAD)
        if parts.null_count:
            raise Unusual
        check_distinct(flags, _FLAGS)
        check(pc.starts_with(question, " "))
        if holds(question, b"[", b"]") or pc.max(pc.binary_length(question)).as_py() > _LONGEST_QUESTION:
            raise Unusual
        moments = pc.ascii_rtrim(pc.ascii_rtrim(before, " "), "0123456789ABCDEFabcdef")
        sent = pc.equal(pc.struct_field(parts, "way"), "Snd")
        response = pc.not_equal(pc.struct_field(parts, "response"), "")
        remote = addresses(pc.struct_field(parts, "remote"))
        from_client = pc.equal(sent, response)
        none = pa.scalar(None, pa.string())
        clients = pc.if_else(from_client, remote, none)
        refused = pc.match_substring(flags, "REFUSED")
        return {
            "time": times(moments, self.log_format.time_of),
            "source_ip": clients,
            "device_ip": clients,
            "destination_ip": pc.if_else(from_client, none, remote),
            "domain": _questions(question),
            "action": pc.if_else(refused, Action.BLOCKED.value, Action.ALLOWED.value),
        }


def _dotted(labels: pa.Array) -> pa.Array:
    """`(3)www(7)example(0)` as `.www.example.`: a dot for what is in brackets, which are never nested."""
    letters = np.frombuffer(text_of(labels), np.uint8)
    opened = np.cumsum(letters == ord("("), dtype=np.int32)
    closing = letters == ord(")")
    outside = opened == np.cumsum(closing, dtype=np.int32)
    return lines_of(np.where(closing, ord("."), letters)[outside].astype(np.uint8).tobytes())


def _questions(texts: pa.Array) -> pa.Array:
    """The names that are asked for: each distinct one is taken apart once."""
    coded = texts.dictionary_encode()
    return _distinct_questions(coded.dictionary).take(coded.indices)


def _distinct_questions(texts: pa.Array) -> pa.Array:
    """See `_questions`. Usual labels, of which the stated lengths are right, are joined here."""
    none = pa.scalar(None, pa.string())
    trimmed = pc.utf8_trim_whitespace(texts)
    parts = pc.split_pattern(pc.binary_join_element_wise(trimmed, "(", ""), "(", max_splits=1)
    labels = pc.binary_join_element_wise("", pc.ascii_rtrim(pc.list_element(parts, 1), "("), "(")
    usual = pc.and_(pc.match_substring_regex(trimmed, _TYPED), pc.match_substring_regex(labels, _LABELS))
    dotted = _dotted(pc.if_else(usual, labels, "(1)a(0)"))
    found = names(pc.ascii_trim(dotted, "."), question_name)
    if pc.all(usual).as_py():
        return found
    return pc.if_else(usual, found, mapped(pc.if_else(usual, none, texts), question_of_packet))

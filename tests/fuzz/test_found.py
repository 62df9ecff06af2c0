"""Lines that a long run of the fuzzing found, cut down: no reader may stumble over them again."""

from __future__ import annotations

import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats import FORMATS

FOUND = ("srcip=10.20.1.15 dstip=203.0.113.91 dstport=\x0b srcintf=lan action=blocked",)
"""A port that is nothing but a blank of Unicode's."""


@pytest.mark.parametrize("line", FOUND)
def test_no_format_stumbles(line: str) -> None:
    for kind in FORMATS:
        if kind.recognises(line):
            try:
                kind(FileContext("found.log")).parse(line, 1)
            except LineError as error:
                assert error.what

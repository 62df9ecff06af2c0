"""Minimised findings of long fuzzing runs: no reader may fail on them again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from lamsach.errors import LineError
from lamsach.indicators.lists import read_list
from lamsach.logs.base import FileContext
from lamsach.logs.formats import FORMATS
from lamsach.model import Problem

FOUND = (
    "srcip=10.20.1.15 dstip=203.0.113.91 dstport=\x0b srcintf=lan action=blocked",
    (
        '"0.20.9.1,host/pc-7.unit.example,06/10/2026,11:01:00,IAS,NPS01,31,00-1A-2B-3C-4D-5F,4108,10.20.9.1,'
        "4136,2,4142,0"
    ),
    (
        '{"T":"2026-11-20T16:26:53Z","QH":"bot.example","QT":"A","IP":"10.1.1.5",'
        '"Result":{"IsFiltered":true,"Reason":{}}}'
    ),
    "proxy: 1780619471.111 4444 10.20.1.15 TCP_MISS/200 512".rjust(800)
    + " GET http://files.example/a - HIER_NONE/- -",
)
"""A port that is only a Unicode blank; an unterminated quote.

An object instead of a number; a record truncated after its size by the first 800 characters.
"""
BUNDLES = ('{"type": "bundle", "id": "bundle--1", "objcts": []}', '[{"type": "bundle", "objects": {}}]')
"""STIX bundles without objects."""


@pytest.mark.parametrize("line", FOUND)
def test_no_format_stumbles(line: str) -> None:
    for kind in FORMATS:
        if kind.recognises(line):
            with suppress(LineError):
                kind(FileContext("found.log")).parse(line, 1)


@pytest.mark.parametrize("text", BUNDLES)
def test_a_list_of_nothing_is_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(text)
    problems: list[Problem] = []
    assert list(read_list(str(path), problems.append)) == []
    assert len(problems) < 2

"""Texts of the lines that prove an answer, read again from their files in one pass each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lamsach.errors import InputError
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.lines import numbered_lines
from lamsach.trace.model import Answer, Named

MAX_LINES = 100_000
_LONGEST = 2000


def with_texts(answers: Sequence[Answer], logs: Sequence[LogFile]) -> list[Answer]:
    """Add the texts of evidence lines to the answers; unreadable lines remain without text."""
    wanted: dict[str, set[int]] = defaultdict(set)
    total = 0
    for answer in answers:
        for item in answer.named:
            for line in item.evidence:
                if total < MAX_LINES and line.line not in wanted[line.file]:
                    wanted[line.file].add(line.line)
                    total += 1
    texts: dict[tuple[str, int], str] = {}
    for log in logs:
        if wanted.get(log.name) and log.name != "-":
            texts.update(_texts(log, wanted.pop(log.name)))
    return [
        replace(answer, named=tuple(_filled(item, texts) for item in answer.named))
        if answer.named
        else answer
        for answer in answers
    ]


def _texts(log: LogFile, lines: set[int]) -> Mapping[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    last = max(lines)
    try:
        if log.encoding == "binary":
            return found
        with log.open() as stream:
            for number, line in numbered_lines(stream):
                if number in lines and line is not None:
                    found[log.name, number] = decode_line(line[: 4 * _LONGEST])[:_LONGEST]
                if number >= last:
                    break
    except InputError:
        pass
    return found


def _filled(item: Named, texts: Mapping[tuple[str, int], str]) -> Named:
    return replace(
        item,
        evidence=tuple(replace(line, text=texts.get((line.file, line.line), "")) for line in item.evidence),
    )

"""File of a syslog server with lines of every product, each recognized and read by its format."""

from __future__ import annotations

import json

import pytest
from golden import DATA, WRITTEN, lines_of

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats import FORMATS
from lamsach.logs.reading.detect import detect, format_of_line
from lamsach.logs.reading.lines import LineParser

NEED_THEIR_FILE = {"csv_columns": "rows mean nothing without their headings"}
HEADINGS_DECIDE = {
    ("exchange", "http_proxy"): "columns of the file's own choice",
    ("vpc_flow", "chosen_columns"): "columns of the file's own choice",
    ("silk", "chosen"): "columns of the file's own choice",
    ("web_access", "tmg"): "columns of the file's own choice",
    ("web_access", "bluecoat"): "columns of the file's own choice",
    ("web_access", "iis"): "under stated headings any method counts",
    ("zeek_tsv", "other_separator"): "a separator of the file's own choice",
}
LINES = [
    (log_format, log.stem, lines_of(log)[json.loads(text)["line"] - 1])
    for log_format in FORMATS
    if not log_format.multiline and log_format.name not in NEED_THEIR_FILE
    for log in sorted((DATA / log_format.name).glob("*.log"))
    if (log_format.name, log.stem) not in HEADINGS_DECIDE
    for text in log.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines()
    if '"refused"' not in text
]


def test_every_line_is_recognized_by_itself():
    wrong = [
        (log_format.name, stem, found, line[:100])
        for log_format, stem, line in LINES
        if (found := format_of_line(line)) is not log_format
    ]
    assert len(LINES) > 700
    assert wrong == []


@pytest.mark.parametrize("first", [0, 7, 23])
def test_every_line_of_the_mixed_file_is_read(first):
    """The first line of the file and the line before make no difference."""
    lines = [line for _, _, line in LINES]
    lines = [*lines[first::31], *lines]
    detection = detect("".join(f"{line}\n" for line in lines).encode()[: 1 << 18])
    assert detection.mixed
    parser = LineParser(detection, FileContext("mixed.log", modified=WRITTEN, head=detection.lines))
    by_line = {line: log_format.name for log_format, _, line in LINES}
    unread = 0
    for number, line in enumerate(lines, 1):
        try:
            event = parser.parse(line, number)
        except LineError:
            unread += 1
            continue
        assert event is None or event.format == by_line[line], line[:100]
    assert unread <= len(lines) // 100

"""Implementation of `lamsach logs explain`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamsach.cli.logs.event_output import output_stream
from lamsach.cli.options import zone_of
from lamsach.errors import UsageError
from lamsach.i18n import language_from_environment, translator
from lamsach.logs.events.records import json_line
from lamsach.logs.layouts.own import own_format
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.explanation import Explanation, explain, marked_text

_SHOWN_CHARACTERS = 2000


def run(file: str, line: int | None, format_name: str | None, timezone: str) -> None:
    """Explain one record: as a table for people, as a JSON object for programs."""
    zone = zone_of(timezone)
    log_file = next(iter(find_logs([file])), None)
    if log_file is None:
        raise UsageError("There is no log in it.", file, "")
    found = explain(log_file, line, format_name=format_name, timezone=zone)
    if sys.stdout.isatty():
        _show(log_file.name, found)
        return
    with output_stream(None) as stream:
        stream.write(json_line(_record(log_file.name, found)) + "\n")


def check_format(path: Path) -> None:
    """Check a format file, and print its fields."""
    words = translator(language_from_environment())
    found = own_format(path).layout
    text = words("The format {name} is right. Shapes: {shapes}, examples: {examples}. Fields: {fields}")
    fields = ", ".join(found.gives)
    print(text.format(name=found.name, shapes=len(found.shapes), examples=len(found.examples), fields=fields))


def _record(name: str, found: Explanation) -> dict[str, object]:
    return {
        "file": name,
        "line": found.number,
        "text": found.text,
        "format": found.format,
        "shape": found.shape,
        "refused": found.refused,
        "fields": [
            {
                "field": value.field,
                "value": value.value,
                "text": None if value.begin is None else found.text[value.begin : value.end],
                "begin": value.begin,
                "end": value.end,
            }
            for value in found.values
        ],
        "others": dict(found.others),
    }


def _show(name: str, found: Explanation) -> None:
    words = translator(language_from_environment())
    console = Console()
    text = Text()
    for piece, field in marked_text(found):
        text.append(_printable(piece[:_SHOWN_CHARACTERS]), style="bold underline" if field else "")
    console.print(Text(f"{name}:{found.number}"), text, sep="\n")
    if found.format is None:
        console.print(words("No known format reads this line."))
    elif found.refused is not None:
        console.print(Text(f"{found.title} ({found.format}): {words(found.refused)}"))
    else:
        console.print(Text(f"{words('Format')}: {found.title} ({found.format})"))
    table = Table(words("Field"), words("Value"), words("In the line"), box=None, pad_edge=False)
    for value in found.values:
        source = "-" if value.begin is None else found.text[value.begin : value.end]
        table.add_row(value.field, Text(_printable(value.value)), Text(_printable(source)))
    if found.values:
        console.print(table)
    by_reason: dict[str, list[str]] = {}
    for other, reason in found.others.items():
        by_reason.setdefault(reason, []).append(other)
    others = Table(words("Why the others did not"), words("Format"), box=None, pad_edge=False)
    for reason, names in sorted(by_reason.items(), key=lambda item: len(item[1])):
        others.add_row(words(reason), ", ".join(names))
    console.print(others)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)

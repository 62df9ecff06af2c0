"""Write the tables of options in `docs/commands.md`, of settings in `docs/settings.md` and of log and list
formats in `docs/formats.md` from their declarations.

`make reference` (part of `make docs`) writes these files; `tests/docs/test_docs.py` compares them. Text
around the tables is written by hand.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from lamsach.cli.command_line import Command, Group, Parameter
from lamsach.cli.commands import COMMANDS
from lamsach.indicators.formats import FORMATS as LIST_FORMATS
from lamsach.logs.base import LogFormat
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.formats import BINARY_FORMATS
from lamsach.logs.formats import FORMATS as LOG_FORMATS
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.portal.options import markdown

DOCS = Path(__file__).parents[1] / "docs"
_BAR = r"\|"
HEAD = "| option | meaning |\n|---|---|\n"
_TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")
_FORMATS = re.compile(
    r"(?<=\| `--format` \| product \| what is read \| note \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)*"
)
_LISTS = re.compile(r"(?<=\| name \| format \| what is read \|\n\|---\|---\|---\|\n)(?:\|.*\n)*")
_WORDS = re.compile(r"(?<![`\w/])(--[a-z][-a-z]*|\.[a-z]{3,5}(?![\w.])|[A-Z]+(?:_[A-Z]+)+)")
"""Options, file suffixes and environment variables in a help text."""


def every_command(
    command: Command | Group = COMMANDS, path: str = "lamsach"
) -> Iterator[tuple[str, Command | Group]]:
    """Yield commands and groups with their full names, in the order of the help."""
    yield path, command
    for name in command.commands if isinstance(command, Group) else ():
        yield from every_command(command[name], f"{path} {name}")


def option_table(options: tuple[Parameter, ...]) -> str:
    """Return the Markdown table of a command's options: names and value name, help, required, default."""
    return HEAD + "".join(f"| {_names(option)} | {_meaning(option)} |\n" for option in options)


def with_tables(document: str) -> str:
    """Return the document with the table of options of each command under its own heading.

    Raises LookupError for a command without a heading, or with options and without a table.
    """
    for path, command in every_command():
        heading = re.search(rf"^#+ {re.escape(path)}\n", document, re.MULTILINE)
        if heading is None:
            raise LookupError(f"docs/commands.md has no heading for {path}")
        start = heading.end()
        following = re.search(r"^#+ ", document[start:], re.MULTILINE)
        end = start + following.start() if following else len(document)
        section, found = _TABLE.subn(lambda _: option_table(command.options), document[start:end])  # noqa: B023
        if command.options and not found:
            raise LookupError(f"docs/commands.md has no table of options for {path}")
        document = document[:start] + section + document[end:]
    return document


def with_settings(document: str) -> str:
    """Return the page of settings with its table, which is its end."""
    return document[: document.index("| name |")] + markdown()


def with_formats(document: str) -> str:
    """Return the page of formats with its tables: log formats by name, title and the docstring of their
    class, whose first paragraph is the description; list formats by name, title and `what`.
    """
    logs = [_format_row(kind) for kind in (*LOG_FORMATS, *BINARY_FORMATS, UnknownText)]
    lists = [f"| `{kind.name}` | {kind.title} | {kind.what.replace('|', _BAR)} |\n" for kind in LIST_FORMATS]
    document = _FORMATS.sub(lambda _: "".join(logs), document, count=1)
    return _LISTS.sub(lambda _: "".join(lists), document, count=1)


def _format_row(kind: type[LogFormat] | type[BinaryFormat]) -> str:
    paragraphs = inspect.cleandoc(kind.__doc__ or "").replace("|", _BAR).split("\n\n", 1)
    what, note = (" ".join(text.split()).removesuffix(".") for text in (*paragraphs, "")[:2])
    return f"| `{kind.name}` | {kind.title} | {what} |{f' {note}' if note else ''} |\n"


def _names(option: Parameter) -> str:
    short, long = sorted(option.names, key=len)[:-1], max(option.names, key=len)
    value = f" {option.metavar}" if option.metavar else ""
    return ", ".join([*(f"`{name}`" for name in short), f"`{long}{value}`".replace("|", _BAR)])


def _meaning(option: Parameter) -> str:
    text = _WORDS.sub(r"`\1`", option.help).replace("|", _BAR).replace("*", r"\*")
    if option.required:
        text += " Required."
    if option.default not in (None, False, "") and not option.required:
        text += f" Default: `{option.default}`."
    return text


PAGES: Mapping[str, Callable[[str], str]] = {
    "commands.md": with_tables,
    "settings.md": with_settings,
    "formats.md": with_formats,
}
"""Pages, and the function that adds their tables."""


def write() -> None:
    """Write the pages."""
    for name, with_table in PAGES.items():
        page = DOCS / name
        page.write_text(with_table(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()

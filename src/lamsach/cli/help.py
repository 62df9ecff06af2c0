"""Help pages and usage errors in the user's language."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from lamsach.cli.command_line import Command, CommandLineError, Group, Parameter
from lamsach.cli.console import translate
from lamsach.i18n import mark

EXAMPLE = "Example: "
_WIDEST, _NARROWEST = 100, 80
_BOLD, _NAME, _DIM, _PLAIN = "\x1b[1m", "\x1b[1;36m", "\x1b[2m", "\x1b[0m"
_TEXTS = {
    "{name} is missing.": mark("{name} is missing."),
    "{name} takes no value.": mark("{name} takes no value."),
    "{name} needs a value.": mark("{name} needs a value."),
    "{name} is one word too many.": mark("{name} is one word too many."),
    "The value of {name} does not fit.": mark("The value of {name} does not fit."),
    "There is no option {name}.": mark("There is no option {name}."),
    "There is no command {name}.": mark("There is no command {name}."),
}
"""Texts of `CommandLineError`."""


def usage_line(error: CommandLineError) -> str:
    """Return the mistake, the probable intention, and the help command, as one line."""
    _ = translate()
    name = "".join(letter if letter.isprintable() else "?" for letter in error.name)
    sentences = [_(_TEXTS[error.text]).format(name=name)]
    if error.meant:
        sentences.append(_("Did you mean {name}?").format(name=error.meant))
    sentences.append(_("See: {command} --help").format(command=error.command))
    return " ".join(sentences)


def help_page(command: Command | Group, path: str) -> str:
    """Return the help of a command or of a group, as wide as the terminal, within limits."""
    _ = translate()
    page = _Page(_width())
    pieces = (
        [_("[OPTIONS]"), *(_usage(parameter) for parameter in command.arguments)]
        if isinstance(command, Command)
        else [_("[OPTIONS]"), _("COMMAND"), "..."]
    )
    lines = ["", f" {page.bold(_('Usage:'))} {page.bold(path)} {' '.join(pieces)}", ""]
    for text in paragraphs(command.help):
        lines += [*(f" {line}" for line in _wrapped(_paragraph(text), page.width - 2)), ""]
    if isinstance(command, Command) and command.arguments:
        lines += page.box(_("Arguments"), [_argument_row(parameter) for parameter in command.arguments])
    options = [*map(_option_row, command.options), ("", "--help", "-h", "", _("Show this message and exit."))]
    lines += page.box(_("Options"), options)
    if isinstance(command, Group):
        lines += page.box(
            _("Commands"), [("", name, "", "", summary(command[name])) for name in command.commands]
        )
    return "\n".join([*lines, ""])


def summary(command: Command | Group) -> str:
    """Return the first paragraph of a command's help, translated."""
    return _paragraph(paragraphs(command.help)[0])


def paragraphs(text: str) -> list[str]:
    """Split a help text into paragraphs, each on one line."""
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]


def _paragraph(text: str) -> str:
    _ = translate()
    if text.startswith(EXAMPLE):
        return _("Example: {command}").format(command=text.removeprefix(EXAMPLE))
    return _(text)


def _usage(argument: Parameter) -> str:
    """Format an argument in the line of usage: `LOGS...`, `[DIR]`."""
    text = f"{argument.word}..." if argument.repeats else argument.word
    return text if argument.required else f"[{text}]"


def _argument_row(argument: Parameter) -> tuple[str, str, str, str, str]:
    name = argument.metavar or f"{argument.key.upper()}{'...' if argument.repeats else ''}"
    return "*" if argument.required else "", name, "", "", _about(argument)


def _option_row(option: Parameter) -> tuple[str, str, str, str, str]:
    long = ",".join(name for name in option.names if name.startswith("--"))
    short = ",".join(name for name in option.names if not name.startswith("--"))
    value = " ".join(filter(None, (option.metavar, _range(option))))
    return "*" if option.required else "", long, short, value, _about(option)


def _about(parameter: Parameter) -> str:
    """Describe a parameter; on further lines whether it is required, or its default."""
    _ = translate()
    text = _(parameter.help)
    if parameter.required:
        return f"{text}\n{_('[required]')}"
    if parameter.default in (None, False, ""):
        return text
    return f"{text}\n{_('[default: {}]').format(parameter.default)}"


def _range(parameter: Parameter) -> str:
    """Describe the range of an option's numbers."""
    _ = translate()
    if parameter.min is None:
        return "" if parameter.max is None else f"[{_('at most {max}').format(max=parameter.max)}]"
    if parameter.max is None:
        return f"[{_('at least {min}').format(min=parameter.min)}]"
    return f"[{_('{min} to {max}').format(min=parameter.min, max=parameter.max)}]"


def _width() -> int:
    """Return the columns of the terminal, of `COLUMNS`, or 80."""
    try:
        columns = (
            int(os.environ.get("COLUMNS", "")) if "COLUMNS" in os.environ else os.get_terminal_size(1).columns
        )
    except (ValueError, OSError):
        columns = 80
    return max(_NARROWEST, min(_WIDEST, columns))


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield the text in lines of at most this width, broken between words (a longer word within)."""
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            while len(word) > width:
                if line:
                    yield line
                line, word = word[:width], word[width:]
            if line and len(line) + 1 + len(word) > width:
                yield line
                line = word
            else:
                line = f"{line} {word}" if line else word
        yield line


class _Page:
    """Boxes and colours of a help page; colours only on a terminal that has them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.colours = (
            sys.stdout.isatty()
            and "NO_COLOR" not in os.environ
            and (os.name != "nt" or "WT_SESSION" in os.environ)
        )

    def bold(self, text: str) -> str:
        """Format the text in bold."""
        return self._in(_BOLD, text)

    def box(self, title: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
        """Format rows of cells in a frame; the last cell of each is wrapped, empty columns are omitted."""
        columns = [place for place in range(4) if any(row[place] for row in rows)]
        widths = {place: max(len(row[place]) for row in rows) for place in columns}
        before = sum(width + 2 for width in widths.values())
        room = max(20, self.width - 4 - before)
        edge = self._in(_DIM, "│")
        lines = [self._in(_DIM, f"╭─ {title} {'─' * (self.width - 5 - len(title))}╮")]
        for row in rows:
            cells = "".join(
                self._in(_NAME if place in (1, 2) else "", row[place].ljust(widths[place])) + "  "
                for place in columns
            )
            for text in _wrapped(row[4], room):
                lines.append(f"{edge} {cells}{text.ljust(room)} {edge}")
                cells = " " * before
        return [*lines, self._in(_DIM, f"╰{'─' * (self.width - 2)}╯")]

    def _in(self, style: str, text: str) -> str:
        return f"{style}{text}{_PLAIN}" if self.colours and style and text.strip() else text

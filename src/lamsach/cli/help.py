"""Help and usage errors in the user's language."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import typer

from lamsach.cli.console import translate
from lamsach.i18n import mark

EXAMPLE = "Example: "
PANELS = {
    "ARGUMENTS_PANEL_TITLE": mark("Arguments"),
    "OPTIONS_PANEL_TITLE": mark("Options"),
    "COMMANDS_PANEL_TITLE": mark("Commands"),
    "REQUIRED_LONG_STRING": mark("[required]"),
    "DEFAULT_STRING": mark("[default: {}]"),
}
"""Words of the help pages that are not ours (names in `typer.rich_utils`)."""

_NO_COMMAND = re.compile(r"No such command '(.{1,100}?)'")
"""What typer says of a word that is no command."""

CommandLineError: type[Exception] = typer.BadParameter.__mro__[2]
"""Every way in which the words after the command do not fit together."""


def translated(app: typer.Typer) -> Any:
    """The command of the application, its help in the language of the environment."""
    from typer import rich_utils

    _ = translate()
    for name, text in PANELS.items():
        if hasattr(rich_utils, name):
            setattr(rich_utils, name, _(text))
    command = typer.main.get_command(app)
    for part in parts(command):
        if part.help:
            part.help = "\n\n".join(_paragraph(text) for text in paragraphs(part.help))
        if hasattr(part, "display_type_rich"):
            part.display_type_rich = _without_types(part.display_type_rich)
        if getattr(part, "param_type_name", "") == "argument":
            part.get_usage_pieces = partial(_usage, part)
            part.metavar = part.metavar or f"{part.name.upper()}{'...' if part.nargs != 1 else ''}"
        if hasattr(part, "_get_number_range_help_str"):
            part._get_number_range_help_str = partial(_range, part)
        if hasattr(part, "get_usage"):
            part.get_usage = _usage_line(part.get_usage)
        if hasattr(part, "get_help_option"):
            part.get_help_option = _help_option(part.get_help_option)
    return command


def _usage(argument: Any, _context: Any) -> list[str]:
    """An argument in the line of usage: `LOGS...`, `[DIR]`."""
    word = _word(argument)
    text = f"{word}..." if argument.nargs != 1 else word
    return [text if argument.required else f"[{text}]"]


def _range(part: Any) -> str | None:
    """Which numbers an option takes, in words."""
    _ = translate()
    if part.min is None:
        return None if part.max is None else _("at most {max}").format(max=part.max)
    if part.max is None:
        return _("at least {min}").format(min=part.min)
    return _("{min} to {max}").format(min=part.min, max=part.max)


def _usage_line(original: Callable[[Any], str]) -> Callable[[Any], str]:
    """The line of usage, its first word in the user's language."""
    return lambda context: original(context).replace("Usage:", translate()(mark("Usage:")), 1)


def _word(argument: Any) -> str:
    """The name of an argument: `LOGS`."""
    return str(argument.metavar or argument.name.upper()).replace("...", "").strip("[]{}")


def _without_types(original: Callable[..., Any]) -> Callable[..., Any]:
    """What an option takes, without the programmer's types: `<bool>` takes nothing, and the others have a word of ours or none."""

    def shown(*given: Any, **named: Any) -> Any:
        text = original(*given, **named)
        if not isinstance(text, str) or not text.startswith("<"):
            return text
        return "N" if text.startswith(("<int", "<float")) else None

    return shown


def _help_option(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def option(context: Any) -> Any:
        made = original(context)
        if made is not None:
            made.help = translate()(mark("Show this message and exit."))
            made.display_type_rich = _without_types(made.display_type_rich)
        return made

    return option


def parts(command: Any) -> Iterator[Any]:
    """The command, its options and arguments, and the same of all commands under it: all that have a `help`."""
    yield command
    for parameter in command.params:
        if hasattr(parameter, "help"):
            yield parameter
    for inner in getattr(command, "commands", {}).values():
        yield from parts(inner)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a help text, each on one line."""
    return [" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n")]


def _paragraph(text: str) -> str:
    _ = translate()
    if text.startswith(EXAMPLE):
        return _("Example: {command}").format(command=text.removeprefix(EXAMPLE))
    return _(text)


def usage_line(error: Exception) -> str:
    """What does not fit together, and how to find out more, as one line; empty when the help has been shown instead."""
    _ = translate()
    message = " ".join(str(getattr(error, "format_message", error.__str__)()).split())
    if not message:
        return ""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "lamsach"
    hint = _name(getattr(error, "param", None))
    kind = type(error).__name__
    if kind == "MissingParameter" and hint:
        message = _("{name} is missing.").format(name=hint)
    elif kind == "NoSuchOption":
        message = _("There is no option {name}.").format(name=getattr(error, "option_name", ""))
    elif unknown := _NO_COMMAND.match(message):
        message = _("There is no command {name}.").format(name=unknown[1])
    elif kind == "BadParameter" and hint:
        message = _("The value of {name} does not fit.").format(name=hint)
    else:
        message = _("The words of the command do not fit together: {message}").format(message=message)
    return "{message} {advice}".format(
        message=message, advice=_("See: {command} --help").format(command=path)
    )


def _name(parameter: Any) -> str:
    """An option or argument as the user writes it."""
    if parameter is None:
        return ""
    if parameter.param_type_name == "argument":
        return _word(parameter)
    return "/".join(parameter.opts)

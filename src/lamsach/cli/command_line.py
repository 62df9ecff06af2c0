"""Declaration of commands and parsing of their words.

A command is a function; `Annotated[type, Option(...)]` or `Argument(...)` declare its parameters. A type is
`bool` (a flag), `str`, `int`, `float`, `Path`, or a list of one (the option repeats); with `None` it is
optional. The rules are those of every Unix tool: `--name value`, `--name=value`, `-n value`, `-nvalue`,
`-xyz` for flags, `--` before words that are no options.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from lamsach.runtime.registry import imported

HELP = ("--help", "-h")
Function = Callable[..., object]


class Declared:
    """A parameter: its names (none for an argument), help and value's name; numbers from `min` to `max`."""

    def __init__(
        self, *names: str, help: str, metavar: str = "", min: float | None = None, max: float | None = None
    ) -> None:
        self.names, self.help, self.metavar, self.min, self.max = names, help, metavar, min, max


class Option(Declared):
    """A parameter with a name."""


class Argument(Declared):
    """A word without a name, or all remaining words."""


class Exit(Exception):  # noqa: N818 - the end of a command, as SystemExit
    """The end of a command with a status."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(status)
        self.status = status


class CommandLineError(Exception):
    """Invalid words: `text` with `{name}` for the word, the probable one in `meant`, and the `command`."""

    def __init__(self, text: str, name: str, command: str, meant: str = "") -> None:
        super().__init__(text, name)
        self.text, self.name, self.command, self.meant = text, name, command, meant


class HelpWanted(Exception):  # noqa: N818 - no error
    """Request for a command's help; `alone`: because it was called without any word."""

    def __init__(self, command: Command | Group, path: str, *, alone: bool = False) -> None:
        super().__init__(path)
        self.command, self.path, self.alone = command, path, alone


class Parameter:
    """A parameter of a command's function, as written on the command line."""

    def __init__(self, key: str, kind: Any, declared: Declared, default: Any) -> None:
        self.key, self.help, self.default = key, declared.help, default
        self.min, self.max, self.metavar = declared.min, declared.max, declared.metavar
        self.is_option = isinstance(declared, Option)
        self.names = declared.names or ((f"--{key.replace('_', '-')}",) if self.is_option else ())
        if get_origin(kind) in (Union, types.UnionType):
            kind = next(member for member in get_args(kind) if member is not type(None))
        self.repeats = get_origin(kind) is list
        self.type: Callable[[str], Any] = get_args(kind)[0] if self.repeats else kind
        self.is_flag = self.type is bool
        self.required = default is REQUIRED
        if not self.metavar and self.is_option and self.type in (int, float):
            self.metavar = "N"

    @property
    def word(self) -> str:
        """Name in messages: `-i/--indicators`, `LOGS`."""
        return (
            "/".join(self.names)
            if self.names
            else (self.metavar or self.key.upper()).replace("...", "").strip("[]")
        )

    def value(self, text: str, command: str) -> Any:
        """Convert a word. Raises CommandLineError."""
        try:
            value = self.type(text)
            low = self.min is not None and value < self.min
            fits = not low and (self.max is None or value <= self.max)
        except ValueError:
            fits = False
        if not fits:
            raise CommandLineError("The value of {name} does not fit.", self.word, command)
        return value


REQUIRED: Any = object()


class Command:
    """A command that can be called."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.help = function.__doc__ or ""
        hints = get_type_hints(function, include_extras=True)
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        stated = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        self.parameters = tuple(_parameter(name, hints[name], stated.get(name, REQUIRED)) for name in names)

    @property
    def options(self) -> tuple[Parameter, ...]:
        """The options, in order."""
        return tuple(parameter for parameter in self.parameters if parameter.is_option)

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """The arguments, in order."""
        return tuple(parameter for parameter in self.parameters if not parameter.is_option)

    def run(self, words: Sequence[str], path: str) -> None:
        """Call it with these words. Raises CommandLineError, HelpWanted, Exit, and the command's errors."""
        self.function(**self.read(words, path))

    def read(self, words: Sequence[str], path: str) -> dict[str, Any]:
        """Parse the values of the parameters. Raises CommandLineError, HelpWanted."""
        options = {name: parameter for parameter in self.options for name in parameter.names}
        values: dict[str, Any] = {}
        alone: list[str] = []
        rest = iter(words)
        for word in rest:
            if word == "--":
                alone += rest
            elif not word.startswith("-") or word == "-":
                alone.append(word)
            else:
                for name, value in _options_of(word, options):
                    if name in HELP and name not in options:
                        raise HelpWanted(self, path)
                    self._store_option(options, name, value, rest, values, path)
        self._store_arguments(alone, values, path)
        return {parameter.key: values.get(parameter.key, parameter.default) for parameter in self.parameters}

    def _store_option(
        self,
        options: dict[str, Parameter],
        name: str,
        value: str | None,
        rest: Iterator[str],
        values: dict[str, Any],
        path: str,
    ) -> None:
        option = options.get(name)
        if option is None:
            raise CommandLineError("There is no option {name}.", name, path, nearest(name, (*options, *HELP)))
        if option.is_flag and value is not None:
            raise CommandLineError("{name} takes no value.", name, path)
        if option.is_flag:
            values[option.key] = True
            return
        text = next(rest, None) if value is None else value
        if text is None:
            raise CommandLineError("{name} needs a value.", name, path)
        converted = option.value(text, path)
        if option.repeats:
            values.setdefault(option.key, []).append(converted)
        else:
            values[option.key] = converted

    def _store_arguments(self, alone: list[str], values: dict[str, Any], path: str) -> None:
        arguments = self.arguments
        for place, argument in enumerate(arguments):
            later = sum(other.required for other in arguments[place + 1 :])
            count = max(0, len(alone) - later) if argument.repeats else 1
            converted, alone = [argument.value(word, path) for word in alone[:count]], alone[count:]
            if converted:
                values[argument.key] = converted if argument.repeats else converted[0]
        for argument in (*arguments, *self.options):
            if argument.required and argument.key not in values:
                raise CommandLineError("{name} is missing.", argument.word, path)
        if alone:
            raise CommandLineError("{name} is one word too many.", alone[0], path)


class Group:
    """Commands under one name, in order: the location of each (`module:function`) or another group."""

    def __init__(self, help: str, commands: dict[str, str | Group], options: Function | None = None) -> None:
        self.help = help
        self.commands = commands
        self._options = options

    @property
    def options(self) -> tuple[Parameter, ...]:
        """The options before the command's name."""
        return Command(self._options).options if self._options else ()

    def __getitem__(self, name: str) -> Command | Group:
        """Return the command of this name, importing it."""
        place = self.commands[name]
        return place if isinstance(place, Group) else Command(imported(place))

    def run(self, words: Sequence[str], path: str) -> None:
        """Call the command named by the words. Raises as `Command.run`."""
        at = next((n for n, word in enumerate(words) if not word.startswith("-")), len(words))
        before, name, after = words[:at], words[at : at + 1], words[at + 1 :]
        try:
            (Command(self._options) if self._options else _NO_OPTIONS).run(before, path)
        except HelpWanted:
            raise HelpWanted(self, path) from None
        if not name:
            raise HelpWanted(self, path, alone=True)
        if name[0] not in self.commands:
            raise CommandLineError("There is no command {name}.", name[0], path, self._guess(name[0], path))
        self[name[0]].run(after, f"{path} {name[0]}")

    def _guess(self, name: str, path: str) -> str:
        """Return the probable command: a similar spelling in this group, or the name in a subgroup."""
        if near := nearest(name, tuple(self.commands)):
            return f"{path} {near}"
        groups = (
            key for key, group in self.commands.items() if isinstance(group, Group) and name in group.commands
        )
        return next((f"{path} {group} {name}" for group in groups), "")


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the most similar known word, or an empty string."""
    from difflib import get_close_matches  # loaded only after a mistake

    return next(iter(get_close_matches(word, known, 1, 0.6)), "")


def _options_of(word: str, options: dict[str, Parameter]) -> Iterator[tuple[str, str | None]]:
    """Yield the options in one word, each with its value if that is in the same word."""
    if word.startswith("--"):
        name, stated, value = word.partition("=")
        yield name, value if stated else None
        return
    for place in range(1, len(word)):
        name = f"-{word[place]}"
        option = options.get(name)
        if option is None and name not in HELP:
            yield word if place == 1 else name, None
            return
        if option is not None and not option.is_flag:
            yield name, word[place + 1 :] or None
            return
        yield name, None


def _parameter(name: str, hint: Any, default: Any) -> Parameter:
    assert get_origin(hint) is Annotated, name
    kind, declared = get_args(hint)[:2]
    return Parameter(name, kind, declared, default)


def _nothing() -> None:
    """Accept no options but those for help."""


_NO_OPTIONS = Command(_nothing)

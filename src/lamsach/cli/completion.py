"""`lamsach completion`: completion of commands and options by a shell's Tab key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from lamsach.cli.command_line import HELP, Argument, Command, Group
from lamsach.errors import UsageError

SHELLS = {
    "bash": """\
_lamsach() {
    local IFS=$'\\n'
    COMPREPLY=($(lamsach --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _lamsach lamsach
""",
    "zsh": """\
#compdef lamsach
_lamsach() {
    local -a found
    found=(${(f)"$(lamsach --complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then compadd -- $found; else _files; fi
}
compdef _lamsach lamsach
""",
    "fish": """\
complete -c lamsach -a '(lamsach --complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
""",
}


def completion(shell: Annotated[str, Argument(metavar="bash|zsh|fish", help="The shell.")]) -> None:
    """Print what a shell has to read so that the Tab key completes commands and options.

    Example: lamsach completion bash > ~/.local/share/bash-completion/completions/lamsach
    """
    if shell not in SHELLS:
        raise UsageError("There is no completion for this shell.", shell, "Give bash, zsh or fish.")
    print(SHELLS[shell], end="")


def candidates(commands: Group, words: Sequence[str]) -> list[str]:
    """Return completions of the last word, given those before it; none where a file is expected."""
    command: Command | Group = commands
    *before, last = words or [""]
    for word in before:
        if isinstance(command, Group) and word in command.commands:
            command = command[word]
    if isinstance(command, Command):
        options = {name: item for item in command.options for name in item.names}
        option = options.get(before[-1]) if before else None
        if option is not None and not option.is_flag:
            words = option.metavar.split("|") if "|" in option.metavar else []
            return [word for word in words if word.startswith(last)]
        known = (
            [*options, *HELP]
            if last.startswith("-")
            else [word for arg in command.arguments for word in arg.metavar.split("|") if "|" in arg.metavar]
        )
    else:
        known = (
            [name for item in command.options for name in item.names] + list(HELP)
            if last.startswith("-")
            else list(command.commands)
        )
    return [word for word in known if word.startswith(last)]

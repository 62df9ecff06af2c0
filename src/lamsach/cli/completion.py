"""`lamsach completion`: names of commands and options behind the Tab key of a shell."""

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
    """Return completions of the last word, by those before it; nothing where a file is meant."""
    at: Command | Group = commands
    *before, last = words or [""]
    for word in before:
        if isinstance(at, Group) and word in at.commands:
            at = at[word]
    if isinstance(at, Command):
        options = {name: one for one in at.options for name in one.names}
        asked = options.get(before[-1]) if before else None
        if asked is not None and not asked.is_flag:
            return [
                word for word in asked.metavar.split("|") if "|" in asked.metavar and word.startswith(last)
            ]
        known = (
            [*options, *HELP]
            if last.startswith("-")
            else [word for one in at.arguments for word in one.metavar.split("|") if "|" in one.metavar]
        )
    else:
        known = (
            [name for one in at.options for name in one.names] + list(HELP)
            if last.startswith("-")
            else list(at.commands)
        )
    return [word for word in known if word.startswith(last)]

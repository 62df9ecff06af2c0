"""Parsing of a command line, and the completions offered to a shell."""

from __future__ import annotations

import ast
import shlex
import subprocess
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.cli import options
from lamsach.cli.command_line import Argument, Command, CommandLineError, HelpWanted, Option
from lamsach.cli.commands import COMMANDS
from lamsach.cli.completion import candidates
from tests.programs import require_program
from tests.rows import each_row

from .command_runner import COMMAND, child


def sample(
    first: Annotated[str, Argument(help="", metavar="FIRST")],
    rest: Annotated[list[Path] | None, Argument(help="", metavar="[REST]...")] = None,
    lists: Annotated[list[str] | None, Option("-i", "--list", help="", metavar="LIST")] = None,
    count: Annotated[int, Option("-n", "--count", help="", min=1, max=9)] = 1,
    share: Annotated[float | None, Option("--share", help="")] = None,
    quick: Annotated[bool, Option("-q", "--quick", help="")] = False,
    wide: Annotated[bool, Option("-w", help="")] = False,
) -> None:
    """Be read."""


READ = Command(sample)
EMPTY = {"first": "a", "rest": None, "lists": None, "count": 1, "share": None, "quick": False, "wide": False}


@each_row(
    "row",
    [
        ("a", {}),
        ("a b c", {"rest": [Path("b"), Path("c")]}),
        ("-q a b", {"rest": [Path("b")], "quick": True}),
        ("a -i x b -i y", {"rest": [Path("b")], "lists": ["x", "y"]}),
        ("a --list=x=y --list= --list -", {"lists": ["x=y", "", "-"]}),
        ("a -ix -n3", {"lists": ["x"], "count": 3}),
        ("a -qwn 4", {"quick": True, "wide": True, "count": 4}),
        ("a -qix", {"quick": True, "lists": ["x"]}),
        ("a -- -q --help", {"rest": [Path("-q"), Path("--help")]}),
        ("- -n 2 -n 5", {"first": "-", "count": 5}),
        ("a --share -0.5", {"share": -0.5}),
        ("a -i -q", {"lists": ["-q"]}),
    ],
)
def test_valid_words_are_parsed(row: tuple[str, dict[str, Any]]) -> None:
    assert READ.read(shlex.split(row[0]), "lamsach") == EMPTY | row[1]


@each_row(
    "row",
    [
        ("", "{name} is missing.", "FIRST"),
        ("-q", "{name} is missing.", "FIRST"),
        ("a -n 0", "The value of {name} does not fit.", "-n/--count"),
        ("a -n 10", "The value of {name} does not fit.", "-n/--count"),
        ("a -n two", "The value of {name} does not fit.", "-n/--count"),
        ("a -n nan", "The value of {name} does not fit.", "-n/--count"),
        ("a -n", "{name} needs a value.", "-n"),
        ("a --list", "{name} needs a value.", "--list"),
        ("a --quick=1", "{name} takes no value.", "--quick"),
        ("a --qick", "There is no option {name}.", "--qick"),
        ("a -x", "There is no option {name}.", "-x"),
        ("a -qx", "There is no option {name}.", "-x"),
    ],
)
def test_invalid_words_are_refused(row: tuple[str, str, str]) -> None:
    with pytest.raises(CommandLineError) as caught:
        READ.read(shlex.split(row[0]), "lamsach")
    assert (caught.value.text, caught.value.name) == row[1:]


@pytest.mark.parametrize("words", ["-h", "--help", "a --help", "-qh", "--nonsense-is-not-reached -h"])
def test_help_is_asked_for(words: str) -> None:
    with pytest.raises((HelpWanted, CommandLineError)) as caught:
        READ.read(words.split(), "lamsach")
    assert isinstance(caught.value, HelpWanted) == ("nonsense" not in words)


@given(st.lists(st.text(st.sampled_from("-=hqnix4 /é"), max_size=5), max_size=6))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        values = READ.read(words, "lamsach")
    except (CommandLineError, HelpWanted):
        return
    assert set(values) == set(EMPTY)
    assert type(values["first"]) is str
    assert 1 <= values["count"] <= 9


@each_row(
    "row",
    [
        (["h"], ["hunt"]),
        (["indicators", "ch"], ["check"]),
        (["indicators", ""], list(COMMANDS["indicators"].commands)),  # type: ignore[union-attr]
        (["--ve"], ["--version"]),
        (["hunt", "--le"], ["--leases"]),
        (["hunt", "a.log", "--language", ""], ["vi", "en"]),
        (["hunt", "a.log", "--language", "e"], ["en"]),
        (["hunt", "a.log", "-o", ""], []),
        (["hunt", ""], []),
        (["completion", "f"], ["fish"]),
        (["nonsense", "x"], []),
        ([], list(COMMANDS.commands)),
    ],
)
def test_what_a_shell_is_offered(row: tuple[list[str], list[str]]) -> None:
    assert candidates(COMMANDS, row[0]) == row[1]


def test_bash_completes_options_of_a_command(tmp_path: Path) -> None:
    require_program("bash")
    (tmp_path / "lamsach").symlink_to(COMMAND)
    script = child("completion", "bash").out
    query = 'COMP_WORDS=(lamsach hunt --le); COMP_CWORD=2; _lamsach; echo "${COMPREPLY[@]}"'
    ran = subprocess.run(
        ["bash", "-c", f"export PATH={tmp_path}:$PATH\n{script}\n{query}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "--leases\n"
    assert child("completion", "tcsh").status == 2


def test_each_option_is_declared_once() -> None:
    """Commands that share an option share its declaration (`cli/options.py`), or its meaning would drift."""
    calls = Counter(
        ast.unparse(node)
        for path in Path(str(options.__file__)).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and node.keywords and ast.unparse(node.func) in ("Option", "Argument")
    )
    assert calls.total() > 200
    assert [call for call, times in calls.items() if times > 1] == []

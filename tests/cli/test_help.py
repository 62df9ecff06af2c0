"""Help pages: a real example of each command, every text in both languages, usage errors on one line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.cli.command_line import Command, Group
from lamsach.cli.commands import COMMANDS as LISTED
from lamsach.cli.help import EXAMPLE, help_page, paragraphs
from lamsach.errors import ExitStatus
from tests.results.texts import SOURCE, python_texts

from .command_runner import child, lamsach, write_list, write_log


def every(part: Command | Group, path: str = "") -> Iterator[tuple[str, Command]]:
    """Yield the commands of this group, as typed."""
    if isinstance(part, Command):
        yield path.strip(), part
        return
    for name in part.commands:
        yield from every(part[name], f"{path} {name}")


COMMANDS = dict(every(LISTED))


def test_every_help_text_is_translated() -> None:
    groups = [part for name in LISTED.commands if isinstance(part := LISTED[name], Group)]
    texts = {text for part in (LISTED, *groups, *COMMANDS.values()) for text in paragraphs(part.help)}
    texts |= {item.help for part in (LISTED, *groups) for item in part.options}
    texts |= {item.help for part in COMMANDS.values() for item in part.parameters}
    assert "Time zone of lines that state none." in texts
    assert not sorted(text for text in texts if not text.startswith(EXAMPLE) and text not in VIETNAMESE)


def test_every_text_of_the_investigation_is_translated() -> None:
    texts = set(python_texts((SOURCE / "investigate.py").read_text(encoding="utf-8")))
    stages = {
        call.args[0].value
        for call in ast.walk(ast.parse((SOURCE / "investigate.py").read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") == "say"
        and isinstance(call.args[0], ast.Constant)
    }
    assert "There is no log." in texts
    assert "Reading the leases." in stages
    assert not sorted(text for text in texts | stages if text not in VIETNAMESE)


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_shows_an_example_of_itself(words: str) -> None:
    ran = lamsach(*words.split(), "--help")
    assert ran.status == ExitStatus.FOUND
    assert f"Example: lamsach {words}" in " ".join(ran.out.split())
    assert not ran.errors


def test_a_command_is_called_by_its_name() -> None:
    assert {name.split()[0] for name in COMMANDS} == set(LISTED.commands)


@pytest.mark.parametrize("words", COMMANDS)
def test_help_in_vietnamese(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    out = " ".join(lamsach(*words.split(), "--help").out.split())
    assert f"Ví dụ: lamsach {words}" in out
    assert "Tùy chọn" in out
    assert "Example" not in out
    assert "Show this message" not in out
    assert "Cách dùng: " in out
    assert "Usage" not in out


def test_without_words_the_help_is_shown() -> None:
    ran = child()
    assert ran.status == ExitStatus.USAGE
    assert "hunt" in ran.out + "\n".join(ran.errors)
    assert "Traceback" not in "\n".join(ran.errors)


def test_the_version_begins_with_the_programs_name() -> None:
    assert lamsach("--version").out.startswith("lamsach ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["hunt"], "LOGS is missing. See: lamsach hunt --help"),
        (["backup"], "FILE is missing. See: lamsach backup --help"),
        (["frobnicate"], "There is no command frobnicate. See: lamsach --help"),
        (["hnut"], "There is no command hnut. Did you mean lamsach hunt? See: lamsach --help"),
        (
            ["detect", "a.log"],
            "There is no command detect. Did you mean lamsach logs detect? See: lamsach --help",
        ),
        (
            ["indicators", "chekc"],
            (
                "There is no command chekc. Did you mean lamsach indicators check? See: lamsach "
                "indicators --help"
            ),
        ),
        (
            ["hunt", "--thread", "1"],
            "There is no option --thread. Did you mean --threads? See: lamsach hunt --help",
        ),
        (
            ["hunt", "--stats=yes", "a.log"],
            "--stats takes no value. See: lamsach hunt --help",
        ),
        (["--nonsense", "hunt"], "There is no option --nonsense. See: lamsach --help"),
        (["hunt", "a.log", "-i"], "-i needs a value. See: lamsach hunt --help"),
        (["logs", "formats", "all\x1b[2J"], "all?[2J is one word too many. See: lamsach logs formats --help"),
        (["hunt", "a.log"], "-i/--indicators is missing. See: lamsach hunt --help"),
        (["hunt", "--colour", "a.log"], "There is no option --colour. See: lamsach hunt --help"),
        (
            ["hunt", "a.log", "-i", "b.txt", "--threads", "0"],
            "The value of --threads does not fit. See: lamsach hunt --help",
        ),
        (
            ["hunt", "a.log", "-i", "b.txt", "--threads", "many"],
            "The value of --threads does not fit. See: lamsach hunt --help",
        ),
        (["logs", "read"], "FILES is missing. See: lamsach logs read --help"),
    ],
)
def test_usage_errors_are_one_line(words: list[str], line: str) -> None:
    ran = lamsach(*words)
    assert (ran.status, ran.out, ran.errors) == (ExitStatus.USAGE, "", [line])


def test_a_usage_error_in_vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    assert lamsach("hunt").errors == ["Thiếu LOGS. Xem: lamsach hunt --help"]


def test_a_defect_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(import_module("lamsach.cli.hunt_run"), "investigate", broken)
    ran = lamsach("hunt", write_log(tmp_path / "a.log"), "-i", write_list(tmp_path / "list.txt"))
    assert ran.status == ExitStatus.INTERNAL
    assert ran.errors == [
        "A defect of the program: ZeroDivisionError: of ours. Run again with --debug before the command "
        "and report it."
    ]


@pytest.mark.parametrize("words", COMMANDS)
def test_help_shows_no_type_of_the_programming_language(words: str) -> None:
    out = lamsach(*words.split(), "--help").out
    assert not re.search(r"<(bool|str|int|float|list|path)", out), out


@pytest.mark.parametrize("words", COMMANDS)
def test_help_shows_no_signs_of_inequality_and_no_half_numbers(words: str) -> None:
    out = " ".join(lamsach(*words.split(), "--help").out.split())
    assert "<=" not in out
    assert ">=" not in out
    assert not re.search(r" \d+\.0\]", out), out


def test_ranges_are_in_words() -> None:
    out = " ".join(lamsach("collect", "--help").out.split())
    assert "[0 to 65535]" in out
    assert "[at least 1]" in out
    assert "[default: 900]" in out


def test_every_value_has_a_name() -> None:
    """An option with a value names the kind of value.

    An argument has the same name in its row and in the line of usage.
    """
    for name, command in COMMANDS.items():
        assert all(bool(option.metavar) != option.is_flag for option in command.options), name
    for words, name in (("backup", "FILE"), ("restore", "FILE"), ("manage", "ARGUMENTS...")):
        out = lamsach(*words.split(), "--help").out
        assert re.search(rf"^│[ *]+{re.escape(name)} ", out, re.MULTILINE), out


def test_a_page_fits_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, widest in (("20", 80), ("80", 80), ("400", 100), ("many", 80)):
        monkeypatch.setenv("COLUMNS", columns)
        for language in ("en", "vi"):
            monkeypatch.setenv("LANG", language)
            for name, command in (("", LISTED), *COMMANDS.items()):
                page = help_page(command, f"lamsach {name}").splitlines()
                frames = {len(line) for line in page if line[:1] in ("│", "╭", "╰")}
                assert frames == {widest}, name
                assert (
                    max(map(len, page)) <= widest
                    or "Usage" in max(page, key=len)
                    or "Cách dùng" in max(page, key=len)
                )


def test_the_line_of_usage_names_each_argument_once() -> None:
    for words, expected in (
        ("hunt", "LOGS..."), ("scan", "[PATHS...]"), ("demo", "[DIR]"), ("send", "BUNDLE [URL]"),
        ("quarantine restore", "[ID...]"),
    ):  # fmt: skip
        out = " ".join(lamsach(*words.split(), "--help").out.split())
        assert f"Usage: lamsach {words} [OPTIONS] {expected} " in out


def test_the_archive_reports_its_actions(tmp_path: Path) -> None:
    log = tmp_path / "proxy.log"
    write_log(log)
    archive = str(tmp_path / "archive")
    first = lamsach("collect", "--archive", archive, "--once", str(log))
    assert "GB; 0 of them" in " ".join(first.out.split())
    hold = lamsach("archive", "hold", archive, "--name", "case-7", "--reason", "x")
    assert "The hold case-7 is in force" in " ".join(hold.errors)
    assert (
        "The hold case-7 has ended."
        in lamsach("archive", "hold", archive, "--name", "case-7", "--release").errors
    )
    none = lamsach("archive", "export", archive, "-o", str(tmp_path / "out"), "--source", "other*")
    assert (none.status, "nothing was written" in " ".join(none.errors)) == (ExitStatus.NOTHING_FOUND, True)

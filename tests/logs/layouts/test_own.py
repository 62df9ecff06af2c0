"""User-defined TOML formats: loading, checks and hunts; and patterns of unbounded cost."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.errors import UsageError
from lamsach.logs.formats import FORMATS
from lamsach.logs.layouts.own import add_own_formats, own_format
from lamsach.logs.layouts.pattern_cost import compile_bounded
from lamsach.logs.reading.detect import detect
from tests.cli.command_runner import lamsach, write_list

from ..whole_logs import as_tables, by_line

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"
LINE = "Jun 10 08:00:01 gw acmegate: PASS 10.1.1.5 port 51000 to 203.0.113.9 port 443 host www.evil.example"


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    before = dict(vars(FORMATS))
    before["_loaded"] = dict(before["_loaded"])
    yield
    vars(FORMATS).update(before)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Write the documentation's example."""
    path = tmp_path / "gate.toml"
    found = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found is not None
    path.write_text(found[1], "utf-8")
    return path


def test_documented_example_reads_its_log(gate: Path, tmp_path: Path) -> None:
    log_format = own_format(gate)
    assert log_format.name == "acme_gate"
    assert "device_ip" in log_format.gives
    add_own_formats([gate])
    assert FORMATS.names[0] == "acme_gate"
    assert log_format.name in {f.name for f in FORMATS}
    log = tmp_path / "a.log"
    log.write_text(f"{LINE}\n" * 200 + "acmegate: other\n")
    assert detect(log.read_bytes()).format is FORMATS[0]
    assert as_tables(log) == by_line(log)
    assert as_tables(log)[0].num_rows == 200


def test_own_format_in_every_command(gate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "a.log"
    log.write_text(f"{LINE}\n")
    assert lamsach("logs", "check-format", gate).status == 0
    assert "\tacme_gate\t" in lamsach("logs", "detect", log, "--format-file", gate).out
    read = json.loads(lamsach("logs", "read", log, "--format-file", gate).out)
    assert (read["format"], read["domain"], read["action"]) == ("acme_gate", "www.evil.example", "allowed")
    assert json.loads(lamsach("logs", "explain", log, "--format-file", gate).out)["format"] == "acme_gate"
    monkeypatch.setenv("LAMSACH_FORMATS", str(gate.parent))
    ran = lamsach(
        "hunt",
        log,
        "-i",
        write_list(tmp_path / "list.txt"),
        "--since",
        "2026-01-01",
        "-o",
        tmp_path / "out.jsonl",
    )
    assert (ran.status, bool(ran.errors)) == (0, True)
    assert "acme_gate" in (tmp_path / "out.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ('name = "acme_gate"', 'name = "Acme"', "The format's name is not allowed.", "name"),
        ('name = "acme_gate"', 'name = "squid"', "There is a format of this name already.", "name"),
        ('name = "acme_gate"', "name = ", "The format file is no TOML.", ""),
        ("[[shapes]]", "[[forms]]", "A key is not known.", "forms"),
        ('title = "Acme Gate"', "", "A text is missing.", "title"),
        ("marks = [", "marks = 5 # [", "A format needs marks: each of its lines holds at least one of them.",
         "marks"),
        ('role = "between"', 'role = "above"', "The role is not known.", "role"),
        ("(?P<source_ip>", "(?P<source>", "A group is named after no field.", "source"),
        ('domain = "name"', 'domain = "site"', "The kind of a value is not known, or its group is not.",
         "kinds.domain"),
        ('kind = "connection"', 'kind = "talk"', "The kind of event is not known.", "kind"),
        ('["PASS"]', '"PASS"', "The words are no list of texts.", "allowed"),
        ("acmegate: (", "acmegate: (?=(", "The pattern is no regular expression.", "pattern"),
        ("acmegate: (", "acmegate: (?:.*)+(", "The pattern repeats a group too often.", "pattern"),
        ("destination_port = 443", "destination_port = 444", "An example gives something else.",
         "destination_port"),
        ("acmegate: DROP", "acmegate! DROP", "An example has none of the shapes.", "examples 2"),
    ],
)  # fmt: skip
def test_errors_state_their_location(gate: Path, old: str, new: str, what: str, where: str) -> None:
    text = gate.read_text("utf-8")
    assert old in text
    gate.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError) as error:
        own_format(gate)
    assert error.value.what == what
    assert where in error.value.where
    assert lamsach("logs", "check-format", gate).status == 2


@pytest.mark.parametrize("data", [b"\xff\xfe", b"[" * 5000, b"a = 1\n" * 100_000, b"", b"name = 1"])
def test_hostile_file_gives_one_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        own_format(path)


GOOD = [
    r"a: (?P<x>\S+) b", r"\d{1,3}(?:\.\d{1,3}){3}:\d+", r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}",
    r"[^ ]+ [^ ]+ [^ ]+$", r"gate: [0-9.]+:\d+(?: to \S+)?(?: via \S+)?$", r"(?:PASS|DROP|REJECT) ",
    r'a="[^"]*" b="[^"]*"', r"x\S*\s",
]  # fmt: skip
COSTLY = [
    r"(a+)+b", r"(?:a|a)*b", r"\w+\w+x", r".*x", r"\w?\w?\w?\w?x", r"(?=a)a", r"(a)\1", r"(?:a|ab|b)*c",
    r"(?:\w+ ?){1,8}x", "(?: a)?" * 20 + "b", r"\S+[a-z]+", r"(?:x*){3}y", "(", "a" * 3000, r"(?:\d+|\w)*",
    r"a*a*a*a*b",
]  # fmt: skip


@pytest.mark.parametrize("pattern", GOOD)
def test_bounded_patterns_are_accepted(pattern: str) -> None:
    assert compile_bounded(pattern, "here").pattern == pattern


@pytest.mark.parametrize("pattern", COSTLY)
def test_unbounded_patterns_are_rejected(pattern: str) -> None:
    with pytest.raises(UsageError):
        compile_bounded(pattern, "here")


def test_documented_example_is_toml(gate: Path) -> None:
    assert tomllib.loads(gate.read_text("utf-8"))["name"] == "acme_gate"

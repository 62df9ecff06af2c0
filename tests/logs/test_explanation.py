"""`lamsach logs explain`: a line's format, the positions of its values, reasons against other formats."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from lamsach.errors import UsageError
from lamsach.logs.formats import FORMATS
from lamsach.logs.reading.explanation import (
    LATER,
    NO_MARK,
    NO_SHAPE,
    OF_THE_FILE,
    Explanation,
    explain,
    marked_text,
)
from lamsach.logs.text.values import ip_of
from tests.cli.command_runner import lamsach
from tests.rows import each_row

from .builders import logs
from .formats import golden

CASES = [golden.cases(f.name)[0] for f in FORMATS]
HILLSTONE = (
    "<190>Jun  2 09:26:53 fw1 x Traffic@FLOW: SESSION: 10.1.1.5:51000->203.0.113.9:443(TCP), user an@local, "
    "host pc-7, session start"
)


def explained(path: Path, number: int | None = None) -> Explanation:
    (log,), _ = logs(path)
    return explain(log, number)


def texts(found: Explanation) -> dict[str, str | None]:
    return {v.field: None if v.begin is None else found.text[v.begin : v.end] for v in found.values}


def test_a_line_of_a_layout(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(f"{HILLSTONE}\n")
    found = explained(path)
    assert (found.number, found.format, found.shape, found.refused) == (1, "hillstone", 1, None)
    assert texts(found) == {
        "time": "Jun  2 09:26:53", "observer": "fw1", "source_ip": "10.1.1.5", "source_port": "51000",
        "destination_ip": "203.0.113.9", "destination_port": "443", "device_ip": "10.1.1.5",
        "device_name": "pc-7", "user": "an", "action": None,
    }  # fmt: skip
    assert "".join(piece for piece, _ in marked_text(found)) == HILLSTONE
    assert found.others["squid"] == NO_MARK
    assert found.others["key_value"] == NO_SHAPE
    assert len(found.others) == len(FORMATS) - 1


def test_equivalent_spellings_and_lines_of_other_formats(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    lines = [
        "CEF:0|Maker|Box|1|2|hit|5|src=010.001.001.005 smac=00-1A-2B-3C-4D-5E dst=203.0.113.9 "
        "rt=1780797601000 dhost=WWW.Example"
    ] * 4
    path.write_text("\n".join([*lines, HILLSTONE, "nothing that is known"]))
    found = explained(path, 2)
    assert found.format == "cef"
    assert texts(found)["source_ip"] == "010.001.001.005"
    assert texts(found)["device_mac"] == "00-1A-2B-3C-4D-5E"
    assert texts(found)["domain"] == "WWW.Example"
    assert texts(found)["time"] == "1780797601000"
    assert explained(path, 5).format == "hillstone"
    assert explained(path, 5).others["cef"] in (NO_SHAPE, NO_MARK)
    assert explained(path, 6).refused is not None
    assert {OF_THE_FILE, LATER} & {*explained(path, 5).others.values()} == set()


@each_row("path", CASES, lambda path: path.parent.name)
def test_every_format_is_explained(path: Path) -> None:
    found = explained(path)
    assert found.values
    assert found.format is not None
    for value in found.values:
        if value.begin is not None and value.field.endswith("_ip"):
            assert ip_of(found.text[value.begin : value.end]) == value.value
    assert json.dumps([value.value for value in found.values])


@pytest.mark.parametrize("number", [0, 4, 9])
def test_missing_line_is_an_error(number: int, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(f"{HILLSTONE}\n{HILLSTONE}\n\n\n")
    with pytest.raises(UsageError):
        explained(path, number)


def test_the_command_explains_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"
    path.write_text(f"{HILLSTONE}\n\x1b[31mnothing\n")
    ran = lamsach("logs", "explain", path, "1")
    record = json.loads(ran.out)
    assert (ran.status, record["format"], record["line"]) == (0, "hillstone", 1)
    assert {field["field"]: field["text"] for field in record["fields"]}["user"] == "an"
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(io, "StringIO", type("Terminal", (io.StringIO,), {"isatty": lambda self: True}))
    shown = lamsach("logs", "explain", path).out
    assert "Hillstone StoneOS (hillstone)" in shown
    assert "Trong dòng" in shown
    assert "\x1b[31mnothing" not in lamsach("logs", "explain", path, "2").out
    assert lamsach("logs", "explain", path, "7").status == 2
    assert lamsach("logs", "explain", tmp_path / "none").status in (2, 4)

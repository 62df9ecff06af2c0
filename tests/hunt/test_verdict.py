"""Status, sentence, headline and bundle come from one object, and only searched days prove anything."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.model import UNKNOWN_TEXT, Doubt, Outcome, Verdict
from tests.cli.command_runner import lamsach

BIND = (
    "01-Sep-2022 10:00:00.000 client @0x7f 10.1.1.5#53000 (good.example): query: good.example IN A + "
    "(10.1.1.1)\n"
)
PLAIN = "hello world\n"
DATED_PLAIN = "2022-09-01 10:00:00 hello world\n"
ASKED = ("--since", "2022-09-01", "--until", "2022-09-01")
OTHER_YEAR = ("--since", "2023-09-01", "--until", "2023-09-03")

# the log, the options, the outcome, the first doubt, part of the sentence
CASES = (
    (BIND, (), Outcome.NOTHING_FOUND, None, "every observer has logs"),
    (BIND, ASKED, Outcome.NOTHING_FOUND, None, "every observer has logs"),
    (BIND + PLAIN, ASKED, Outcome.NOTHING_FOUND, None, "every observer has logs"),
    (BIND, OTHER_YEAR, Outcome.BLIND, Doubt.NO_DATED_LINE, "states a time from 01/09/2023"),
    (BIND, ("--since", "2022-08-30"), Outcome.BLIND, Doubt.BLIND_DAYS, "days without logs"),
    (PLAIN, (), Outcome.BLIND, Doubt.NO_DATED_LINE, "states a time at all"),
    (PLAIN, ("--since", "2022-09-01", "--until", "2022-09-03"), Outcome.BLIND, Doubt.NO_DATED_LINE,
     "03/09/2022"),
    (DATED_PLAIN, ASKED, Outcome.BLIND, Doubt.NO_DATED_LINE, "states a time from"),
    ("", (), Outcome.UNUSABLE, Doubt.NO_LINE, "No log line was searched"),
)  # fmt: skip


def test_only_dated_lines_of_a_recognised_log_prove_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("evil.example\n")
    for text, options, outcome, doubt, words in CASES:
        (tmp_path / "a.log").write_text(text)
        ran = lamsach(
            "hunt", "a.log", "-i", "list.txt", *options, "--language", "en", "-o", "r.zip", "-o", "r.html"
        )
        status = {
            "blind": ExitStatus.BLIND,
            "unusable": ExitStatus.INPUT,
            "nothing_found": ExitStatus.NOTHING_FOUND,
        }
        assert ran.status == status[outcome.value], (text, options)
        assert words in " ".join(ran.out.split()), (text, options)
        assert words in " ".join((tmp_path / "r.html").read_text().split()), (text, options)
        with zipfile.ZipFile(tmp_path / "r.zip") as bundle:
            verdict = json.loads(bundle.read("manifest.json"))["verdict"]
        assert verdict["outcome"] == outcome, (text, options)
        assert verdict["doubts"][:1] == ([doubt] if doubt else []), (text, options)
        assert ("states no time" in ran.out) is (PLAIN in text and text != DATED_PLAIN), (text, options)
        assert ("record of what was searched" in ran.out) is (outcome is Outcome.NOTHING_FOUND), (
            text,
            options,
        )


def test_any_doubt_prevents_a_clean_result() -> None:
    assert UnknownText.name == UNKNOWN_TEXT
    assert Verdict(False).outcome is Outcome.NOTHING_FOUND
    for doubt in Doubt:
        assert Verdict(False, (doubt,)).outcome is not Outcome.NOTHING_FOUND
    assert Verdict(True, (Doubt.BLIND_DAYS,)).outcome is Outcome.FOUND
    assert Verdict(True, (Doubt.UNREAD,)).outcome is Outcome.PARTIAL
    assert Verdict(True, (Doubt.INTERRUPTED, Doubt.UNREAD)).outcome is Outcome.INTERRUPTED

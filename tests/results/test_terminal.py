"""The terminal: result, unread inputs, next steps; plain in a pipe."""

from __future__ import annotations

import io
import re
import shlex
from dataclasses import replace

import pytest
from rich.console import Console

from lamsach.i18n import translator
from lamsach.model import AsideReason, DeviceState, Findings, Outcome, Problem, SetAside, Severity
from lamsach.results import labels
from lamsach.results.csv_ import write_csv
from lamsach.results.html import write_html
from lamsach.results.records import search_record
from lamsach.results.terminal import show

from .sample import DAY0, REASONS, empty_findings, large_findings, make_device, rich_findings


def shown(
    findings: Findings, language: str = "en", *, terminal: bool = False, width: int = 200, **options: object
) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=width, **options)  # type: ignore[arg-type]
    show(findings, console, language, REASONS)
    assert console.width == width
    return stream.getvalue()


def page_of(findings: Findings) -> str:
    stream = io.BytesIO()
    write_html(findings, stream, "en", REASONS)
    return stream.getvalue().decode()


def commands(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("   lamsach ")]


def test_result_precedes_unread_inputs_and_next_steps() -> None:
    text = shown(rich_findings())
    places = [
        text.index(part)
        for part in ("3 infected machines", "PC-KETOAN-01", "9f" * 32, "Not read, or blind:", "Next:")
    ]
    assert places == sorted(places)
    assert "FW-A: 3 blind days (10/09/2022, 11/09/2022, 12/09/2022)" in text
    assert "The hunt was interrupted: this result is partial." in text


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("width", [30, 60, 80, 90, 100, 120, 300])
def test_the_layout_fits_the_terminal(language: str, width: int) -> None:
    text = shown(rich_findings(), language, terminal=True, width=width, no_color=True, color_system=None)
    lines = [line for line in text.splitlines() if not line.startswith("   lamsach ")]
    assert max(map(len, lines)) <= max(60, min(120, width))


def test_a_machine_is_a_line_and_the_figures_are_the_last() -> None:
    text = shown(large_findings(30, 5), terminal=True, width=120, no_color=True, color_system=None)
    rows = [line for line in text.splitlines() if line.startswith("PC-")]
    assert len(rows) == 30
    assert rows[0].split() == [
        *("PC-00000", "10.0.0.0", "-", "Botnet", "Ví", "Dụ:", "c2-0.example,", "c2-1.…", "16", "01/09/2022",
            "07/09/2022"),
    ]  # fmt: skip
    assert text.rstrip().splitlines()[-1] == "30 infected machines."
    clean = shown(empty_findings())
    assert clean.rstrip().splitlines()[-1] == clean.splitlines()[0]


def test_a_pipe_gets_plain_text_that_does_not_depend_on_the_width() -> None:
    assert shown(rich_findings(), width=40) == shown(rich_findings(), width=200)
    assert "\x1b" not in shown(rich_findings())


def test_colour_on_a_terminal_unless_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert re.search(r"\x1b\[[0-9;]*31m", shown(rich_findings(), terminal=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown(rich_findings(), terminal=True))


def test_hostile_names_do_not_steer_the_terminal() -> None:
    text = shown(rich_findings())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "[U+001B]" in text.replace("\n", "")


def test_the_commands_can_be_copied() -> None:
    given = replace(
        rich_findings().parameters, logs=("nhật ký/a b.log", "-"), since=rich_findings().parameters.started
    )
    written = commands(shown(rich_findings(parameters=given)))
    assert shlex.split(written[0]) == [
        "lamsach", "hunt", "nhật ký/a b.log", "-", "-i", "danh-sach.xlsx", "--leases", "dhcp.log",
        "--infrastructure", "10.1.0.53", "--inventory", "kiem-ke.xlsx", "--since",
        "2022-09-29T08:00:00+07:00", "-o", "report.html",
    ]  # fmt: skip


def test_a_command_too_long_to_copy_is_shortened() -> None:
    given = replace(rich_findings().parameters, logs=tuple(f"log-{n}.log" for n in range(1000)))
    assert commands(shown(rich_findings(parameters=given)))[0] == "lamsach hunt … -o report.html"


def test_nothing_found_says_with_which_coverage() -> None:
    text = shown(empty_findings())
    assert text.startswith("Nothing was found, and every observer has logs for each day searched.")
    assert "1,000,000 indicators" in text
    assert "Not read" not in text


def test_nothing_found_but_blind_is_not_clean() -> None:
    text = shown(empty_findings(blind_days=(("FW-A", DAY0),)))
    assert text.startswith("Nothing was found, but there are days without logs. This is not a clean result.")
    assert "FW-A: 1 blind day (01/09/2022)" in text


def test_many_machines_are_counted() -> None:
    assert "20 more machines are in the report (-o report.html)." in shown(large_findings(60, 1))


def test_equal_problems_of_several_rows_share_a_line() -> None:
    same = [
        Problem(f"pcs.xlsx:PCs:{row}", "The machine is in two rows.", "", minor=True) for row in (4, 9, 12)
    ]
    other = [
        Problem("a.log", "Cannot be read."),
        Problem("a.log", "Is cut."),
        Problem("b.log:7", "Cannot be read."),
    ]
    findings = replace(rich_findings(), problems=(*same, *other))
    text = re.sub(r"\s+", " ", shown(findings))
    assert "- pcs.xlsx:PCs:4, 9, 12: The machine is in two rows. -" in text
    assert "- a.log: Cannot be read. - a.log: Is cut. - b.log:7: Cannot be read." in text


def test_many_rows_are_cut() -> None:
    many = tuple(Problem(f"pcs.csv:{row}", "Twice.", "", minor=True) for row in range(2, 40))
    text = re.sub(r"\s+", " ", shown(replace(rich_findings(), problems=many)))
    assert "pcs.csv:2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, …: Twice." in text


def test_a_report_that_is_written_is_opened_not_asked_for_again() -> None:
    stream = io.StringIO()
    show(rich_findings(), Console(file=stream, width=100), "en", REASONS, "out/report.html")
    assert (
        "then open the report for what proves it and what to do with each:\n   out/report.html\n"
        in stream.getvalue()
    )
    assert "-o report.html" not in stream.getvalue()
    assert "-o report.html" in shown(rich_findings())


def test_an_archive_is_searched_again_by_its_own_command() -> None:
    stream = io.StringIO()
    show(rich_findings(), Console(file=stream, width=100), "en", REASONS, archive=True)
    given = rich_findings().parameters.logs
    assert all(
        line.startswith(("lamsach retro --archive ", "lamsach indicators read "))
        for line in commands(stream.getvalue())
    )
    assert f"lamsach retro --archive {shlex.quote(given[0])}" in stream.getvalue()


def test_options_outside_the_findings_are_repeated_too() -> None:
    given = replace(rich_findings().parameters, logs=("-",), timezone="UTC", lists=("-odd.txt",))
    stream = io.StringIO()
    again = ("--format", "fortigate", "--password-env", "ZIP WORD")
    show(rich_findings(parameters=given), Console(file=stream, width=100), "en", REASONS, again=again)
    *hunts, read = map(shlex.split, commands(stream.getvalue()))
    assert len(hunts) == 3
    for hunt in hunts:
        text = " ".join(hunt)
        assert text.startswith("lamsach hunt - -i -odd.txt --leases dhcp.log ")
        assert "--inventory kiem-ke.xlsx --timezone UTC --format fortigate --password-env ZIP WORD" in text
    assert read == ["lamsach", "indicators", "read", "./-odd.txt"]
    assert "The - means standard input" in stream.getvalue()
    assert "standard input" not in shown(rich_findings())


def test_a_log_is_never_an_option() -> None:
    given = replace(rich_findings().parameters, logs=("-rf.log",))
    assert commands(shown(rich_findings(parameters=given)))[0].startswith("lamsach hunt ./-rf.log -i ")


def test_who_stood_behind_a_gateway_is_asked_of_its_nat_log() -> None:
    gateway = make_device("unattributed:nat:203.0.113.5", DeviceState.UNATTRIBUTED, Severity.MEDIUM)
    found = empty_findings(devices=(gateway,))
    assert any(words.endswith("--nat NAT-LOG") for words in commands(shown(found)))
    given = replace(found, parameters=replace(found.parameters, nat=("gw.log",)))
    assert not any("NAT-LOG" in words for words in commands(shown(given)))
    other = make_device("unattributed:dns:10.1.0.53", DeviceState.UNATTRIBUTED, Severity.MEDIUM)
    assert not any("NAT-LOG" in words for words in commands(shown(empty_findings(devices=(other,)))))


def test_standard_input_is_explained_only_where_a_command_reads_it() -> None:
    infected = make_device("ip:10.1.0.7", DeviceState.INFECTED, Severity.HIGH)
    found = empty_findings(devices=(infected,))
    found = replace(found, parameters=replace(found.parameters, logs=("-",)))
    stream = io.StringIO()
    show(found, Console(file=stream, width=100), "en", REASONS, "report.html")
    assert not commands(stream.getvalue())
    assert "standard input" not in stream.getvalue()


def test_an_internal_key_is_never_a_name() -> None:
    keys = {
        "unattributed:?:w/long.log": "not known (log of w/long.log)",
        "unattributed:?": "no machine known",
        "unattributed:dns:10.1.0.53": "10.1.0.53",
        "mac:02:00:00:00:00:01": "02:00:00:00:00:01",
        "name:PC-7": "PC-7",
    }
    assert {key: labels.key_title(key, translator("en")) for key in keys} == keys
    assert labels.key_title("unattributed:?:a.log", translator("vi")) == "chưa rõ máy nào (nhật ký của a.log)"
    findings = replace(
        rich_findings(),
        devices=tuple(make_device(key, DeviceState.UNATTRIBUTED, Severity.LOW) for key in keys),
    )
    assert "unattributed:" not in shown(findings, "en")
    page = "".join(re.findall(r"<bdi>(.*?)</bdi>", page_of(findings)))
    assert "long.log" in page
    assert "unattributed:" not in page


def test_listed_values_that_accuse_nobody_are_shown_everywhere() -> None:
    places = tuple(SetAside("evil.example", reason, "a.log", 7) for reason in AsideReason)
    findings = replace(empty_findings(), set_aside=places)
    assert findings.verdict.outcome is Outcome.BLIND
    assert (
        replace(
            findings, set_aside=(SetAside("evil.example", AsideReason.EXCEPTED, "a.log", 7),)
        ).verdict.doubts
        == ()
    )
    text = " ".join(shown(findings).split())
    assert text.startswith("No contact was found, but listed values are in the logs")
    assert "a.log, line 7: evil.example is listed, but here it is a comment or heading of the log." in text
    page = page_of(findings)
    assert page.count("<bdi>evil.example</bdi>") == len(places)
    assert "No contact with a listed address is in the logs." in page
    stream = io.BytesIO()
    write_csv(findings, stream, "en", REASONS)
    assert stream.getvalue().decode().count("set_aside") == len(places)
    assert len(search_record(findings)["set_aside"]) == len(places)

"""Commands that output lists: export, review, diff, sign, verify, and check with decisions."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import ExitStatus
from lamsach.indicators.writers import WRITERS

from .command_runner import lamsach

AT = ("--at", "2026-03-01T07:00:00Z")


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "annex.csv"
    path.write_text(
        "value,malware,tlp,valid_until\n"
        "bot-c2.xyz,Mirai,green,\n"
        "203.0.113.5,Mozi,red,\n"
        "over.top,Mozi,green,2026-02-01T00:00:00Z\n"
        "http://drop.top/a,Mozi,green,\n"
    )
    return path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_export_reports_omitted_values(listed: Path, tmp_path: Path) -> None:
    ran = lamsach("indicators", "export", listed, "--to", "rpz", *AT)
    assert ran.status == ExitStatus.FOUND
    assert "bot-c2.xyz CNAME . ; Mirai\n*.bot-c2.xyz CNAME . ; Mirai\n" in ran.out
    assert "32.5.113.0.203.rpz-ip CNAME ." in ran.out
    assert "over.top" not in ran.out
    assert ran.errors == [
        "rpz: 2 written.",
        "  left out: 1 of kind domain. The validity of the value is over.",
        "  left out: 1 of kind url. The format cannot hold values of this kind.",
    ]
    again = lamsach("indicators", "export", listed, "--to", "rpz", *AT, "-o", tmp_path / "a.zone")
    assert (again.out, (tmp_path / "a.zone").read_text()) == ("", ran.out)


def test_tlp_is_enforced(listed: Path) -> None:
    ran = lamsach("indicators", "export", listed, "--to", "text", "--max-tlp", "green", *AT)
    assert ran.out.splitlines()[1:] == ["bot-c2.xyz", "http://drop.top/a"]
    assert (
        "  left out: 1 of kind ip. The value's TLP is higher than what may be given to the receiver."
        in ran.errors
    )


def test_confidence_and_ends(tmp_path: Path) -> None:
    path, key = tmp_path / "list.csv", tmp_path / "k"
    path.write_text(
        "value,confidence,valid_until\nlow.top,20,\nhigh.top,90,\nnone.top,,2026-05-01T00:00:00Z\n"
    )
    ran = lamsach("indicators", "export", path, "--to", "text", "--min-confidence", "50", *AT)
    assert ran.out.splitlines()[1:] == ["high.top", "none.top"]
    assert (
        "  left out: 1 of kind domain. The value's confidence is lower than what was asked for." in ran.errors
    )
    lamsach("indicators", "sign", "--new-key", key)
    lamsach("indicators", "sign", path, "--key", key, "-o", tmp_path / "1.zip", "--valid-days", "30", *AT)
    later = lamsach(
        "indicators", "export", tmp_path / "1.zip", "--to", "text", "--at", "2026-04-01T00:00:00Z"
    )
    assert later.out.splitlines()[1:] == ["none.top"]
    assert "expires 2026-05-01T00:00:00Z" in later.out


def test_own_values_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("# ours\n203.0.113.0/24\n\nunit.example # the site\n")
    (tmp_path / "list.txt").write_text("203.0.113.5\nwww.unit.example\nbot-c2.xyz\n")
    ran = lamsach(
        "indicators", "export", tmp_path / "list.txt", "--to", "text", "--own", tmp_path / "own.txt", *AT
    )
    assert (ran.status, ran.out.splitlines()[1:]) == (ExitStatus.WITHHELD, ["bot-c2.xyz"])
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe")
    ran = lamsach(
        "indicators", "export", tmp_path / "list.txt", "--to", "text", "--own", tmp_path / "bad.txt"
    )
    assert ran.status == ExitStatus.INPUT


def test_several_formats_go_into_a_folder(listed: Path, tmp_path: Path) -> None:
    ran = lamsach(
        "indicators",
        "export",
        listed,
        "--to",
        "edl",
        "--to",
        "suricata_datasets",
        "-d",
        tmp_path / "out",
        *AT,
    )
    assert ran.status == ExitStatus.FOUND
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["lamsach-edl.txt", "lamsach-suricata_datasets.zip"]
    assert (tmp_path / "out" / "lamsach-edl.txt").stat().st_mode & 0o444 == 0o444


def test_the_formats_are_shown() -> None:
    listing = lamsach("indicators", "export", "--formats").out.splitlines()
    assert [line.split()[0] for line in listing] == [writer.name for writer in WRITERS]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((), "--to is missing. See: lamsach indicators export --formats"),
        (
            ("--to", "cisco"),
            "cisco: There is no such format to write. See: lamsach indicators export --formats",
        ),
        (("--to", "rpz", "--to", "edl"), "Several formats need a folder. Give it with -d."),
        (
            ("--to", "suricata_datasets"),
            "suricata_datasets: This format is an archive and needs a file. Give it with -o.",
        ),
        (
            ("--to", "rpz", "--max-tlp", "pink"),
            "pink: This is no level of TLP. Write clear, green, amber, amber+strict or red.",
        ),
        (("--to", "rpz", "--at", "noon"), "noon: The time cannot be read. Write it as 2026-03-01T07:00:00Z."),
        (
            ("--to", "rpz", "--own", "us"),
            "us: This is neither an address, a network nor a name. Write one value for each --own.",
        ),
        (
            ("--to", "rpz", "--include", "google.com"),
            "The decision states no reason. Write why these values are to be blocked despite the danger.",
        ),
        (
            ("--to", "rpz", "--include", "a b", "--reason", "order 12"),
            "a b: The decision is about no value. Write an address, a name, a URL or a hash.",
        ),
        (
            ("--to", "rpz", "--reason", "order 12"),
            "order 12: --reason says why values are included. Give them with --include.",
        ),
        (("--to", "rpz", "-o", "a", "-d", "b"), "a: -o and -d exclude each other. Give one of them."),
    ],
)
def test_invalid_options_are_one_error(listed: Path, words: tuple[str, ...], error: str) -> None:
    ran = lamsach("indicators", "export", listed, *words)
    assert (ran.status, ran.out, ran.errors) == (ExitStatus.USAGE, "", [error])


DANGEROUS = (
    "google.com", "facebook.com", "windowsupdate.com", "ocsp.digicert.com", "vnexpress.net",
    "vietcombank.com.vn", "chinhphu.vn", "vnnic.vn", "github.io", "duckdns.org", "8.8.8.8", "203.162.4.190",
    "198.41.0.4", "104.16.0.0/12", "113.160.0.0/11", "tinh.gov.vn", "mail.unit.example",
)  # fmt: skip
BAD = ("bot-c2.xyz", "g00gle.com", "bot.duckdns.org")
TITLE = "Dangerous to block, left out until a decision is made (17):"


@pytest.fixture
def dangerous(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("\n".join((*BAD, *DANGEROUS, "http://google.com")) + "\n")
    return path


def test_values_dangerous_to_block_are_omitted_and_named(dangerous: Path, tmp_path: Path) -> None:
    decisions, key = tmp_path / "own.csv", tmp_path / "k"
    decisions.write_text(
        "value,decision,to,until,reason\nhttp://google.com,exception,,2026-12-31,nobody means it\n"
    )
    options = ("--own", "unit.example", "--decisions", decisions, *AT)
    ran = lamsach("indicators", "export", dangerous, "--to", "text", *options)
    assert (ran.status, set(ran.out.splitlines()[1:])) == (ExitStatus.WITHHELD, set(BAD))
    start = ran.errors.index(TITLE)
    named = [line.split()[0] for line in ran.errors[start + 1 : start + 1 + len(DANGEROUS)]]
    assert sorted(named) == sorted(DANGEROUS)
    assert f"  google.com ({dangerous}:4): This is, or holds, one of the most visited sites." in ran.errors
    assert ran.errors[-1].startswith("Look at them with lamsach indicators review")
    lamsach("indicators", "sign", "--new-key", key)
    signed = lamsach("indicators", "sign", dangerous, "--key", key, "-o", tmp_path / "1.zip", *options)
    assert signed.status == ExitStatus.WITHHELD
    assert TITLE in signed.errors
    again = lamsach("indicators", "read", tmp_path / "1.zip")
    assert {entry["value"] for entry in lines(again.out)} == set(BAD)


def test_a_list_of_nothing_but_dangerous_values_replaces_nothing(tmp_path: Path) -> None:
    path, output, key = tmp_path / "list.txt", tmp_path / "out.txt", tmp_path / "k"
    path.write_text("google.com\n8.8.8.8\n")
    output.write_text("old")
    lamsach("indicators", "sign", "--new-key", key)
    for words in (("export", path, "--to", "text"), ("sign", path, "--key", key)):
        ran = lamsach("indicators", *words, "-o", output, *AT)
        assert (ran.status, output.read_text()) == (ExitStatus.WITHHELD, "old")
        assert "Dangerous to block, left out until a decision is made (2):" in ran.errors


def test_a_decision_exports_a_dangerous_value_and_is_stored_with_it(dangerous: Path, tmp_path: Path) -> None:
    decisions, key = tmp_path / "decisions.csv", tmp_path / "k"
    rows = "".join(f"{value},accept,,,chỉ thị 12\n" for value in ("8.8.8.8", "tinh.gov.vn"))
    decisions.write_text("value,decision,to,until,reason\n" + rows)
    options = (
        "--decisions",
        decisions,
        "--include",
        "hxxp://google[.]com",
        "--reason",
        "order 12 \x1b[31m",
        *AT,
    )
    ran = lamsach("indicators", "export", dangerous, "--to", "text", *options)
    out = ran.out.splitlines()
    assert set(out[1:]) >= {"8.8.8.8", "tinh.gov.vn", "http://google.com"}
    assert not {"google.com", "facebook.com"} & set(out)
    assert ", accepted 3: " in out[0]
    for comment in ("8.8.8.8 - chi thi 12", "tinh.gov.vn - chi thi 12", "http://google.com - order 12"):
        assert comment in out[0]
    assert "Dangerous to block, yet written: tinh.gov.vn (chỉ thị 12)" in ran.errors
    assert "\x1b" not in "".join(ran.errors)
    only_addresses = lamsach("indicators", "export", dangerous, "--to", "edl", *options)
    assert only_addresses.out.splitlines()[0].endswith(", accepted 1: 8.8.8.8 - chi thi 12")
    lamsach("indicators", "sign", "--new-key", key)
    lamsach("indicators", "sign", dangerous, "--key", key, "-o", tmp_path / "1.zip", *options)
    (verified,) = lines(lamsach("indicators", "verify", tmp_path / "1.zip", "--key", f"{key}.pub").out)
    assert verified["accepted"]["tinh.gov.vn"] == "chỉ thị 12"
    assert set(verified["accepted"]) == {"8.8.8.8", "tinh.gov.vn", "http://google.com"}


def test_an_older_file_is_preserved_without_values_or_with_a_missing_list(
    listed: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.txt"
    output.write_text("old")
    for words in ((listed, "--to", "clamav_hdb"), (listed, tmp_path / "none.txt", "--to", "text")):
        ran = lamsach("indicators", "export", *words, "-o", output, *AT)
        assert ran.status == ExitStatus.INPUT
        assert output.read_text() == "old"
    ran = lamsach(
        "indicators", "export", listed, tmp_path / "none.txt", "--to", "text", "-o", output, "--partial", *AT
    )
    assert ran.status == ExitStatus.PARTIAL
    assert "bot-c2.xyz" in output.read_text()


def test_a_review_shows_the_worst_first(listed: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.txt"
    more.write_text("bot.duckdns.org\ncom.vn\ngov.vn\nvietcombank.com.vn\n")
    ran = lamsach("indicators", "review", listed, more, "--since", listed, "--own", "203.0.113.0/24")
    assert ran.status == ExitStatus.FOUND
    assert [(entry["rank"], entry["value"]) for entry in lines(ran.out)] == [
        ("dangerous", "203.0.113.5"),
        ("dangerous", "vietcombank.com.vn"),
        ("notable", "bot.duckdns.org"),
    ]
    assert all(entry["concerns"][0]["reason"] for entry in lines(ran.out))
    assert ran.errors[-1].startswith("2 dangerous, 0 doubtful, 1 notable, 0 new, 3 others")


def test_a_review_becomes_decisions(listed: Path, tmp_path: Path) -> None:
    more, sheet = tmp_path / "more.txt", tmp_path / "decisions.csv"
    more.write_text("bot.duckdns.org\n8.8.8.8\n")
    assert lamsach("indicators", "review", more, "-o", sheet).status == ExitStatus.FOUND
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["value"] for row in rows] == ["8.8.8.8", "bot.duckdns.org"]
    for row in rows:
        row.update(decision="accept", reason="looked at")
    with sheet.open("w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0])
        table.writeheader()
        table.writerows(rows)
    ran = lamsach("indicators", "review", more, "--decisions", sheet)
    assert (ran.status, ran.out) == (ExitStatus.NOTHING_FOUND, "")
    assert ran.errors[-1].endswith("2 already decided.")


def test_what_lists_are_worth(listed: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.txt"
    more.write_text("bot-c2.xyz\nonly.top\n")
    rows = lines(lamsach("indicators", "review", listed, more, "--sources", *AT).out)
    assert [(row["source"], row["count"], row["unique"], row["shared"], row["over"]) for row in rows] == [
        (str(listed), 4, 3, 1, 1),
        (str(more), 2, 1, 1, 0),
    ]
    assert rows[1]["with"] == {str(listed): 1}


def test_a_release_goes_down_the_tree(listed: Path, tmp_path: Path) -> None:
    key, first, second = tmp_path / "ministry.key", tmp_path / "1.zip", tmp_path / "2.zip"
    created = lamsach("indicators", "sign", "--new-key", key)
    assert created.out.startswith(f"{key}.pub SHA256:")
    assert (
        lamsach("indicators", "sign", listed, "--key", key, "-o", first, "--number", "6", *AT).status
        == ExitStatus.FOUND
    )
    listed.write_text(listed.read_text() + "new.top,Mirai,green,\ntinh.gov.vn,x,green,\n")
    ran = lamsach(
        "indicators",
        "sign",
        listed,
        "--key",
        key,
        "-o",
        second,
        "--previous",
        first,
        "--max-tlp",
        "green",
        *AT,
    )
    assert ran.status == ExitStatus.WITHHELD
    assert ran.errors[0].startswith("Version 7: 3 values, digest ")
    (verified,) = lines(lamsach("indicators", "verify", second, "--key", f"{key}.pub").out)
    (before,) = lines(lamsach("indicators", "verify", first, "--key", f"{key}.pub").out)
    assert (verified["version"], verified["previous"], verified["tlp"]) == (7, before["digest"], "green")
    assert verified["signer"] in created.out
    changes = lamsach("indicators", "diff", first, second)
    assert changes.status == ExitStatus.FOUND
    assert {(entry["change"], entry["value"]) for entry in lines(changes.out)} == {
        ("removed", "203.0.113.5"),
        ("added", "new.top"),
    }
    assert changes.errors == ["1 added, 1 removed, 0 changed, 2 the same."]
    assert lamsach("indicators", "diff", first, first).status == ExitStatus.NOTHING_FOUND
    checked = lines(lamsach("indicators", "check", "a.new.top", "-i", second).out)
    assert checked[0]["reference"] == {"document": f"{second}!annex.csv", "row": 6}


def test_a_release_that_was_changed_is_refused(listed: Path, tmp_path: Path) -> None:
    key, path = tmp_path / "k", tmp_path / "1.zip"
    lamsach("indicators", "sign", "--new-key", key)
    lamsach("indicators", "sign", "--new-key", tmp_path / "other")
    lamsach("indicators", "sign", listed, "--key", key, "-o", path, *AT)
    ran = lamsach("indicators", "verify", path, "--key", tmp_path / "other.pub")
    assert (ran.status, ran.out) == (ExitStatus.INPUT, "")
    assert ran.errors[0].startswith(f"{path}: The release was not signed by any of the keys given.")
    path.write_bytes(path.read_bytes()[:-30])
    assert lamsach("indicators", "verify", path, "--key", f"{key}.pub").status == ExitStatus.INPUT
    assert lamsach("indicators", "sign", listed, "-o", path).status == ExitStatus.USAGE


def test_checking_reports_location_and_decision(listed: Path, tmp_path: Path) -> None:
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("value,decision,to,until,reason\nbot-c2.xyz,exception,,2026-12-31,ours\n")
    ran = lamsach(
        "indicators", "check", "hxxp://a.bot-c2[.]xyz/x", "-i", listed, "--decisions", decisions, *AT
    )
    (found,) = lines(ran.out)
    assert found["reference"] == {"document": str(listed), "row": 2}
    assert found["decision"] == {
        "decision": "exception",
        "reason": "ours",
        "document": str(decisions),
        "row": 2,
    }
    (over,) = lines(lamsach("indicators", "check", "over.top", "-i", listed, *AT).out)
    assert over["over"] is True
    (url,) = lines(lamsach("indicators", "check", "http://drop.top/a/b", "-i", listed, *AT).out)
    assert url["value"] == "http://drop.top/a"
    assert (
        lamsach("indicators", "check", "http://drop.top/ab", "-i", listed).status == ExitStatus.NOTHING_FOUND
    )
    assert lamsach("indicators", "check", "203.0.113.0/24", "-i", listed).status == ExitStatus.NOTHING_FOUND


def test_the_signer_sees_refused_values(tmp_path: Path) -> None:
    key, listed = tmp_path / "k.pem", tmp_path / "l.txt"
    listed.write_text("bot-c2.xyz\n10.0.0.1\n")
    lamsach("indicators", "sign", "--new-key", key)
    ran = lamsach("indicators", "sign", listed, "--key", key, "-o", tmp_path / "1.zip", *AT)
    assert ran.status == ExitStatus.FOUND
    assert "1 entries were refused while reading" in "\n".join(ran.errors)

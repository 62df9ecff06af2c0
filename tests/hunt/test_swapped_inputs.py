"""Swapped inputs are refused at once, with their kind; a list in the log folder does not find itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from lamsach.hunt.swapped_inputs import _LISTS_ONLY, is_list, logs_among
from tests.cli.command_runner import lamsach

LOG = (
    'date=2022-09-01 time=10:00:00 devname="FG" devid="FG1" logid="0000000013" type="traffic" '
    'subtype="forward"'
    ' level="notice" srcip=10.1.1.5 srcport=1234 dstip=203.0.113.7 dstport=443 action="accept" tz="+0700"\n'
)
VALUES = "# botnet\nevil[.]example\n203.0.113.7\n"
TABLE = "STT,Dấu hiệu,Mã độc\n1,evil.example,Mirai\n2,203.0.113.7,Mirai\n"
STIX = json.dumps({"type": "bundle", "id": "bundle--1", "objects": []})
RULES = 'alert ip any any -> 203.0.113.7 any (msg:"x"; sid:1; rev:1;)\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fw.log").write_text(LOG * 3)
    (tmp_path / "list.txt").write_text(VALUES)
    return tmp_path


def test_swapped_inputs_are_refused_with_the_command_that_was_meant() -> None:
    ran = lamsach("hunt", "list.txt", "-i", "fw.log", "--language", "en")
    assert (ran.status, ran.out) == (ExitStatus.INPUT, "")
    (line,) = ran.errors
    assert "FortiGate log, 3 lines, not a list" in line
    assert line.endswith("lamsach hunt fw.log -i list.txt")


def test_a_log_as_list_names_nobody() -> None:
    ran = lamsach("hunt", "fw.log", "-i", "fw.log")
    assert (ran.status, ran.out) == (ExitStatus.INPUT, "")
    ran = lamsach("hunt", "fw.log", "-i", "fw.log", "-i", "list.txt", "-o", "r.jsonl")
    assert ran.status == ExitStatus.PARTIAL
    records = [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]
    assert {record["indicator"] for record in records if record["record"] == "sighting"} == {"203.0.113.7"}


def test_a_list_as_log_is_refused(folder: Path) -> None:
    for name, text in (("v.txt", VALUES), ("t.csv", TABLE), ("s.json", STIX), ("r.rules", RULES)):
        (folder / name).write_text(text)
        assert lamsach("hunt", name, "-i", "list.txt").status == ExitStatus.INPUT, name
        ran = lamsach("hunt", name, "fw.log", "-i", "list.txt")
        assert (ran.status, name in " ".join(ran.errors)) == (ExitStatus.PARTIAL, True)
        read = lamsach("hunt", name, "-i", "list.txt", "--format", "unknown_text")
        assert read.status in (ExitStatus.FOUND, ExitStatus.BLIND), name


def test_a_list_in_the_log_folder_does_not_find_itself(folder: Path) -> None:
    (folder / "fw.log").write_text(LOG.replace("203.0.113.7", "203.0.113.8"))
    ran = lamsach("hunt", ".", "-i", "list.txt")
    assert ran.status == ExitStatus.NOTHING_FOUND
    ran = lamsach("hunt", ".", "-i", ".")
    assert ran.status == ExitStatus.PARTIAL  # the list is not searched as a log


def test_lists_with_dates_and_ports_are_no_logs(folder: Path) -> None:
    lists = (
        "2022-09-01 10:00:00,evil.example,Mirai\n2022-09-01 11:00:00,203.0.113.7:8080,Mirai\n",
        "firstseen,ip,port\n2022-09-01 10:00:00,203.0.113.7,443\n",
        "#fields\tindicator\tindicator_type\tmeta.source\nevil.example\tIntel::DOMAIN\tx\n",
        '{"time":"2022-09-01T10:00:00Z","source.ip":"203.0.113.7","classification.type":"c2"}\n',
        STIX,
        RULES,
    )
    for number, text in enumerate(lists):
        (folder / f"l{number}.txt").write_text(text)
    assert logs_among([f"l{number}.txt" for number in range(len(lists))]) == []


def test_no_sample_list_is_a_log() -> None:
    samples = Path(__file__).parents[3] / "shared/samples/feeds/files"
    if not samples.is_dir():
        pytest.skip("the samples are not here")
    assert logs_among(sorted(map(str, samples.iterdir()))) == []


def test_every_format_that_only_lists_have_is_seen(folder: Path) -> None:
    digest = "0123456789abcdef" * 2
    texts = {
        "stix": STIX,
        "ids_rules": RULES,
        "zeek_intel": "#fields\tindicator\tindicator_type\tmeta.source\nevil.example\tIntel::DOMAIN\tx\n",
        "yara": 'rule x {\n strings:\n  $a = "evil"\n condition:\n  $a\n}\n',
        "clamav": f"{digest}:1234:Evil.Sample\n{digest[::-1]}:99:Evil.Other\n",
        "rpz": (
            "$TTL 60\n@ SOA localhost. root. 1 2 3 4 5\n NS localhost.\nevil.example CNAME .\n"
            "*.evil.example CNAME .\n"
        ),
        "openioc": (
            '<?xml version="1.0"?>\n<ioc xmlns="http://schemas.mandiant.com/2010/ioc"><criteria><Indicator/>'
            "</criteria></ioc>\n"
        ),
        "stix1": (
            '<?xml version="1.0"?>\n<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1">'
            "</stix:STIX_Package>\n"
        ),
        "lamsach": (
            '{"type": "domain", "value": "evil.example", "reference": {"document": "a.txt", "row": 1}}\n'
        ),
    }
    assert set(texts) == _LISTS_ONLY
    for name, text in texts.items():
        (folder / "l.txt").write_text(text)
        assert is_list("l.txt"), name

"""Lists in `golden` yield exactly `golden/expected`, indicators and refusals, row by row.

After an intended change: `LAMSACH_GOLDEN=write pytest tests/indicators/test_golden.py`, then review the
difference.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import FORMATS
from lamsach.indicators.lists import read_list
from lamsach.indicators.values.mappings import as_mapping
from lamsach.model import Problem

GOLDEN = Path(__file__).parent / "golden"
LISTS = sorted(path for path in GOLDEN.iterdir() if path.is_file())
FORMAT_OF = {
    "bundle.json": "stix",
    "misp.json": "misp",
    "records.json": "json",
    "lines.json": "json",
    "items.ioc": "openioc",
    "entries.xml": "xml",
    "page.html": "html",
    "comments.txt": "text",
    "report.md": "markup",
    "semicolon.txt": "delimited",
    "headings_vi.csv": "delimited",
    "typed.csv": "delimited",
    "tabs.tsv": "delimited",
    "intel.dat": "zeek_intel",
    "hosts": "blocklist",
    "filter.txt": "blocklist",
    "dnsmasq.conf": "blocklist",
    "rpz.zone": "rpz",
    "unbound.conf": "blocklist",
    "named.conf": "blocklist",
    "blacklist.rsc": "mikrotik",
    "fortigate.conf": "fortigate_config",
    "wazuh_cdb": "blocklist",
    "hashes.hdb": "clamav",
    "pihole.list": "blocklist",
    "drop.txt": "blocklist",
    "drop.jsonl": "json",
    "urlhaus.json": "json",
    "urlhaus_api.json": "json",
    "threatfox.json": "json",
    "feodo.json": "json",
    "bazaar.json": "json",
    "bazaar.csv": "delimited",
    "hashes.csv": "misp_index",
    "urlhaus.csv": "delimited",
    "threatfox.csv": "delimited",
    "feodo.csv": "delimited",
    "sslbl.csv": "delimited",
    "shadowserver.csv": "delimited",
    "emerging.rules": "ids_rules",
    "rules.yar": "yara",
    "stix1.xml": "stix1",
    "patterns.json": "stix",
    "advisory.md": "markup",
    "advisory.adoc": "markup",
    "note.txt": "text",
}


def reading(path: Path) -> str:
    problems: list[Problem] = []
    lines = [as_mapping(item) for item in read_list(str(path), problems.append)]
    for line in lines:
        line["reference"]["document"] = path.name
    assert problems == []
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_a_list_yields_its_expected_entries(path: Path) -> None:
    expected = GOLDEN / "expected" / f"{path.name}.jsonl"
    found = reading(path)
    if os.environ.get("LAMSACH_GOLDEN") == "write":
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_a_list_is_recognized_by_its_content(path: Path) -> None:
    source = ListSource(path.name, lambda: path.open("rb"))
    assert next(known.name for known in FORMATS if known.recognizes(source)) == FORMAT_OF[path.name]


def test_lists_that_a_format_recognizes_have_its_mark() -> None:
    """Check formats without their mark over every golden list, in three encodings, and pieces of each."""
    for path in LISTS:
        data = path.read_bytes()
        pieces = [data, data[:200], data[len(data) // 2 :], b"\xef\xbb\xbf" + data, b"\r\n " + data]
        pieces += [data.decode("utf-8", "replace").encode("utf-16")] if b"\0" not in data[:1000] else []
        for piece in pieces:
            source = ListSource(path.name, lambda piece=piece: io.BytesIO(piece))
            marked = set(FORMATS.marked(source.text_head, source.head))
            assert {known for known in FORMATS if known.recognizes(source)} <= marked, path


def test_every_format_has_a_title_and_docstring() -> None:
    names = [known.name for known in FORMATS]
    assert len(set(names)) == len(names)
    assert names[-1] == "text"
    for known in FORMATS:
        assert known.title
        assert known.__doc__
        assert known.read.__module__.startswith("lamsach.indicators.formats.")

"""Values that a list names without asking to block them: no indicators, counted with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, Refusal
from tests.indicators.builders import sheet, workbook

MD5, SHA256 = "5d41402abc4b2a76b9719d911017c592", "5d41402abc4b2a76b9719d911017c592" * 2
_FALSE_POSITIVES = f"""\
################################################################
# abuse.ch False Positive List                                 #
################################################################
#
# "time_stamp","platform","entry_type","entry_value","removed_by","removal_notes"
"2026-01-10 09:00:00","URLhaus","url","https://good-a.site/setup.exe","admin","False positive"
"2026-01-10 09:00:01","ThreatFox","ip:port","203.0.113.12:443","admin","shared, clean"
"2026-01-10 09:00:02","MalwareBazaar","sha256_hash","{SHA256}","admin",""
"2026-01-10 09:00:03","ThreatFox","domain","good-b.site","admin","clean"
"""
_JA3 = f"""\
# SSLBL JA3 Fingerprint Blacklist (CSV)
#
# ja3_md5,Firstseen,Lastseen,Listingreason
{MD5},2017-07-14 18:08:15,2019-07-27 20:42:54,Dridex
{MD5[::-1]},2017-07-14 19:02:03,2019-07-28 00:34:38,Adware
# END (2) entries
"""
_DEFENDER = """\
IndicatorType,IndicatorValue,ExpirationTime,Action,Severity
DomainName,bot-c2.xyz,,Block,High
DomainName,good-c.site,,Allowed,Informational
"""
_FALCON = f"""\
type,value,action,severity,expiration,applied_globally
domain,bot-c2.xyz,detect,high,,true
sha256,{SHA256},allow,high,,true
"""
_OTX = f"""{{"indicators": [
    {{"indicator": "bot-c2.xyz", "type": "domain"}},
    {{"indicator": "CVE-2026-1234", "type": "CVE"}},
    {{"indicator": "{MD5}", "type": "FileHash-IMPHASH"}},
    {{"indicator": "a@evil-b.xyz", "type": "email"}},
    {{"indicator": " ", "type": "Mutex"}}]}}"""
_ABUSEIPDB = """{"data": {"ipAddress": "203.0.113.23", "isPublic": true, "abuseConfidenceScore": 100,
    "usageType": "Data Center", "domain": "hosting-a.net", "hostnames": ["vps-23.hosting-a.net"]}}"""

_CASES = {
    "false_positives": (
        _FALSE_POSITIVES,
        set(),
        refusals.WITHDRAWN,
        ["https://good-a.site/setup.exe", "203.0.113.12", SHA256, "good-b.site"],
    ),
    "false_positives_json": (
        (
            '{"1": {"entry_type": "domain", "entry_value": "good-a.site", "removed_by": "admin", '
            '"removal_notes": null}}'
        ),
        set(),
        refusals.WITHDRAWN,
        ["good-a.site"],
    ),
    "ja3": (_JA3, set(), refusals.OTHER_DIGEST, [MD5, MD5[::-1]]),
    "defender": (_DEFENDER, {"bot-c2.xyz"}, refusals.ALLOWED, ["good-c.site"]),
    "falcon": (_FALCON, {"bot-c2.xyz"}, refusals.ALLOWED, [SHA256]),
    "falcon_json": (
        (
            '[{"type": "domain", "value": "good-a.site", "action": "allow", "expiration": null}, {"type": '
            '"domain", "value": "bot-c2.xyz", "action": "detect", "expiration": null}]'
        ),
        {"bot-c2.xyz"},
        refusals.ALLOWED,
        ["good-a.site"],
    ),
    # a firewall's log: allowed connections may be malicious all the same
    "log": (
        "time,dst_ip,action,end\n2026-01-10 09:00:00,203.0.113.24,allow,2026-01-10 09:00:01\n",
        {"203.0.113.24"},
        refusals.ALLOWED,
        [],
    ),
    "virustotal": (
        (
            '{"data": {"id": "203.0.113.3", "attributes": {"network": "203.0.113.0/24", "as_owner": '
            '"Example", "asn": 64500}}}'
        ),
        set(),
        refusals.BESIDE,
        ["203.0.113.0/24"],
    ),
    "pi_hole": (
        "(\\.|^)bot-c2\\.xyz$\n(^|\\.)evil-b\\.xyz$\n",
        {"bot-c2.xyz", "evil-b.xyz"},
        refusals.ALLOWED,
        [],
    ),
    "query": (
        (
            '{"query": {"bool": {"must": [{"term": {"dns.question.name": "bot-c2.xyz"}}], "must_not": '
            '[{"term": {"dns.question.name": "good-a.site"}}]}}}'
        ),
        {"bot-c2.xyz"},
        refusals.ALLOWED,
        ["good-a.site"],
    ),
    "otx": (_OTX, {"bot-c2.xyz", "a@evil-b.xyz"}, refusals.UNSUPPORTED_TYPE, ["CVE-2026-1234", MD5]),
    "abuseipdb": (
        _ABUSEIPDB,
        {"203.0.113.23"},
        refusals.BESIDE,
        ["hosting-a.net", "vps-23.hosting-a.net"],
    ),
}


@pytest.mark.parametrize("name", _CASES)
def test_values_not_to_be_blocked(name: str, tmp_path: Path) -> None:
    text, values, reason, refused = _CASES[name]
    path = tmp_path / "list"
    path.write_text(text, encoding="utf-8")
    found = list(read_list(str(path), lambda problem: None))
    assert {item.value for item in found if isinstance(item, Indicator)} == values
    assert [item.value for item in found if isinstance(item, Refusal) and item.reason == reason] == refused


def test_a_row_below_a_merged_cell_is_no_row_of_headings(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<!doctype html><html><body><table><tr><th>Indicator</th><th>Type</th><th>Notes</th></tr>"
        '<tr><td rowspan="2">bot-c2[.]xyz</td><td>Domain</td><td>C2</td></tr><tr><td>Domain</td>'
        "<td>same</td></tr>"
        f"<tr><td>{MD5[:16]}&shy;{MD5[16:]}</td><td>MD5</td><td>update.com</td></tr></table></body></html>"
    )
    found = [item for item in read_list(str(path), lambda problem: None) if isinstance(item, Indicator)]
    assert [(item.value, item.threat) for item in found] == [("bot-c2.xyz", "C2"), (MD5, "update.com")]


def test_digests_of_a_programs_sections_are_no_files(tmp_path: Path) -> None:
    path = tmp_path / "sections.csv"
    path.write_text(f"MD5,Name,Raw Size,Entropy\n{MD5},.text,81920,6.5\n{MD5[::-1]},.data,4096,0.7\n")
    found = list(read_list(str(path), lambda problem: None))
    assert [item.reason for item in found if isinstance(item, Refusal)] == [refusals.OTHER_DIGEST] * 2
    assert len(found) == 2


def test_columns_of_a_feed_of_addresses(tmp_path: Path) -> None:
    path = tmp_path / "feed.txt"
    path.write_text(
        "# ASN  |  ASname  |  ipaddr  |  lastseen  |  category\n"
        "64500  |  EXAMPLE-A, VN  |  203.0.113.137  |  2026-01-10 09:00:00  |  sshpwauth\n"
        "64501  |  HOSTING-A.NET  |  203.0.113.138  |  2026-01-10 09:00:00  |  sshpwauth\n"
    )
    found = [item.value for item in read_list(str(path), lambda problem: None) if isinstance(item, Indicator)]
    assert found == ["203.0.113.137", "203.0.113.138"]


def test_a_sheet_of_exceptions(tmp_path: Path) -> None:
    sheets = [
        sheet({1: ["Domain", "Type"], 2: ["bot-c2.xyz", "C2"]}),
        sheet({1: ["Whitelist"], 2: ["good-a.site"], 3: ["203.0.113.9"]}),
        sheet({1: ["Danh sách trắng"], 2: ["good-b.site"], 4: ["STT", "IP"], 5: [1, "203.0.113.10"]}),
    ]
    path = tmp_path / "lists.xlsx"
    path.write_bytes(workbook(sheets))
    found = list(read_list(str(path), lambda problem: None))
    assert {item.value for item in found if isinstance(item, Indicator)} == {"bot-c2.xyz", "203.0.113.10"}
    assert {
        item.value for item in found if isinstance(item, Refusal) and item.reason == refusals.ALLOWED
    } == {
        "good-a.site",
        "203.0.113.9",
        "good-b.site",
    }


def test_file_names_are_no_domain_names(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"Type,Value\nFile,update.com\nFile,{MD5}\nDomain,bot-c2.xyz\n")
    found = list(read_list(str(path), lambda problem: None))
    assert {item.value for item in found if isinstance(item, Indicator)} == {MD5, "bot-c2.xyz"}
    assert [item.reason for item in found if isinstance(item, Refusal)] == [refusals.FILE_NAME]


def test_a_sigma_rule_in_a_bundle(tmp_path: Path) -> None:
    rule = (
        "title: x\ndescription: see blog-a.net\nlogsource:\n  category: dns\ndetection:\n  selection:\n"
        "    query: bot-c2.xyz\n"
        "  filter:\n    query: good-a.site\n  condition: selection and not filter\nfalsepositives:\n"
        "  - good-b.site\n"
    )
    indicator = {"type": "indicator", "id": "indicator--1", "pattern_type": "sigma", "pattern": rule}
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": [indicator]}))
    found = list(read_list(str(path), lambda problem: None))
    assert [(type(item), item.value) for item in found] == [
        (Indicator, "bot-c2.xyz"),
        (Refusal, "good-a.site"),
        (Refusal, "blog-a.net"),
        (Refusal, "good-b.site"),
    ]

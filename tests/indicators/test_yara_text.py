"""YARA rules alone, in advisories, MISP and STIX: hashes are listed, searched texts refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lamsach.indicators.values import refusals
from lamsach.model import Indicator

from .list_reader import read_sound

DIGEST = "0a" * 32
RULE = f"""rule Stealer : example {{
  meta:
    author = "Team X"
    family = "Lumma"
    hash1 = "{DIGEST}"
    reference = "https://vendor.example.org/post"
  strings:
    $a = "http://gate.evil-x.top/a.php" ascii wide
    $b = "\\x68ttp://evil-y.top"
    $c = "kernel32.dll"
    $d = "203.0.113.4"
  condition:
    any of them and not pe.imphash() == "{"1b" * 16}"
}}
"""
SEARCHED = {"http://gate.evil-x.top/a.php", "http://evil-y.top", "203.0.113.4"}


def read(tmp_path: Path, text: str, name: str) -> tuple[dict[str, Indicator], dict[str, str]]:
    found, refused = read_sound(tmp_path / name, text)
    return {item.value: item for item in found}, {item.value: item.reason for item in refused}


def test_a_file_of_rules(tmp_path: Path) -> None:
    other = 'rule Texts { strings: $x = "evil-z.top" condition: $x }\n'
    accepted, refused = read(tmp_path, RULE + other, "rules.yar")
    assert {(value, item.threat, item.source) for value, item in accepted.items()} == {
        (DIGEST, "Lumma", "Team X")
    }
    assert {value for value, reason in refused.items() if reason == refusals.SEARCHED_FOR} == {
        *SEARCHED,
        "evil-z.top",
    }
    assert refused["Texts"] == refusals.YARA_ONLY


def test_a_rule_in_an_advisory(tmp_path: Path) -> None:
    text = f'# Lumma\n\nThe loader talks to evil[.]top.\n\n{RULE}\n$url = "http://evil-w.top/a.ps1"\n'
    accepted, refused = read(tmp_path, text, "advisory.md")
    assert set(accepted) == {"evil.top", DIGEST, "http://evil-w.top/a.ps1"}
    assert refused["http://gate.evil-x.top/a.php"] == refused["203.0.113.4"] == refusals.SEARCHED_FOR


def test_defanged_values_in_a_rule_are_listed(tmp_path: Path) -> None:
    text = (
        '# Lumma\n\nrule A {\nstrings:\n  $a = "hxxp://evil-x[.]top/a"\n  $b = "http://evil-y.top/a"\n'
        "condition:\n  any of them\n}\n"
    )
    accepted, _ = read(tmp_path, text, "advisory.md")
    assert set(accepted) == {"http://evil-x.top/a"}


@pytest.mark.parametrize(
    "document",
    [
        {
            "type": "bundle",
            "id": "bundle--1",
            "objects": [{"type": "indicator", "id": "indicator--1", "pattern_type": "yara", "pattern": RULE}],
        },
        {"Event": {"info": "x", "Attribute": [{"type": "yara", "value": RULE, "to_ids": True}]}},
    ],
    ids=["stix", "misp"],
)
def test_a_rule_within_a_record(tmp_path: Path, document: object) -> None:
    accepted, refused = read(tmp_path, json.dumps(document), "list.json")
    assert set(accepted) == {DIGEST}
    not_listed = {value for value, reason in refused.items() if reason == refusals.NOT_LISTED}
    assert not_listed == {"1b" * 16, "https://vendor.example.org/post"}
    assert {value for value in refused if value not in not_listed} == set(SEARCHED)
    assert {refused[value] for value in SEARCHED} == {refusals.SEARCHED_FOR}


def test_a_rule_of_snort_in_a_misp_event(tmp_path: Path) -> None:
    rule = 'alert dns any any -> any any (msg:"x"; dns.query; content:"evil-x.top"; sid:1;)'
    event = {"Event": {"info": "x", "Attribute": [{"type": "snort", "value": rule}]}}
    accepted, _ = read(tmp_path, json.dumps(event), "list.json")
    assert set(accepted) == {"evil-x.top"}


def test_a_deleted_object_is_withdrawn_with_its_attributes(tmp_path: Path) -> None:
    gone = {"name": "url", "deleted": True, "Attribute": [{"type": "url", "value": "https://evil-x.top/a"}]}
    undeleted = {
        "name": "url",
        "deleted": False,
        "Attribute": [{"type": "url", "value": "https://evil-y.top/a"}],
    }
    accepted, refused = read(
        tmp_path,
        json.dumps({"Event": {"info": "x", "Attribute": [], "Object": [gone, undeleted]}}),
        "list.json",
    )
    assert set(accepted) == {"https://evil-y.top/a"}
    assert refused == {"https://evil-x.top/a": refusals.WITHDRAWN}


@pytest.mark.parametrize("key", ["indicator_types", "labels"])
def test_an_indicator_that_its_source_calls_benign(tmp_path: Path, key: str) -> None:
    objects = [
        {"type": "indicator", "id": f"indicator--{name}", key: types,
         "pattern": f"[domain-name:value = '{name}-x.top']"}
        for name,
        types in {"good": ["benign"], "evil": ["malicious-activity"],
            "odd": ["benign", "anonymization"]}.items()
    ]  # fmt: skip
    accepted, refused = read(
        tmp_path, json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}), "list.json"
    )
    assert set(accepted) == {"evil-x.top", "odd-x.top"}
    assert refused == {"good-x.top": refusals.BENIGN}


def test_a_line_of_unclosed_quotes_is_skipped_in_linear_time(tmp_path: Path) -> None:
    """An unclosed text was once searched from each of its quotes: minutes for a line of 60 kB."""
    unended = 'rule a { strings: $a = "' + '\\"' * 30_000 + "\n"
    accepted, _ = read(tmp_path, unended + RULE, "rules.yar")
    assert set(accepted) == {DIGEST}


def test_an_overlong_line_after_a_rule_leaves_its_hash_listed_once(tmp_path: Path) -> None:
    """Its refusal came before the rule, so that the rule's hash was refused as mentioned, then listed."""
    found, refused = read_sound(tmp_path / "rules.yar", RULE + "x" * 2**21 + "\n")
    assert DIGEST in [item.value for item in found]
    assert [item.reason for item in refused].count(refusals.TOO_LONG) == 1
    assert refused[-1].reason == refusals.TOO_LONG
    assert DIGEST not in [item.value for item in refused]

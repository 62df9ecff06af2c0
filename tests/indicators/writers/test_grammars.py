"""Outputs for Snort, Zeek and Sigma, checked by strict readers of their documented syntax."""

from __future__ import annotations

import pytest

from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.addresses import merged_networks
from lamsach.model import Indicator

from .grammars import sigma_rules, snort_content, snort_rules, zeek_intel
from .long_lists import listed
from .sample import T, exported, text_of

COUNT = 10_000
SNORT = (
    'alert udp $HOME_NET any -> any 53 (msg:"a"; content:"|03|bot|03|xyz|00|", nocase; '
    "classtype:trojan-activity; sid:1100000; rev:1;)"
)


def wire_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def test_snort_gets_a_rule_for_every_name_and_all_addresses() -> None:
    export = exported(BY_NAME["snort"], listed(COUNT))
    rules = list(snort_rules(text_of(export)))
    names = [snort_content(rule.option("content")) for rule in rules if not rule.targets]
    assert names == [wire_name(item.value) for item in export.items if item.type is T.DOMAIN]
    found = [value for rule in rules for value in rule.targets]
    assert found == [network.text for part in merged_networks(export.items) for network in part]
    assert {rule.port for rule in rules if not rule.targets} == {"53"}


def test_zeek_gets_a_row_for_every_value() -> None:
    export = exported(BY_NAME["zeek"], listed(COUNT))
    rows = list(zeek_intel(text_of(export)))
    assert len(rows) == len(export.items)
    values = [item.value for item in export.items if item.type is not T.URL]
    assert [row["indicator"] for row in rows if row["indicator_type"] != "Intel::URL"] == values


@pytest.mark.parametrize("source", ["-", " - ", "(empty)", "\t", "--"])
def test_a_source_of_punctuation_is_not_empty(source: str) -> None:
    listed = [Indicator(T.DOMAIN, "bot.xyz", source, source)]
    (row,) = zeek_intel(text_of(exported(BY_NAME["zeek"], listed)))
    assert row["indicator"] == "bot.xyz"


def test_sigma_gets_rules_of_the_specification() -> None:
    export = exported(BY_NAME["sigma"], listed(COUNT))
    rules = {rule["logsource"]["category"]: rule["detection"] for rule in sigma_rules(text_of(export))}
    names = [item.value for item in export.items if item.type is T.DOMAIN]
    assert rules["dns"]["selection1"]["query"] == names
    assert rules["dns"]["selection2"]["query|endswith"] == [f".{name}" for name in names]
    assert len(rules["proxy"]["selection3"]["c-uri|contains"]) == export.items.counts[T.URL]


@pytest.mark.parametrize(
    "broken",
    [
        SNORT.replace('"a"', '"a"; drop"'),
        SNORT.replace("sid:1100000", "sid:7"),
        f"{SNORT}\n{SNORT}",
        SNORT.replace("|03|bot", "|0|bot"),
        SNORT.replace("|03|bot", ";"),
        SNORT.replace("-> any", "-> [203.0.113.5,x]"),
        SNORT.replace("nocase", "sideways"),
        SNORT[:-1],
        "drop everything",
    ],
)
def test_the_snort_reader_refuses_invalid_rules(broken: str) -> None:
    assert list(snort_rules(SNORT))
    with pytest.raises(ValueError):
        list(snort_rules(broken))


@pytest.mark.parametrize(
    "row",
    ["bot.xyz\tIntel::DOMAIN\t-\tx", "bot.xyz\tIntel::DOMAIN\ta", "Bot.xyz\tIntel::DOMAIN\ta\tx",
     "1.2.3\tIntel::ADDR\ta\tx", "bot.xyz\tIntel::DOMAIN\ta\t", "bot.xyz\tIntel::NAME\ta\tx",
     "a.top/\\x20\tIntel::URL\ta\tx"],
)  # fmt: skip
def test_the_zeek_reader_refuses_invalid_rows(row: str) -> None:
    head = "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
    assert list(zeek_intel(head + "bot.xyz\tIntel::DOMAIN\ta\tx\n"))
    with pytest.raises(ValueError):
        list(zeek_intel(head + row + "\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [("level: high", "level: loud"), ("query|endswith", "query|ends"), ("\\?id", "?id"),
     ("1 of selection*", "all of them"), ("category: dns", "category: nds"),
     ("status: stable", "state: stable")],
)  # fmt: skip
def test_the_sigma_reader_refuses_invalid_rules(old: str, new: str) -> None:
    text = text_of(exported(BY_NAME["sigma"]))
    assert list(sigma_rules(text))
    with pytest.raises(ValueError):
        list(sigma_rules(text.replace(old, new, 1)))

"""STIX patterns: accepted values and refused parts, as tables, and at random against a slow evaluator."""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network

import pytest
from stix2patterns.validator import run_validator

from lamsach.indicators.text.stix_patterns import MAX_PATTERN, pattern_values
from lamsach.indicators.values import refusals
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType
from tests.indicators import stix_reference
from tests.indicators.stix_reference import Compared, Generator, Joined, Pattern, Seen

CONDITION, NEGATED, UNREAD = refusals.CONDITION, refusals.NEGATED, refusals.UNREAD_PATTERN


def accepted(pattern: str) -> tuple[list[str], list[str]]:
    """Return the values, and the reasons for refused parts."""
    found = list(pattern_values(pattern))
    return (
        [item[1] for item in found if not isinstance(item, Refused)],
        [item.reason for item in found if isinstance(item, Refused)],
    )


C2, TOP = "domain-name:value = 'bot-c2.xyz'", "domain-name:value = 'evil-b.top'"


@pytest.mark.parametrize(
    ("pattern", "values", "reasons"),
    [
        (f"[{C2}]", ["bot-c2.xyz"], []),
        ("[domain-name:value='bot-c2.xyz']", ["bot-c2.xyz"], []),
        (f"[{C2} OR {TOP}]", ["bot-c2.xyz", "evil-b.top"], []),
        (f"[{C2}] OR [{TOP}]", ["bot-c2.xyz", "evil-b.top"], []),
        (f"[{C2}] AND [{TOP}]", ["bot-c2.xyz", "evil-b.top"], [CONDITION]),
        (f"([{C2}] OR [{TOP}]) AND [{TOP}]", ["bot-c2.xyz", "evil-b.top", "evil-b.top"], [CONDITION]),
        (f"[{C2}] FOLLOWEDBY [{TOP}]", ["bot-c2.xyz", "evil-b.top"], [CONDITION]),
        (f"[{C2}] REPEATS 5 TIMES", ["bot-c2.xyz"], [CONDITION]),
        (f"([{C2}] FOLLOWEDBY [{TOP}]) WITHIN 600 SECONDS", ["bot-c2.xyz", "evil-b.top"], [CONDITION]),
        (f"([{C2}] REPEATS 2 TIMES) WITHIN 5.5 SECONDS", ["bot-c2.xyz"], [CONDITION]),
        (f"[{C2}] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'", ["bot-c2.xyz"], [CONDITION]),
        ("[domain-name:value != 'bot-c2.xyz']", [], [NEGATED]),
        ("[domain-name:value NOT != 'bot-c2.xyz']", ["bot-c2.xyz"], []),
        ("[domain-name:value NOT = 'bot-c2.xyz']", [], [NEGATED]),
        ("[domain-name:value NOT IN ('bot-c2.xyz', 'evil-b.top')]", [], [NEGATED, NEGATED]),
        ("[domain-name:value IN ('bot-c2.xyz','evil-b.top')]", ["bot-c2.xyz", "evil-b.top"], []),
        ("[domain-name:value LIKE '%.bot-c2.xyz']", ["bot-c2.xyz"], []),
        ("[domain-name:value LIKE 'bot%c2.xyz']", [], [UNREAD]),
        ("[domain-name:value LIKE 'bot_c2.xyz']", [], [UNREAD]),
        ("[url:value LIKE 'http://evil-b.top/%']", ["http://evil-b.top"], []),
        ("[ipv4-addr:value LIKE '45.155.37.%']", ["45.155.37.0/24"], []),
        ("[ipv4-addr:value ISSUBSET '45.155.37.0/24']", ["45.155.37.0/24"], []),
        ("[ipv4-addr:value ISSUPERSET '45.155.37.7/32']", ["45.155.37.7"], []),
        ("[ipv4-addr:value ISSUPERSET '45.155.37.0/24']", [], [UNREAD]),
        ("[ipv6-addr:value ISSUBSET '2a0e:b107:1::/48']", ["2a0e:b107:1::/48"], []),
        (r"[domain-name:value MATCHES '^bot-c2\\.xyz$']", ["bot-c2.xyz"], []),
        (r"[domain-name:value MATCHES '(^|\\.)bot-c2\\.xyz$']", ["bot-c2.xyz"], []),
        (r"[url:value MATCHES '^https?:\\/\\/evil-b\\.top\\/a$']", ["http://evil-b.top/a"], []),
        ("[domain-name:value MATCHES '^(a|b)+$']", [], [UNREAD]),
        ("[ipv4-addr:value > '45.155.37.7']", [], [UNREAD]),
        ("[EXISTS domain-name:value]", [], []),
        ("[file:hashes.'SHA-256' = '" + "5f" * 32 + "' AND file:name = 'a.exe']", ["5f" * 32], []),
        ("[file:hashes.MD5 = '" + "5f" * 16 + "' AND file:hashes.'SHA-1' = '" + "6a" * 20 + "']",
         ["5f" * 16, "6a" * 20], []),
        ("[file:hashes.\"SHA-256\" = '" + "5f" * 32 + "']", ["5f" * 32], []),
        (f"[{C2} AND ipv4-addr:value = '45.155.37.7']", ["bot-c2.xyz", "45.155.37.7"], [CONDITION]),
        ("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '45.155.37.7']",
         ["45.155.37.7"], []),
        ("[network-traffic:dst_ref.value = '45.155.37.7' AND network-traffic:dst_port = 443]",
         ["45.155.37.7"], [CONDITION]),
        ("[network-traffic:extensions.'http-request-ext'.request_header.'Host' = 'bot-c2.xyz']",
         ["bot-c2.xyz"], []),
        ("[file:name = 'x] AND [domain-name:value = \\'evil-b.top\\'' OR domain-name:value = 'bot-c2.xyz']",
         ["bot-c2.xyz"], [refusals.FILE_FORM]),
        ("[process:command_line = 'a FOLLOWEDBY b' OR domain-name:value = 'bot-c2.xyz']", ["bot-c2.xyz"], []),
        ("[domain-name:value = 'bot-c2.xyz", [], []),
        ("[domain-name:value = 'bot-c2.xyz'] OR [domain-name:value = 'evil", ["bot-c2.xyz"], [CONDITION]),
        ("[artifact:payload_bin = h'ffd8' OR domain-name:value = 'bot-c2.xyz']", ["bot-c2.xyz"], []),
        ("[mutex:name = 'x']", [], [UNREAD]),
        ("", [], [UNREAD]),
    ],
)  # fmt: skip
def test_values_of_a_pattern(pattern: str, values: list[str], reasons: list[str]) -> None:
    found, stated_reasons = accepted(pattern)
    assert found == values
    if values or reasons:
        assert stated_reasons == reasons
    else:
        assert stated_reasons, "a pattern without an accepted value is reported"


HOSTILE = {
    "nested brackets": "(" * 200_000 + f"[{C2}]",
    "quotes without end": "'\\" * 200_000,
    "escaped quotes": "[domain-name:value = '" + "\\'" * 200_000,
    "a path of many steps": "file:" + "a." * 200_000,
    "colons": "a:" * 200_000,
    "an expression that doubles its work": "[domain-name:value MATCHES '(a+)+(a+)+$" + "a" * 100_000 + "!']",
    "a long expression": r"[url:value MATCHES '" + "https?:" * 50_000 + "']",
    "a long set": "[domain-name:value IN (" + ", ".join(["'x'"] * 50_000) + ")]",
    "percent signs": "[domain-name:value LIKE '" + "%" * 200_000 + "x']",
    "blanks": "[domain-name:value" + " " * 500_000 + "= 'bot-c2.xyz']",
    "NOT without end": "[domain-name:value " + "NOT " * 100_000,
    "numbers": "1.1" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_patterns_end_in_linear_time(name: str) -> None:
    """A quadratic cost would be minutes for these."""
    assert list(pattern_values(HOSTILE[name]))


def test_a_cut_pattern_is_reported() -> None:
    pattern = f"[{C2}] OR " * (MAX_PATTERN // 30)
    assert len(pattern) > MAX_PATTERN
    assert accepted(pattern)[1] == [CONDITION]


def covers(value: tuple[IndicatorType, str], path: str, text: str) -> bool:
    """Return whether a hunt for the value shows a line with this text."""
    kind, listed = value
    if kind is IndicatorType.NETWORK:
        return path in ("ipv4-addr:value", "network-traffic:dst_ref.value") and ip_address(
            text
        ) in ip_network(listed)
    if kind is IndicatorType.DOMAIN:
        return path == "domain-name:value" and (text == listed or text.endswith("." + listed))
    return text == listed


def shown(values: list[tuple[IndicatorType, str]], seen: Seen) -> bool:
    return any(covers(value, path, text) for value in values for path, text in seen.items())


def joined_by_and(pattern: Pattern) -> bool:
    """Return whether comparisons are joined by AND within one observation, as one file's hashes are."""
    if isinstance(pattern, Joined):
        return pattern.by == "AND"
    if isinstance(pattern, stix_reference.Both):
        return joined_by_and(pattern.left) or joined_by_and(pattern.right)
    return joined_by_and(pattern.part)


def expected_values(comparison: Compared) -> int:
    """Count the values of a comparison."""
    if comparison.path not in stix_reference.ACCEPTED or comparison.contrary:
        return 0
    if comparison.operator == "LIKE" and "%c2" in comparison.texts[0]:
        return 0
    if comparison.operator == "MATCHES" and "bot-c2" not in comparison.texts[0]:
        return 0
    return len(comparison.texts)


def compare(pattern: Pattern, generator: Generator) -> None:
    """Compare the values of a pattern with its text and its matches."""
    text = pattern.text()
    found = list(pattern_values(text))
    values = [item for item in found if not isinstance(item, Refused)]
    reasons = {item.reason for item in found if isinstance(item, Refused)}
    parts = list(stix_reference.comparisons(pattern))
    assert len(values) == sum(map(expected_values, parts)), text
    contrary = {part.path for part in parts if part.contrary}
    assert NEGATED in reasons or not contrary & stix_reference.ACCEPTED, text
    assert NEGATED not in reasons or contrary & (stix_reference.ACCEPTED | {"file:name"}), text
    if any(word in text for word in ("FOLLOWEDBY", "WITHIN", "REPEATS", "START t'")) and values:
        assert CONDITION in reasons, text
    for _ in range(3):
        seen = generator.observations()
        for way in stix_reference.ways(pattern, seen):
            if not reasons and not any(part.path not in stix_reference.ACCEPTED for part in parts):
                assert any(shown(values, seen[at][1]) for at in way), (
                    text,
                    seen,
                    "nothing of it would be shown",
                )
    if not reasons and not joined_by_and(pattern):
        for part in parts:
            if part.path in stix_reference.ACCEPTED and part.operator in ("=", "IN") and not part.negated:
                alone = [(0, {part.path: part.texts[0]})]
                assert stix_reference.ways(pattern, alone), (
                    text,
                    part,
                    "it asks for more, and that is not told",
                )


@pytest.mark.parametrize("count", [400, pytest.param(100_000, marks=pytest.mark.soak)])
def test_random_patterns_against_a_slow_evaluator(count: int) -> None:
    """No fully accepted pattern matches anything but its values; omissions are reported."""
    chance = random.Random(8)
    generator = Generator(chance)
    for number in range(count):
        pattern = generator.pattern()
        compare(pattern, generator)
        if number < 60:
            stated_reasons = run_validator(pattern.text(), stix_version="2.1")
            wrong = [
                error for error in stated_reasons if not error.endswith(" hash")
            ]  # it takes a set for one hash
            assert wrong == [], "the generator follows the standard"

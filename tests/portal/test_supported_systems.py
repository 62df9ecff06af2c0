"""Support of operating systems and browsers, by user agent, client hint and day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.portal.public import systems
from lamsach.portal.public.systems import browser as browser_of
from lamsach.portal.public.systems import system as system_of
from tests.rows import each_row

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
WINDOWS_7 = "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 Chrome/109.0.0.0 Safari/537.36"
WINDOWS_10 = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("agent", "system", "browser"),
    [
        (WINDOWS_7, ("Windows 7", False), ("Chrome / Edge / Cốc Cốc 109", False)),
        (WINDOWS_10, ("Windows 10 / Windows 11", None), ("Firefox 130", False)),
        (WINDOWS_10.replace("130.0", "133.0"), ("Windows 10 / Windows 11", None), ("Firefox 133", True)),
        (WINDOWS_10.replace("130.0", "140.0"), ("Windows 10 / Windows 11", None), ("Firefox 140 ESR", None)),
        (WINDOWS_7.replace("109", "99999999"), ("Windows 7", False), ("Chrome / Edge / Cốc Cốc", None)),
        (
            "Mozilla/5.0 (Linux; Android 8.1; X) Chrome/130.0",
            ("Android 8", False),
            ("Chrome / Edge / Cốc Cốc 130", True),
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36",
            ("Android", None),
            ("Chrome / Edge / Cốc Cốc 130", True),
        ),
        ("Mozilla/5.0 (Linux; Android 11; Pixel) Mobile", ("Android 11", False), None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X)", ("iOS 12", False), None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)", ("iOS", None), None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)", ("iOS 18", True), None),
        (f"{IPHONE} Version/18.6 Safari/604.1", ("iOS 18", True), None),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6)", ("macOS 10.14", False), None),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", ("macOS", None), None),
        ("Mozilla/5.0 (Macintosh; U; PPC Mac OS X 10_4_11)", ("macOS 10.4", False), None),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            ("Linux", None),
            ("Firefox 140 ESR", None),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/14.04 Safari/1", ("Ubuntu 14.04 LTS", False), None),
        (
            "Mozilla/5.0 (X11; U; Linux x86_64) Gecko/2009 Red Hat/3.0.15-1.el5_4",
            ("Red Hat Enterprise Linux 5", False),
            None,
        ),
        (
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)",
            ("Windows XP", False),
            ("Internet Explorer", False),
        ),
        ("curl/8", None, None),
        ("Windows NT 99999999999999", None, None),
    ],
)
def test_support_by_user_agent_and_day(agent: str, system: Any, browser: Any) -> None:
    def short(found: Any) -> Any:
        return (found.name, found.supported) if found else None

    day = date(2025, 1, 1)
    assert (short(system_of(agent, day)), short(browser_of(agent, day))) == (system, browser)


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("platform", "day", "expected"),
    [
        ('"10.0.0"', date(2025, 10, 14), ("Windows 10 Home, Pro", True)),
        ('"10.0.0"', date(2025, 10, 15), ("Windows 10 Home, Pro", False)),
        ('"14.0.0"', date(2025, 10, 15), ("Windows 11 21H2", False)),
        ('"15.0.0"', date(2025, 10, 15), ("Windows 11 22H2, 23H2", None)),
        ('"15.0.0"', date(2026, 11, 11), ("Windows 11 22H2, 23H2", False)),
        ('"19.0.0"', date(2025, 10, 15), ("Windows 11 24H2, 25H2", True)),
        ('"19.0.0"', date(2026, 10, 14), ("Windows 11 24H2, 25H2", None)),
        ('"20.0.0"', date(2026, 10, 14), ("Windows 10 / Windows 11", None)),
        ('"0.3.0"', date(2025, 10, 15), ("Windows 10 / Windows 11", None)),
        ("<script>", date(2025, 10, 15), ("Windows 10 / Windows 11", None)),
        ("", date(2025, 10, 15), ("Windows 10 / Windows 11", None)),
    ],
)
def test_windows_10_and_11_are_distinguished_by_the_client_hint(
    platform: str, day: date, expected: tuple[str, Any]
) -> None:
    found = system_of(WINDOWS_10, day, platform)
    assert found is not None
    assert (found.name, found.supported) == expected
    older = system_of(WINDOWS_7, day, platform)
    assert older is not None
    assert older.name == "Windows 7"


MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/158.0.0.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/158.0.0.0 Mobile Safari/537.36"
NOVEMBER_2026 = [
    (WINDOWS_10, '"10.0.0"', "Windows 10 Home, Pro", False),
    (WINDOWS_10, '"14.0.0"', "Windows 11 21H2", False),
    (WINDOWS_10, '"15.0.0"', "Windows 11 22H2, 23H2", False),
    (WINDOWS_10, '"19.0.0"', "Windows 11 24H2, 25H2", None),
    ("Mozilla/5.0 (Windows NT 6.3; Win64; x64)", "", "Windows 8.1 / Windows Server 2012 R2", False),
    (MAC, '"13.7.8"', "macOS 13", False),
    (MAC, '"14.8.3"', "macOS 14", None),
    (MAC, '"15.7.3"', "macOS 15", True),
    (MAC, '"26.2.0"', "macOS 26", True),
    (MAC, '"27.0.0"', "macOS 27", True),
    (MAC, '"28.0.0"', "macOS", None),
    (ANDROID, '"12.0.0"', "Android 12", False),
    (ANDROID, '"13.0.0"', "Android 13", None),
    (ANDROID, '"14.0.0"', "Android 14", True),
    (ANDROID, '"16.0.0"', "Android 16", True),
    (ANDROID, '"17.0.0"', "Android 17", True),
    (f"{IPHONE} Version/26.1 Safari/604.1", "", "iOS 26", None),
    (f"{IPHONE} Version/27.0 Safari/604.1", "", "iOS 27", True),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 14_8 like Mac OS X)", "", "iOS 14", False),
    ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/22.04 Safari/1", "", "Ubuntu 22.04 LTS", True),
    ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/25.10 Safari/1", "", "Ubuntu 25.10", False),
    ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/26.04 Safari/1", "", "Ubuntu 26.04 LTS", True),
]


@each_row("row", NOVEMBER_2026)
def test_the_table_knows_what_is_current_in_november_2026(row: tuple[str, str, str, bool | None]) -> None:
    agent, platform, name, supported = row
    found = system_of(agent, date(2026, 11, 30), platform)
    assert found is not None
    assert (found.name, found.supported) == (name, supported)


def test_possible_windows_versions_are_listed_with_their_last_days() -> None:
    windows_10 = system_of(WINDOWS_10, date(2026, 11, 30), '"10.0.0"')
    windows_11 = system_of(WINDOWS_10, date(2026, 11, 30), '"19.0.0"')
    assert windows_10 is not None and windows_11 is not None  # noqa: PT018
    assert (windows_10.until, windows_10.extended) == (date(2025, 10, 14), date(2028, 10, 10))
    assert dict(windows_11.others) == {
        "Windows 11 24H2 Home, Pro": date(2026, 10, 13),
        "Windows 11 24H2 Enterprise, Education": date(2027, 10, 12),
        "Windows 11 25H2 Home, Pro": date(2027, 10, 12),
        "Windows 11 25H2 Enterprise, Education": date(2028, 10, 10),
    }


@pytest.mark.one_date
def test_every_fact_has_its_day_and_its_source() -> None:
    for family, facts in systems._facts().items():
        date.fromisoformat(facts["as_of"])
        assert facts["source"].startswith("https://"), family
        for entry in (*facts["versions"].values(), *facts.get("builds", {}).values()):
            assert entry.get("latest", entry.get("until", "")) >= entry.get("until", "")
            assert not ("until" in entry and "released" in entry), entry
            ends = [one["until"] for one in entry.get("editions", [entry] if "until" in entry else [])]
            assert not ends or entry["until"] == min(ends), entry
            assert "editions" not in entry or entry["latest"] == max(ends), entry


@pytest.mark.one_date
def test_a_version_is_supported_until_its_last_day_and_never_after() -> None:
    seen = 0
    for family, facts in systems._facts().items():
        for version, entry in {**facts["versions"], **facts.get("builds", {})}.items():
            kept = timedelta(days=facts.get("least_days", 0))
            last = date.fromisoformat(entry.get("until") or entry.get("released") or facts["as_of"])
            last += kept if "released" in entry else timedelta()
            latest = date.fromisoformat(entry["latest"]) if "latest" in entry else last
            on = [
                systems._judged(family, version, day).supported
                for day in (last, last + timedelta(days=1), latest + timedelta(days=1), date(2100, 1, 1))
            ]
            assert on[0] is (True if "until" in entry or "released" in entry else None), entry
            assert True not in on[1:], entry
            assert (on[2] is False) is ("until" in entry), entry
            seen += 1
    assert seen > 40


@pytest.mark.one_date
@given(
    days=st.integers(0, 5000),
    family=st.sampled_from(sorted(systems._facts())),
    version=st.from_regex(r"\A[0-9]{1,6}(\.[0-9]{1,4})?\Z"),
)
def test_no_version_becomes_supported_again(days: int, family: str, version: str) -> None:
    day = date(2020, 1, 1) + timedelta(days=days)
    today = systems._judged(family, version, day).supported
    later = systems._judged(family, version, day + timedelta(days=900)).supported
    assert later is not True or today is True
    if today is False:
        assert later is False

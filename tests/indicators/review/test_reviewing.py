"""What is dangerous, doubtful or new, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.indicators.review import facts, knowledge
from lamsach.indicators.review.concerns import REASONS, Concern, Kind, Level
from lamsach.indicators.review.facts import OWN_FILES, Fact, own_facts
from lamsach.indicators.review.guard import Own
from lamsach.indicators.review.knowledge import Knowledge
from lamsach.indicators.review.lookalikes import mixes_scripts, skeleton, spelled
from lamsach.indicators.review.reviewing import Collected, Reviewed, collect, review
from lamsach.model import Indicator, IndicatorType, Problem, Reference

T = IndicatorType
KNOWN = Knowledge(
    [
        *own_facts(),
        Fact("sink.example", Kind.SINKHOLE, Level.DOUBTFUL, "test"),
        Fact("45.67.8.9", Kind.RESOLVER, Level.DOUBTFUL, "test"),
        Fact("52.95.64.0/18", Kind.CLOUD, Level.DOUBTFUL, "test"),
        Fact("44D88612FEA8A8F36DE82E1278ABB02F", Kind.HARMLESS_FILE, Level.DOUBTFUL, "test"),
        Fact("52.96.65.0/18", Kind.CLOUD, Level.DOUBTFUL, "host bits set"),
        Fact("bit.ly", Kind.SHORTENER, Level.DOUBTFUL, "test"),
    ]
)
OWN = Own.read(["203.0.113.0/24", "2001:db8:9::/48", "unit.example"])


def looked_at(kind: IndicatorType, value: str) -> Reviewed:
    collected = Collected()
    collected.take(Indicator(kind, value))
    (found,) = review(collected, OWN, None, KNOWN)
    return found


DANGEROUS, DOUBTFUL, NEITHER = 0, 1, 3


@pytest.mark.parametrize(
    ("kind", "value", "rank", "why"),
    [
        (T.DOMAIN, "gov.vn", DANGEROUS, {Kind.GOVERNMENT, Kind.SUFFIX}),
        (T.DOMAIN, "so-noi-vu.tinh.gov.vn", DANGEROUS, {Kind.GOVERNMENT}),
        (T.DOMAIN, "notgov.vn", NEITHER, set()),
        (T.DOMAIN, "com.vn", DANGEROUS, {Kind.SUFFIX, Kind.BANK}),
        (T.DOMAIN, "vietcombank.com.vn", DANGEROUS, {Kind.BANK}),
        (T.DOMAIN, "ib.vietcombank.com.vn", DANGEROUS, {Kind.BANK}),
        (T.DOMAIN, "vietcombank-login.top", NEITHER, set()),
        (T.DOMAIN, "google.com", DANGEROUS, {Kind.TOP_SITE}),
        (T.DOMAIN, "x.google.com", DOUBTFUL, {Kind.TOP_SITE}),
        (T.DOMAIN, "duckdns.org", DANGEROUS, {Kind.DYNAMIC_DNS}),
        (T.DOMAIN, "bot.duckdns.org", DOUBTFUL, {Kind.TENANT}),
        (T.DOMAIN, "github.io", DANGEROUS, {Kind.SHARED_HOSTING}),
        (T.DOMAIN, "bot.github.io", DOUBTFUL, {Kind.TENANT}),
        (T.DOMAIN, "windows.net", DANGEROUS, None),
        (T.DOMAIN, "bit.ly", DANGEROUS, {Kind.SHORTENER}),
        (T.DOMAIN, "sink.example", DOUBTFUL, {Kind.SINKHOLE}),
        (T.DOMAIN, "unit.example", DANGEROUS, {Kind.OWN}),
        (T.DOMAIN, "mail.unit.example", DANGEROUS, {Kind.OWN}),
        (T.DOMAIN, "notunit.example", NEITHER, set()),
        (T.DOMAIN, "bot-c2.xyz", NEITHER, set()),
        (T.IP, "8.8.8.8", DANGEROUS, {Kind.RESOLVER}),
        (T.IP, "2001:4860:4860::8888", DANGEROUS, {Kind.RESOLVER}),
        (T.IP, "45.67.8.9", DOUBTFUL, {Kind.RESOLVER}),
        (T.IP, "45.67.8.10", NEITHER, set()),
        (T.IP, "104.16.1.1", DOUBTFUL, {Kind.CDN}),
        (T.IP, "52.95.110.1", DOUBTFUL, {Kind.CLOUD}),
        (T.IP, "52.96.64.1", DOUBTFUL, {Kind.CLOUD}),
        (T.IP, "203.0.113.7", DANGEROUS, {Kind.OWN}),
        (T.IP, "2001:db8:9:1::7", DANGEROUS, {Kind.OWN}),
        (T.IP, "192.168.1.1", DANGEROUS, {Kind.BOGON}),
        (T.IP, "198.51.100.7", NEITHER, set()),
        (T.NETWORK, "8.8.8.0/24", DANGEROUS, {Kind.RESOLVER}),
        (T.NETWORK, "203.0.112.0/22", DANGEROUS, {Kind.OWN}),
        (T.NETWORK, "46.0.0.0/8", DANGEROUS, {Kind.WIDE}),
        (T.NETWORK, "46.4.0.0/18", DOUBTFUL, {Kind.WIDE}),
        (T.NETWORK, "46.4.0.0/20", NEITHER, set()),
        (T.NETWORK, "2a01::/31", DANGEROUS, {Kind.WIDE}),
        (T.NETWORK, "104.16.0.0/16", DOUBTFUL, {Kind.CDN, Kind.WIDE}),
        (T.URL, "https://tinh.gov.vn/upload/a.exe", DOUBTFUL, {Kind.GOVERNMENT}),
        (T.URL, "https://drive.google.com/file/1", NEITHER, set()),
        (T.URL, "https://google.com", DOUBTFUL, {Kind.TOP_SITE}),
        (T.URL, "http://203.0.113.7/x", DANGEROUS, {Kind.OWN}),
        (T.URL, "http://[2001:db8:9::1]:8080/x", DANGEROUS, {Kind.OWN}),
        (T.URL, "http://mail.unit.example/x", DANGEROUS, {Kind.OWN}),
        (T.MD5, "44d88612fea8a8f36de82e1278abb02f", DOUBTFUL, {Kind.HARMLESS_FILE}),
        (T.SHA256, "0" * 64, NEITHER, set()),
    ],
)
def test_a_value_and_its_concerns(kind: IndicatorType, value: str, rank: int, why: set[Kind] | None) -> None:
    found = looked_at(kind, value)
    assert found.rank == rank
    if why is not None:
        assert {concern.kind for concern in found.concerns} == why
    assert all(concern.about for concern in found.concerns)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("vietcombаnk.com.vn", "vietcombank.com.vn"),  # Cyrillic а
        ("www.gооgle.com", "google.com"),  # Cyrillic о
        ("googlé.com", "google.com"),
        ("microsоft.com", "microsoft.com"),
        ("рaypal-x.top", None),  # mixes scripts, looks like nothing known
    ],
)
def test_names_that_look_like_others(name: str, like: str | None) -> None:
    from lamsach.indicators.domains import to_ascii_domain

    listed = to_ascii_domain(name)
    assert listed is not None
    found = looked_at(T.DOMAIN, listed)
    (concern,) = found.concerns
    assert concern.kind is Kind.HOMOGRAPH
    assert concern.about == (like or skeleton(name))


def test_names_in_other_scripts_are_no_look_alikes() -> None:
    from lamsach.indicators.domains import to_ascii_domain

    for name in ("пример-сайт.рф", "máy-chủ-lạ.vn"):
        assert not looked_at(T.DOMAIN, to_ascii_domain(name) or "").concerns
    assert spelled("plain.example") is None
    assert spelled("xn--\u0000.example") is None
    assert not mixes_scripts("пример.com")
    assert mixes_scripts("exаmple.com")


def test_dangerous_comes_first_then_doubtful_then_new() -> None:
    collected = Collected()
    for value in ("known.top", "new.top", "bot.duckdns.org", "gov.vn"):
        collected.take(Indicator(T.DOMAIN, value))
    found = review(collected, OWN, {(T.DOMAIN, "known.top"), (T.DOMAIN, "gov.vn")}, KNOWN)
    assert [(entry.indicator.value, entry.rank, entry.new) for entry in found] == [
        ("gov.vn", 0, False),
        ("bot.duckdns.org", 1, True),
        ("new.top", 2, True),
        ("known.top", 3, False),
    ]


def test_rows_that_disagree(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("domain,malware,tlp\nbot-c2.xyz,Mirai,green\nother.top,Mozi,\n")
    (tmp_path / "b.csv").write_text("domain,malware,tlp\nbot-c2.xyz,Emotet,red\nother.top,mozi,\n")
    (tmp_path / "c.txt").write_text("||ads.top^\n@@||other.top^\n||more.top^\n")
    problems: list[Problem] = []
    collected = collect([str(tmp_path / name) for name in ("a.csv", "b.csv", "c.txt")], problems.append)
    assert not problems
    found = {entry.indicator.value: entry for entry in review(collected, None, None, KNOWN)}
    said = [concern.about for concern in found["bot-c2.xyz"].concerns if concern.kind is Kind.DISAGREE]
    assert said == ["threat: Mirai / Emotet", "tlp: green / red"]
    assert [concern.about for concern in found["other.top"].concerns] == [f"{tmp_path / 'c.txt'}:2"]
    assert not found["ads.top"].concerns


def test_the_own_files_state_source_and_date() -> None:
    from importlib.resources import files

    folder = files("lamsach.indicators.review") / "data"
    assert {entry.name for entry in folder.iterdir()} == {f"{name}.txt" for name in OWN_FILES}
    for name in OWN_FILES:
        lines = (folder / f"{name}.txt").read_text("utf-8").splitlines()
        assert lines[0].startswith("# source: ")
        assert lines[1].startswith("# date: 20")
        assert len(set(lines)) == len(lines)
    assert all(fact.source.startswith(tuple(OWN_FILES)) for fact in own_facts())


def test_every_reason_has_its_vietnamese() -> None:
    assert set(REASONS) == set(Kind)
    assert not [reason for reason in REASONS.values() if reason not in VIETNAMESE]
    assert Concern(Kind.OWN, Level.DANGEROUS).reason == REASONS[Kind.OWN]


def test_the_warning_lists_are_used_when_they_are_there() -> None:
    pytest.importorskip("pymispwarninglists")
    known = knowledge.knowledge()
    concerns = list(known.about_name("wikipedia.org"))
    assert {concern.kind for concern in concerns} == {Kind.TOP_SITE}
    assert any(
        concern.source.startswith("MISP ") for fact in ("ask.com",) for concern in known.about_name(fact)
    )


def test_without_the_warning_lists_our_own_files_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "PACKAGE", "no_such_package_of_lists")
    assert not facts.has_warning_lists()
    assert list(facts.warning_facts()) == []


def test_a_place_is_kept_for_people() -> None:
    collected = Collected()
    collected.take(Indicator(T.DOMAIN, "gov.vn", reference=Reference("annex.pdf", 3, 9)))
    collected.take(Indicator(T.DOMAIN, "gov.vn", reference=Reference("feed.txt", None, 1)))
    (found,) = review(collected, None, None, KNOWN)
    assert found.indicator.reference == Reference("annex.pdf", 3, 9)
    assert found.indicator.other_references == (Reference("feed.txt", None, 1),)


def test_an_earlier_list_answers_by_its_digests_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamsach.indicators.review import reviewing

    lines = [f"bot-{number}.top" for number in range(300)]
    (tmp_path / "a.txt").write_text("\n".join(lines) + "\n")
    for at_most in (1000, 10):
        monkeypatch.setattr(reviewing, "_SORTED_HERE", at_most)
        earlier = reviewing.Values([str(tmp_path / "a.txt")], lambda problem: None)
        assert all((T.DOMAIN, line) in earlier for line in lines)
        assert (T.DOMAIN, "bot-300.top") not in earlier
        assert (T.URL, "bot-1.top") not in earlier
        assert "bot-1.top" not in earlier

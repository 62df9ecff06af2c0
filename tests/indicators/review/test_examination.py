"""Dangerous, doubtful and new values, with reasons."""

from __future__ import annotations

import gzip
import json
import runpy
from pathlib import Path

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.indicators.review import facts, knowledge
from lamsach.indicators.review.examination import Collected, Reviewed, collect, review, values_of
from lamsach.indicators.review.examiner import Examiner
from lamsach.indicators.review.facts import (
    OWN_FILES,
    REASONS,
    Concern,
    Fact,
    Kind,
    Level,
    Meaning,
    own_facts,
    suffix_facts,
)
from lamsach.indicators.review.knowledge import Knowledge, Own, mixes_scripts, skeleton, unicode_name
from lamsach.model import Indicator, IndicatorType, Problem, Reference

T = IndicatorType
SINK = Meaning(Kind.SINKHOLE, Level.NOTABLE, Level.NOTABLE)
RESOLVER = Meaning(Kind.RESOLVER, Level.DOUBTFUL, Level.DOUBTFUL)
CLOUD = Meaning(Kind.CLOUD, Level.DOUBTFUL, Level.NOTABLE)
HARMLESS = Meaning(Kind.HARMLESS_FILE, Level.DOUBTFUL, Level.DOUBTFUL)
SHORTENER = Meaning(Kind.SHORTENER, Level.DANGEROUS, Level.NOTABLE)
KNOWN = Knowledge(
    [
        *own_facts(),
        *suffix_facts(),
        Fact("sink.example", SINK, "test"),
        Fact("45.67.8.9", RESOLVER, "test"),
        Fact("52.95.64.0/18", CLOUD, "test"),
        Fact("44D88612FEA8A8F36DE82E1278ABB02F", HARMLESS, "test"),
        Fact("52.96.65.0/18", CLOUD, "host bits set"),
        Fact("bit.ly", SHORTENER, "test"),
    ]
)
OWN = Own.read(["203.0.113.0/24", "2001:db8:9::/48", "unit.example"])


def examine(kind: IndicatorType, value: str) -> Reviewed:
    collected = Collected()
    collected.add(Indicator(kind, value))
    (found,) = review(collected, OWN, None, KNOWN)
    return found


DANGEROUS, DOUBTFUL, NOTABLE, NEITHER = 0, 1, 2, 4
VALUES: list[tuple[IndicatorType, str, int, set[Kind]]] = [
    (T.DOMAIN, "gov.vn", DANGEROUS, {Kind.GOVERNMENT, Kind.SUFFIX}),
    (T.DOMAIN, "so-noi-vu.tinh.gov.vn", DANGEROUS, {Kind.GOVERNMENT}),
    (T.DOMAIN, "ncsc.gov.vn", DANGEROUS, {Kind.GOVERNMENT}),
    (T.DOMAIN, "chinhphu.vn", DANGEROUS, {Kind.GOVERNMENT}),
    (T.DOMAIN, "baochinhphu.vn", DANGEROUS, {Kind.GOVERNMENT}),
    (T.DOMAIN, "notgov.vn", NEITHER, set()),
    (T.DOMAIN, "gov.vn.evil.top", NEITHER, set()),
    (T.DOMAIN, "vnnic.vn", DANGEROUS, {Kind.REGISTRY}),
    (T.DOMAIN, "a.dns-servers.vn", DANGEROUS, {Kind.REGISTRY}),
    (T.DOMAIN, "m.root-servers.net", DANGEROUS, {Kind.REGISTRY}),
    (T.DOMAIN, "com.vn", DANGEROUS, {Kind.SUFFIX, Kind.GOVERNMENT}),
    (T.DOMAIN, "printer.local", DANGEROUS, {Kind.BOGON}),
    (T.DOMAIN, "vietcombank.com.vn", DANGEROUS, {Kind.BANK}),
    (T.DOMAIN, "ib.vietcombank.com.vn", DANGEROUS, {Kind.BANK}),
    (T.DOMAIN, "vietcombank-login.top", NEITHER, set()),
    (T.DOMAIN, "google.com", DANGEROUS, {Kind.TOP_SITE}),
    (T.DOMAIN, "www.google.com", DANGEROUS, {Kind.TOP_SITE}),
    (T.DOMAIN, "www.vn", NEITHER, set()),
    (T.DOMAIN, "facebook.com", DANGEROUS, {Kind.TOP_SITE}),
    (T.DOMAIN, "vnexpress.net", DANGEROUS, {Kind.TOP_SITE}),
    (T.DOMAIN, "mobifone.vn", DANGEROUS, {Kind.TOP_SITE}),
    (T.DOMAIN, "x.google.com", DOUBTFUL, {Kind.TOP_SITE}),
    (T.DOMAIN, "windowsupdate.com", DANGEROUS, {Kind.UPDATES, Kind.TOP_SITE}),
    (T.DOMAIN, "ctldl.windowsupdate.com", DANGEROUS, {Kind.UPDATES}),
    (T.DOMAIN, "update.eset.com", DANGEROUS, {Kind.UPDATES, Kind.TOP_SITE}),
    (T.DOMAIN, "ocsp.digicert.com", DANGEROUS, {Kind.CERTIFICATES, Kind.TOP_SITE}),
    (T.DOMAIN, "e5.o.lencr.org", DANGEROUS, {Kind.CERTIFICATES}),
    (T.DOMAIN, "time.windows.com", DANGEROUS, {Kind.TIME, Kind.TOP_SITE}),
    (T.DOMAIN, "vn.pool.ntp.org", DANGEROUS, {Kind.TIME}),
    (T.DOMAIN, "duckdns.org", DANGEROUS, {Kind.DYNAMIC_DNS, Kind.SHARED_HOSTING}),
    (T.DOMAIN, "bot.duckdns.org", NOTABLE, {Kind.TENANT}),
    (T.DOMAIN, "github.io", DANGEROUS, {Kind.SHARED_HOSTING}),
    (T.DOMAIN, "bot.github.io", NOTABLE, {Kind.TENANT}),
    (T.DOMAIN, "blogspot.com", DANGEROUS, {Kind.SHARED_HOSTING}),
    (T.DOMAIN, "myshopify.com", DANGEROUS, {Kind.SHARED_HOSTING}),
    (T.DOMAIN, "bot.myshopify.com", NOTABLE, {Kind.TENANT}),
    (T.DOMAIN, "ap-southeast-1.compute.amazonaws.com", DANGEROUS, {Kind.SHARED_HOSTING, Kind.TENANT}),
    (T.DOMAIN, "ec2-1.ap-southeast-1.compute.amazonaws.com", NOTABLE, {Kind.TENANT}),
    (T.DOMAIN, "bot.drive.google.com", NOTABLE, {Kind.TENANT}),
    (T.DOMAIN, "windows.net", DANGEROUS, {Kind.SHARED_HOSTING}),
    (T.DOMAIN, "bit.ly", DANGEROUS, {Kind.SHORTENER}),
    (T.DOMAIN, "sink.example", NOTABLE, {Kind.SINKHOLE}),
    (T.DOMAIN, "unit.example", DANGEROUS, {Kind.OWN}),
    (T.DOMAIN, "mail.unit.example", DANGEROUS, {Kind.OWN}),
    (T.DOMAIN, "notunit.example", NEITHER, set()),
    (T.DOMAIN, "bot-c2.xyz", NEITHER, set()),
    (T.DOMAIN, "g00gle.com", NOTABLE, {Kind.HOMOGRAPH}),
    (T.DOMAIN, "login.paypa1.com", NOTABLE, {Kind.HOMOGRAPH}),
    (T.DOMAIN, "rnicrosoft.com", NOTABLE, {Kind.HOMOGRAPH}),
    (T.DOMAIN, "vietcornbank.com.vn", NOTABLE, {Kind.HOMOGRAPH}),
    (T.DOMAIN, "tlktok.com", NOTABLE, {Kind.HOMOGRAPH}),
    (T.DOMAIN, "1b.vn", NEITHER, set()),
    (T.IP, "8.8.8.8", DANGEROUS, {Kind.RESOLVER}),
    (T.IP, "203.162.4.190", DANGEROUS, {Kind.RESOLVER}),
    (T.IP, "203.113.131.1", DANGEROUS, {Kind.RESOLVER}),
    (T.IP, "2001:4860:4860::8888", DANGEROUS, {Kind.RESOLVER}),
    (T.IP, "198.41.0.4", DANGEROUS, {Kind.REGISTRY}),
    (T.IP, "2001:500:2f::f", DANGEROUS, {Kind.REGISTRY}),
    (T.IP, "216.239.35.0", DANGEROUS, {Kind.TIME}),
    (T.IP, "45.67.8.9", DOUBTFUL, {Kind.RESOLVER}),
    (T.IP, "45.67.8.10", NEITHER, set()),
    (T.IP, "104.16.1.1", DOUBTFUL, {Kind.CDN}),
    (T.IP, "52.95.110.1", NOTABLE, {Kind.CLOUD}),
    (T.IP, "52.96.64.1", NOTABLE, {Kind.CLOUD}),
    (T.IP, "203.0.113.7", DANGEROUS, {Kind.OWN}),
    (T.IP, "2001:db8:9:1::7", DANGEROUS, {Kind.OWN}),
    (T.IP, "192.168.1.1", DANGEROUS, {Kind.BOGON}),
    (T.IP, "fe80::1", DANGEROUS, {Kind.BOGON}),
    (T.IP, "198.51.100.7", NEITHER, set()),
    (T.NETWORK, "8.8.8.0/24", DANGEROUS, {Kind.RESOLVER}),
    (T.NETWORK, "203.0.112.0/22", DANGEROUS, {Kind.OWN}),
    (T.NETWORK, "113.160.0.0/11", DANGEROUS, {Kind.WIDE}),
    (T.NETWORK, "46.0.0.0/15", DANGEROUS, {Kind.WIDE}),
    (T.NETWORK, "46.4.0.0/16", DOUBTFUL, {Kind.WIDE}),
    (T.NETWORK, "46.4.0.0/20", NEITHER, set()),
    (T.NETWORK, "2a01::/31", DANGEROUS, {Kind.WIDE}),
    (T.NETWORK, "2a01::/32", DOUBTFUL, {Kind.WIDE}),
    (T.NETWORK, "104.16.0.0/12", DANGEROUS, {Kind.CDN, Kind.WIDE}),
    (T.NETWORK, "103.21.244.0/22", DANGEROUS, {Kind.CDN}),
    (T.NETWORK, "104.16.0.0/16", DOUBTFUL, {Kind.CDN, Kind.WIDE}),
    (T.NETWORK, "52.95.64.0/18", DOUBTFUL, {Kind.CLOUD, Kind.WIDE}),
    (T.NETWORK, "0.0.0.0/0", DANGEROUS,
     {Kind.OWN, Kind.BOGON, Kind.WIDE, Kind.RESOLVER, Kind.REGISTRY, Kind.CDN, Kind.CLOUD, Kind.TIME}),
    (T.URL, "https://tinh.gov.vn/upload/a.exe", NOTABLE, {Kind.GOVERNMENT}),
    (T.URL, "http://tinh.gov.vn", DANGEROUS, {Kind.GOVERNMENT}),
    (T.URL, "https://drive.google.com/file/1", NEITHER, set()),
    (T.URL, "http://google.com", DANGEROUS, {Kind.TOP_SITE}),
    (T.URL, "https://www.google.com/", DANGEROUS, {Kind.TOP_SITE}),
    (T.URL, "http://8.8.8.8:80/", DANGEROUS, {Kind.RESOLVER}),
    (T.URL, "http://8.8.8.8/x", NEITHER, set()),
    (T.URL, "http://g00gle.com/login", NOTABLE, {Kind.HOMOGRAPH}),
    (T.URL, "http://bot.duckdns.org/a", NEITHER, set()),
    (T.URL, "http://10.0.0.1/x", DANGEROUS, {Kind.BOGON}),
    (T.URL, "http://203.0.113.7/x", DANGEROUS, {Kind.OWN}),
    (T.URL, "http://[2001:db8:9::1]:8080/x", DANGEROUS, {Kind.OWN}),
    (T.URL, "http://mail.unit.example/x", DANGEROUS, {Kind.OWN}),
    (T.URL, "http://bot-c2.xyz", NEITHER, set()),
    (T.MD5, "44d88612fea8a8f36de82e1278abb02f", DOUBTFUL, {Kind.HARMLESS_FILE}),
    (T.SHA256, "0" * 64, NEITHER, set()),
]  # fmt: skip


def test_values_and_their_concerns() -> None:
    found = {value: examine(kind, value) for kind, value, _, _ in VALUES}
    stated = {
        value: (reviewed.rank, {concern.kind for concern in reviewed.concerns})
        for value, reviewed in found.items()
    }
    expected = {value: (rank, why) for _, value, rank, why in VALUES}
    assert {
        value: (stated[value], expected[value]) for value in stated if stated[value] != expected[value]
    } == {}
    assert all(concern.about for reviewed in found.values() for concern in reviewed.concerns)


def test_an_examiner_names_look_alikes_unless_only_danger_counts() -> None:
    examiner, item = Examiner(Own(), KNOWN), Indicator(T.DOMAIN, "g00gle.com")
    assert [concern.kind for concern in examiner.concerns(item)] == [Kind.HOMOGRAPH]
    assert not [*examiner.concerns(item, lookalikes=False)]


def test_no_dangerous_name_passes_for_a_look_alike() -> None:
    examiner = Examiner(Own(), KNOWN)
    mistaken = [
        name
        for name in KNOWN.outlines.values()
        if any(concern.kind is Kind.HOMOGRAPH for concern in examiner.concerns(Indicator(T.DOMAIN, name)))
    ]
    assert not mistaken


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
def test_look_alike_names(name: str, like: str | None) -> None:
    from lamsach.indicators.values.names import to_ascii_domain

    listed = to_ascii_domain(name)
    assert listed is not None
    found = examine(T.DOMAIN, listed)
    (concern,) = found.concerns
    assert concern.kind is Kind.HOMOGRAPH
    assert concern.about == (like or skeleton(name))


def test_names_in_other_scripts_are_no_look_alikes() -> None:
    from lamsach.indicators.values.names import to_ascii_domain

    for name in ("пример-сайт.рф", "máy-chủ-lạ.vn"):
        assert not examine(T.DOMAIN, to_ascii_domain(name) or "").concerns
    assert unicode_name("plain.example") is None
    assert unicode_name("xn--\u0000.example") is None
    assert not mixes_scripts("пример.com")
    assert mixes_scripts("exаmple.com")


def test_dangerous_comes_first_then_doubtful_then_notable_then_new() -> None:
    collected = Collected()
    for value in ("known.top", "new.top", "bot.duckdns.org", "x.google.com", "gov.vn"):
        collected.add(Indicator(T.DOMAIN, value))
    found = review(collected, OWN, {(T.DOMAIN, "known.top"), (T.DOMAIN, "gov.vn")}, KNOWN)
    assert [(entry.indicator.value, entry.rank, entry.new) for entry in found] == [
        ("gov.vn", 0, False),
        ("x.google.com", 1, True),
        ("bot.duckdns.org", 2, True),
        ("new.top", 3, True),
        ("known.top", 4, False),
    ]


def test_rows_that_disagree(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("domain,malware,tlp\nbot-c2.xyz,Mirai,green\nother.top,Mozi,\n")
    (tmp_path / "b.csv").write_text("domain,malware,tlp\nbot-c2.xyz,Emotet,red\nother.top,mozi,\n")
    (tmp_path / "c.txt").write_text("||ads.top^\n@@||other.top^\n||more.top^\n")
    problems: list[Problem] = []
    collected = collect([str(tmp_path / name) for name in ("a.csv", "b.csv", "c.txt")], problems.append)
    assert not problems
    found = {entry.indicator.value: entry for entry in review(collected, None, None, KNOWN)}
    stated = [concern.about for concern in found["bot-c2.xyz"].concerns if concern.kind is Kind.DISAGREE]
    assert stated == ["threat: Mirai / Emotet", "tlp: green / red"]
    assert [concern.about for concern in found["other.top"].concerns] == [f"{tmp_path / 'c.txt'}:2"]
    assert not found["ads.top"].concerns
    assert (found["bot-c2.xyz"].rank, found["other.top"].rank) == (NOTABLE, DOUBTFUL)


def test_the_own_files_state_source_and_date() -> None:
    from importlib.resources import files

    folder = files("lamsach.indicators.review") / "data"
    own = {entry.name for entry in folder.iterdir() if "warning_lists" not in entry.name}
    assert own == {f"{name}.txt" for name in OWN_FILES}
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


def test_the_warning_lists_are_used_if_present() -> None:
    known = knowledge.knowledge()
    concerns = list(known.about_name("wikipedia.org"))
    assert {concern.kind for concern in concerns} == {Kind.TOP_SITE}
    assert any(
        concern.source.startswith("MISP ") for fact in ("ask.com",) for concern in known.about_name(fact)
    )


def test_the_carried_lists_are_those_in_use_in_order(tmp_path: Path) -> None:
    lists, _ = facts.warning_lists()
    assert [source.split()[1] for _, source in lists] == list(facts.WARNING_LISTS)
    for name in facts.WARNING_LISTS:
        (tmp_path / name).mkdir()
        values = [f"{name}.example", "192.0.2.0/24", "", "www.b.example", "not a value"]
        values += ["b.example"] if name == "tranco10k" else []
        (tmp_path / name / "list.json").write_text(json.dumps({"list": values, "version": 7}))
    packed = runpy.run_path(str(Path(__file__).parents[3] / "scripts" / "carried.py"))["packed"](tmp_path)
    heads, lines = (part.splitlines() for part in gzip.decompress(packed).decode().split("\n\n"))
    assert heads == [f"{name} 7" for name in facts.WARNING_LISTS]
    assert lines == sorted(lines)
    count = len(facts.WARNING_LISTS)
    everywhere = " ".join(map(str, range(count)))
    with_www = " ".join("10" if number == 10 else f"{number}w" for number in range(count))
    assert {".elpmaxe.etisbew-knab\t0", f"4c0000200/24\t{everywhere}", f".elpmaxe.b\t{with_www}"} <= set(
        lines
    )
    assert len(lines) == count + 2


@pytest.mark.parametrize(
    "value", ["evil.example", "192.0.2.7", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32", "0" * 64]
)
def test_a_key_gives_back_its_value(value: str) -> None:
    assert facts.value_of(facts.key_of(value) or "") == value


def test_a_place_is_shown_to_people() -> None:
    collected = Collected()
    collected.add(Indicator(T.DOMAIN, "gov.vn", reference=Reference("annex.pdf", 3, 9)))
    collected.add(Indicator(T.DOMAIN, "gov.vn", reference=Reference("feed.txt", None, 1)))
    (found,) = review(collected, None, None, KNOWN)
    assert found.indicator.reference == Reference("annex.pdf", 3, 9)
    assert found.indicator.other_references == (Reference("feed.txt", None, 1),)


def test_an_earlier_list_is_searched_by_digests_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"bot-{number}.top" for number in range(300)]
    (tmp_path / "a.txt").write_text("\n".join(lines) + "\n")
    for at_most in (1000, 10):
        monkeypatch.setattr("lamsach.indicators.releases.rows.MAX_SORTED_IN_PYTHON", at_most)
        earlier = values_of([str(tmp_path / "a.txt")], lambda problem: None)
        assert all((T.DOMAIN, line) in earlier for line in lines)
        assert (T.DOMAIN, "bot-300.top") not in earlier
        assert (T.URL, "bot-1.top") not in earlier
        assert "bot-1.top" not in earlier

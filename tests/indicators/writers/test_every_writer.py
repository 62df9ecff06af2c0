"""Rules for every writer: registry line, stamp, the same bytes each time, no silent loss, a way back."""

from __future__ import annotations

import importlib
import io
import json
import pkgutil
from dataclasses import replace
from datetime import timedelta
from ipaddress import collapse_addresses, ip_network
from pathlib import Path

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.indicators import writers
from lamsach.indicators.releases.release import list_digest
from lamsach.indicators.writers import BY_NAME, WRITERS, base, export, line_lists
from lamsach.indicators.writers.base import WHOLE, Writer, iso
from lamsach.indicators.writers.export import EXPIRED, NOT_YET, TLP_ABOVE, Terms
from lamsach.model import Indicator
from lamsach.model.indicator_types import ADDRESSES

from .sample import NOW, SAMPLE, UNTIL, T, exported, item, read_back, text_of

LOSES_SCHEME = {"fortigate_url", "fortigate_cli", "edl_url", "zeek"}


def test_every_writer_is_in_the_registry() -> None:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(writers.__path__, f"{writers.__name__}.")
    ]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, Writer)}
    assert found | set(line_lists.LINE_LISTS) == set(WRITERS)
    assert len(BY_NAME) == len(WRITERS)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_has_name_title_and_suffix(writer: Writer) -> None:
    assert writer.name.replace("_", "").isalnum()
    assert writer.title
    assert (writer.line, writer.pieces, writer.files).count(None) == 2
    assert writer.suffix.startswith(".")
    assert writer.holds
    assert writer.facts <= set(Indicator.__dataclass_fields__)
    for sentence in writer.holds.values():
        assert sentence == WHOLE or sentence in VIETNAMESE


def test_every_reason_has_its_vietnamese() -> None:
    reasons = [
        value
        for module in (base, export)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and value.endswith(".")
    ]
    assert len(reasons) >= 10
    assert not [reason for reason in reasons if reason not in VIETNAMESE]


@pytest.mark.parametrize("writer", WRITERS)
def test_the_output_states_digest_time_count_and_end(writer: Writer) -> None:
    export = exported(writer)
    text = text_of(export)
    assert list_digest(SAMPLE) in text
    assert f"made {iso(NOW)}" in text.replace("\\", "") or f"made {iso(NOW)}" in text
    assert f"values {len(export.items)}" in text
    ends = any(entry.valid_until for entry in export.items)
    assert f"expires {iso(UNTIL) if ends else 'never'}" in text


@pytest.mark.parametrize("writer", WRITERS)
def test_the_same_list_gives_the_same_bytes(writer: Writer) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    exported(writer).save(first)
    exported(writer).save(second)
    assert first.getvalue() == second.getvalue() != b""


@pytest.mark.parametrize("writer", WRITERS)
def test_every_value_is_written_or_counted(writer: Writer) -> None:
    export = exported(writer)
    assert len(export.items) + sum(export.lost.values()) == len(SAMPLE)
    text = text_of(export)
    for entry in export.items:
        if entry.type is T.DOMAIN and writer.name not in ("snort", "suricata_datasets"):
            assert entry.value in text


@pytest.mark.parametrize("writer", WRITERS)
def test_an_empty_list_is_written_too(writer: Writer) -> None:
    export = exported(writer, [])
    assert "values 0" in text_of(export) or writer.name in ("csv",)


@pytest.mark.parametrize("writer", [writer for writer in WRITERS if writer.reads_back])
def test_a_round_trip_preserves_what_the_format_holds(writer: Writer, tmp_path: Path) -> None:
    export = exported(writer)
    path = tmp_path / f"list{writer.suffix}"
    with path.open("wb") as stream:
        export.save(stream)
    found, problems = read_back(path)
    assert not problems
    wanted = {(entry.type, _as_held(writer, entry)): entry for entry in export.items}
    got = {(entry.type, entry.value): entry for entry in found}
    if writer.name in ("pf_table", "suricata", "snort"):
        assert _space(found) == _space(export.items)
        wanted = {key: entry for key, entry in wanted.items() if key[0] not in ADDRESSES}
        got = {key: entry for key, entry in got.items() if key[0] not in ADDRESSES}
    assert set(got) == set(wanted)
    for key, entry in wanted.items():
        for fact in writer.facts:
            stated = getattr(entry, fact)
            if stated is not None:
                assert getattr(got[key], fact) == stated, (key, fact)


def _as_held(writer: Writer, entry: Indicator) -> str:
    if entry.type is T.URL and writer.name in LOSES_SCHEME:
        return entry.value.partition("://")[2]
    return entry.value


def _space(items: object) -> list[object]:
    networks = [ip_network(entry.value) for entry in items if entry.type in ADDRESSES]  # type: ignore[attr-defined]
    return [
        *collapse_addresses(n for n in networks if n.version == 4),
        *collapse_addresses(n for n in networks if n.version == 6),
    ]  # type: ignore[type-var]


def test_expired_and_future_values_are_left_out() -> None:
    listed = [
        item(T.DOMAIN, "over.xyz", valid_until=NOW),
        item(T.DOMAIN, "soon.xyz", valid_from=NOW + timedelta(seconds=1)),
        item(T.DOMAIN, "now.xyz", valid_from=NOW, valid_until=NOW + timedelta(seconds=1)),
    ]
    export = exported(BY_NAME["text"], listed)
    assert [entry.value for entry in export.items] == ["now.xyz"]
    assert export.lost == {(T.DOMAIN, EXPIRED): 1, (T.DOMAIN, NOT_YET): 1}


@pytest.mark.parametrize(
    ("max_tlp", "stated", "count_written"),
    [
        (None, None, 6),
        ("red", None, 6),
        ("amber+strict", None, 4),
        ("amber", None, 3),
        ("green", None, 1),
        ("green", "clear", 2),
        ("clear", None, 0),
    ],
)
def test_tlp_is_enforced(max_tlp: str | None, stated: str | None, count_written: int) -> None:
    levels = ["green", None, "amber", "amber+strict", "red", "secret"]
    listed = [item(T.DOMAIN, f"d{number}.xyz", tlp=level) for number, level in enumerate(levels)]
    export = exported(BY_NAME["text"], listed, Terms(NOW, max_tlp, stated))
    assert len(export.items) == count_written
    assert export.lost == ({(T.DOMAIN, TLP_ABOVE): 6 - count_written} if count_written < 6 else {})


@pytest.mark.parametrize(
    ("levels", "count_written"),
    [(("green", "red"), 0), (("red", "green"), 0), (("green", None), 1), (("green", "secret"), 0),
     (("clear", "green"), 1)],
)  # fmt: skip
def test_the_stricter_of_two_levels_holds(levels: tuple[str | None, ...], count_written: int) -> None:
    listed = [item(T.DOMAIN, "bot.xyz", tlp=level) for level in levels]
    assert len(exported(BY_NAME["text"], listed, Terms(NOW, "green")).items) == count_written


def test_tlp_is_never_written_lower_than_it_is() -> None:
    listed = [item(T.DOMAIN, "a.xyz", tlp="amber+strict")]
    bundle = json.loads(text_of(exported(BY_NAME["stix"], listed)))
    assert [entry["definition"]["tlp"] for entry in bundle["objects"] if "definition" in entry] == ["red"]


def test_a_value_listed_twice_is_written_once() -> None:
    export = exported(BY_NAME["text"], [SAMPLE[0], replace(SAMPLE[0], threat="other")])
    assert text_of(export).count("bot-c2.xyz") == 1
    assert export.stamp.count == 1


def test_squid_reports_the_omission_of_names_below_names() -> None:
    listed = [item(T.DOMAIN, "a.b.xyz"), item(T.DOMAIN, "b.xyz"), item(T.DOMAIN, "bb.xyz")]
    export = exported(BY_NAME["squid"], listed)
    assert [entry.value for entry in export.items] == ["b.xyz", "bb.xyz"]
    assert sum(export.lost.values()) == 1

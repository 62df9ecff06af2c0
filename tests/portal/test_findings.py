"""Import of bundles: counts, hostile and repeated ones, overlapping hunts, interruptions."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import InputError
from lamsach.model import IndicatorType, MatchStatus, Questioned, Reason
from lamsach.portal.audit.models import Entry
from lamsach.portal.cases.models import Case
from lamsach.portal.findings import bundle_reader, evidence
from lamsach.portal.findings.evidence import heaviest
from lamsach.portal.findings.intake import Source, import_stored, kind_of, store_bundle
from lamsach.portal.findings.models import Bundle, BundleState, CoverageDay, Device, Part, Sighting, Way

from .bundles import (
    EVIL,
    FIREWALL,
    ONE,
    TWO,
    Contact,
    day,
    device,
    findings,
    hand_in,
    manifest,
    packed,
    repacked,
    simple,
)
from .conftest import Cast

pytestmark = pytest.mark.django_db


def total() -> int:
    return sum(Sighting.objects.values_list("count", flat=True))


def test_a_bundle_becomes_devices_sightings_and_coverage(cast: Cast, campaign: Any) -> None:
    covered = [(FIREWALL, day(-2)), (FIREWALL, day(-1)), (FIREWALL, day(0))]
    found = simple()
    bundle = hand_in(
        cast, campaign, findings(found.devices, [Contact(days={day(-2): 3, day(-1): 2})], covered)
    )
    assert (bundle.state, bundle.counts) == ("imported", {"devices": 1, "sightings": 2, "covered_days": 2})
    assert [str(device) for device in Device.objects.all()] == ["PC-01"]
    assert list(Sighting.objects.order_by("day").values_list("day", "source", "count")) == [
        (day(-2), FIREWALL, 3),
        (day(-1), FIREWALL, 2),
    ]
    assert CoverageDay.objects.count() == 2, "today is not over"
    assert Entry.objects.filter(action="bundle.imported").exists()


def test_unattributed_values_are_shown_without_machines(cast: Cast, campaign: Any) -> None:
    reasons = (
        Reason("top_site", {"about": "google.com"}),
        Reason("called_by_many", {"machines": 93, "all": 95}),
    )
    item = Questioned("www.google.com", IndicatorType.DOMAIN, reasons, 93, 4000)
    doubtful = Contact(device=TWO, days={day(-1): 2}, indicator="www.google.com", status=MatchStatus.DOUBTFUL)
    hunted = findings([], [doubtful], [(FIREWALL, day(-1))], to_look_at=(item,))
    bundle = hand_in(cast, campaign, hunted)
    assert (bundle.state, bundle.counts["devices"], Device.objects.count(), Case.objects.count()) == (
        "imported",
        0,
        0,
        0,
    )
    page = cast.client("officer").get(f"/office/findings/{bundle.pk}/").content.decode()
    assert "Listed values to review" in page
    assert "www.google.com" in page
    assert "one of the most visited sites. [google.com] 93 of about 95 machines called it" in page
    assert "only listed values that accuse nobody were seen" in page
    for code, values in (("no such code", {}), ("called_by_many", {"x": "{0.__class__}"})):
        Bundle.objects.update(
            to_look_at=[{**bundle.to_look_at[0], "reasons": [{"code": code, "values": values}]}]
        )
        assert cast.client("officer").get(f"/office/findings/{bundle.pk}/").status_code == 200


def test_the_same_bundle_twice_changes_nothing(cast: Cast, campaign: Any) -> None:
    stream = packed(simple())
    first = hand_in(cast, campaign, stream)
    assert hand_in(cast, campaign, stream).pk == first.pk
    import_stored(first.pk)
    assert (Bundle.objects.count(), Part.objects.count(), total(), Case.objects.count()) == (1, 2, 5, 1)


def changed_manifest(stream: io.BytesIO, **values: Any) -> io.BytesIO:
    text = {**manifest(stream), **values}
    return repacked(stream, manifest_json=json.dumps(text).encode())


def bomb() -> io.BytesIO:
    return repacked(packed(simple()), devices_jsonl=b" " * 90_000_000)


def renamed(name: str) -> io.BytesIO:
    return repacked(packed(simple()), devices_jsonl=None, **{name: b"x"})


def lying_size() -> io.BytesIO:
    data = bytearray(bomb().getvalue())
    for at in range(len(data) - 4):
        if data[at : at + 4] == b"PK\x01\x02" and b"devices.jsonl" in data[at : at + 64]:
            data[at + 24 : at + 28] = struct.pack("<I", 100)
    return io.BytesIO(bytes(data))


HOSTILE: dict[str, Callable[[], io.BytesIO]] = {
    "no zip": lambda: io.BytesIO(b"hello"),
    "cut short": lambda: io.BytesIO(packed(simple()).getvalue()[:-300]),
    "a bomb": bomb,
    "a bomb that lies": lying_size,
    "a path out of the folder": lambda: renamed("../devices.jsonl"),
    "a member too many": lambda: repacked(packed(simple()), extra_exe=b"MZ"),
    "a member too few": lambda: repacked(packed(simple()), evidence_jsonl=None),
    "changed afterwards": lambda: repacked(packed(simple()), devices_jsonl=b'{"key":"x"}\n'),
    "another schema": lambda: changed_manifest(packed(simple()), schema_version=99),
    "no parameters": lambda: changed_manifest(packed(simple()), parameters={}),
    "a false zone": lambda: changed_manifest(
        packed(simple()), parameters={"timezone": "../../etc/passwd", "finished": "2022-09-01T00:00:00Z"}
    ),
    "coverage of another shape": lambda: changed_manifest(packed(simple()), coverage=[{"day": "2022-99-99"}]),
    "marks that are no list": lambda: changed_manifest(packed(simple()), device_marks=f"{ONE} "),
    "a mark that is no text": lambda: changed_manifest(packed(simple()), device_marks={ONE: [{}]}),
    "a key's name that is no text": lambda: changed_manifest(packed(simple()), presence_key=["k"]),
    "values to be looked at of another shape": lambda: changed_manifest(
        packed(simple()), to_look_at=[{"indicator": 5}]
    ),
    "values to be looked at that are no list": lambda: changed_manifest(
        packed(simple()), to_look_at={"a": 1}
    ),
    "a manifest that is no object": lambda: repacked(packed(simple()), manifest_json=b"[]"),
    "nested without end": lambda: repacked(packed(simple()), manifest_json=b"[" * 100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bundles_are_refused_whole(name: str, cast: Cast, campaign: Any) -> None:
    stream = HOSTILE[name]()
    with suppress(InputError):
        hand_in(cast, campaign, stream)
    assert not Bundle.objects.exclude(state=BundleState.REFUSED).exists()
    assert not Bundle.objects.filter(problem="").exists()
    assert (Device.objects.count(), Sighting.objects.count(), CoverageDay.objects.count()) == (0, 0, 0)


def test_hostile_uploads_are_reported_on_the_page(cast: Cast, campaign: Any) -> None:
    client = cast.client("officer")
    form = {"campaign": campaign.pk, "unit": cast.first.pk, "file": SimpleUploadedFile("a.zip", b"PK no")}
    page = client.post("/office/findings/", form)
    assert page.status_code == 200
    assert "The file is no findings bundle." in page.content.decode()
    assert not Bundle.objects.exists()


def test_upload_for_another_unit_is_refused(cast: Cast, campaign: Any) -> None:
    form = {
        "campaign": campaign.pk,
        "unit": cast.second.pk,
        "file": SimpleUploadedFile("a.zip", packed(simple()).getvalue()),
    }
    assert cast.client("officer").post("/office/findings/", form).status_code == 200
    assert not Bundle.objects.exists()


MOMENTS = st.tuples(st.integers(0, 40), st.integers(0, 15), st.integers(1, 9))


@given(st.lists(MOMENTS, max_size=7))
@settings(max_examples=60, deadline=None)
def test_the_heaviest_set_of_spans(spans: list[tuple[int, int, int]]) -> None:
    base = datetime(2022, 9, 1, tzinfo=UTC)
    made = [(base + timedelta(hours=a), base + timedelta(hours=a + n), count) for a, n, count in spans]
    best = 0
    for chosen in range(1 << len(made)):
        subset = sorted({span for at, span in enumerate(made) if chosen >> at & 1})
        if all(first[1] < second[0] for first, second in pairwise(subset)):
            best = max(best, sum(span[2] for span in subset))
    assert heaviest(made) == best


def test_random_overlapping_hunts_count_once(cast: Cast, campaign: Any) -> None:
    """Hunts see whole stretches of a month of events at two observers, in any order, repeatedly."""
    for seed in range(4):
        chance = random.Random(seed)
        Part.objects.all().delete()
        Sighting.objects.all().delete()
        truth = {
            (source, day(-number)): chance.randint(1, 9)
            for source in (FIREWALL, "dns")
            for number in range(2, 14)
            if chance.random() < 0.7
        }
        days = sorted({at for _, at in truth})
        cuts = sorted(chance.sample(days, 2))
        hunts = [
            (days[0], cuts[0]),
            (cuts[0] + timedelta(days=1), cuts[1]),
            (cuts[1] + timedelta(days=1), days[-1]),
        ]
        hunts += [tuple(sorted(chance.choices(days, k=2))) for _ in range(2)]  # type: ignore[misc]
        chance.shuffle(hunts)
        for begin, end in hunts:
            for sources in [(FIREWALL,), ("dns",)] if chance.random() < 0.5 else [(FIREWALL, "dns")]:
                contacts = [
                    Contact(days=part, source=source)
                    for source in sources
                    if (
                        part := {
                            at: n for (src, at), n in truth.items() if src == source and begin <= at <= end
                        }
                    )
                ]
                if contacts:
                    hand_in(cast, campaign, findings([device(ONE)], contacts))
        found = {(row.source, row.day): row.count for row in Sighting.objects.all()}
        assert found == truth, seed


def test_a_day_shared_by_two_hunts_adds_up_by_time(cast: Cast, campaign: Any) -> None:
    for hours, count in (((1, 11), 4), ((12, 22), 6), ((1, 22), 9)):
        hand_in(cast, campaign, findings([device(ONE)], [Contact(days={day(-2): count}, hours=hours)]))
    assert total() == 10, "4 in the morning, 6 in the afternoon; 9 over the day is no more"


def test_an_interrupted_hunt_covers_no_day(cast: Cast, campaign: Any) -> None:
    hand_in(cast, campaign, simple(covered=[(FIREWALL, day(-2))], partial=True))
    assert Sighting.objects.exists()
    assert not CoverageDay.objects.exists()


def test_bundles_without_sources_are_read(cast: Cast, tmp_path: Any) -> None:
    """Bundles of versions without observers."""
    found = simple()
    stream = packed(found)
    with zipfile.ZipFile(stream) as archive:
        row = json.loads(archive.read("sightings.jsonl"))
    assert row.pop("sources")
    pieces = list(bundle_reader._pieces(row, ZoneInfo("UTC"), datetime.now(UTC)))
    assert [(piece.source, piece.count) for piece in pieces] == [("", 3), ("", 2)]
    assert kind_of(stream, "x") == "hunt"
    assert row["indicator"] == EVIL


def test_texts_invalid_for_databases_are_cleaned(cast: Cast, campaign: Any) -> None:
    odd = "PC\x00\ud800-01"
    seen = device(ONE, name=odd, user=odd, department=odd, reasons=(Reason(odd, {odd: odd}),))
    bundle = hand_in(
        cast, campaign, findings([seen], [Contact(days={day(-2): 3}, source=odd, indicator=f"a{odd}.xyz")])
    )
    assert bundle.state == "imported"
    assert Case.objects.get().count == 3


@pytest.mark.parametrize("stage", ["_sightings", "_evidence", "_coverage", "recount", "record"])
def test_an_interrupted_import_changes_nothing(
    stage: str, cast: Cast, campaign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the worker was killed there: the transaction is rolled back, and the next run finishes."""
    bundle, _ = store_bundle(packed(simple()), "a.zip", Source(cast.first, campaign, Way.UPLOAD))
    with monkeypatch.context() as broken:

        def stop(*_args: Any, **_options: Any) -> None:
            raise RuntimeError("killed")

        broken.setattr(evidence, stage, stop)
        with pytest.raises(RuntimeError):
            import_stored(bundle.pk)
    remaining = (Device.objects.count(), Sighting.objects.count(), Part.objects.count(), Case.objects.count())
    assert remaining == (0, 0, 0, 0)
    assert Bundle.objects.get().state == BundleState.RECEIVED
    import_stored(bundle.pk)
    assert (Device.objects.count(), total(), Case.objects.count()) == (1, 5, 1)

"""The signed exchange file: keys, partners, counters, and payloads of offline units."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.errors import InputError, LamsachError
from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns.models import Campaign, Dispatch, IndicatorList, Participation, Recipient
from lamsach.portal.exchange import container, kinds, transfer, unit_keys
from lamsach.portal.exchange.models import OwnKey, Partner, PartnerKey, StatedCounts, Taken, Waiting
from lamsach.portal.units import tree

from . import samples
from .bundles import day
from .conftest import Cast
from .exchange_pair import carried, made, partners


class Echo(kinds.Kind):
    """A kind with the payload set by the test."""

    name = "echo"
    title = "Echo"
    upward = downward = True
    sends: dict[str, Any] | None = None
    got: list[dict[str, Any]] = []

    def offer(self, route: kinds.Route) -> kinds.Payload | None:
        return kinds.Payload("echo", self.sends) if self.sends is not None else None

    def preview(self, arrival: kinds.Arrival, payload: kinds.Payload) -> list[str]:
        return [str(payload.data)]

    def apply(self, arrival: kinds.Arrival, payload: kinds.Payload) -> dict[str, int]:
        kinds.text(payload.data["word"], 5)
        Echo.got.append(dict(payload.data))
        return {"words": 1}


@pytest.fixture
def echo() -> Any:
    kind = Echo()
    kinds.load()
    kinds.register(kind)
    Echo.got.clear()
    yield kind
    kinds._KINDS.pop("echo")


@pytest.fixture
def pair(cast: Cast) -> tuple[Partner, Partner]:
    return partners(cast)


def changed(path: Path, member: str, data: bytes) -> Path:
    """Copy the file with a member replaced."""
    out = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, data if name == member else old.read(name))
    return out


def accepted_by(cast: Cast, partner: Partner, path: Path) -> Taken:
    return transfer.accept(partner, path, cast.people["coordinator"])


def test_a_file_is_accepted_once_and_verified(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "một"}
    path = made(down, cast.people["coordinator"], ["echo"])
    for name in zipfile.ZipFile(path).namelist():
        data = zipfile.ZipFile(path).read(name)
        with pytest.raises(InputError):
            accepted_by(cast, up, changed(path, name, data[:-3] + b"   "))
    with pytest.raises(InputError):
        accepted_by(cast, up, changed(path, "1.json", b'{"word": "hai"}'))
    assert not Taken.objects.exists()
    accepted = accepted_by(cast, up, path)
    assert (accepted.counter, accepted.kinds, accepted.result) == (1, ["echo"], {"echo": {"words": 1}})
    assert Echo.got == [{"word": "một"}]
    with pytest.raises(InputError, match="accepted before"):
        accepted_by(cast, up, path)
    assert len(Echo.got) == 1
    assert Entry.objects.filter(action="exchange.taken").count() == 1


def test_a_file_for_another_unit_or_by_a_stranger_is_refused(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "một"}
    path = made(down, cast.people["coordinator"])
    reach = [cast.second.pk]
    with pytest.raises(InputError, match="no partner"):
        transfer.find_partner(path, reach)
    unit_keys.renew(cast.second, cast.people["coordinator"])
    centre = unit_keys.current(cast.centre)
    assert centre is not None
    other_partner = unit_keys.add_partner(
        cast.second, cast.centre.code, "A", above=True, public=centre.public, by=cast.people["coordinator"]
    )
    with pytest.raises(InputError, match="another unit"):
        transfer.find_partner(path, reach)
    with pytest.raises(InputError, match="another unit"):
        accepted_by(cast, other_partner, path)
    PartnerKey.objects.filter(partner=up).update(ended=timezone.now())
    with pytest.raises(InputError, match="not compared and accepted"):
        accepted_by(cast, up, path)
    assert not Taken.objects.exists()


def test_files_may_arrive_late_and_gaps_are_shown(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    first, second, third = (made(down, cast.people["coordinator"]) for _ in range(3))
    accepted_by(cast, up, third)
    assert transfer.missing(up) == [2, 1]
    accepted_by(cast, up, first)
    assert transfer.missing(up) == [2]
    accepted_by(cast, up, second)
    assert transfer.missing(up) == []


def test_a_partner_with_odd_counters_harms_only_itself(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    Partner.objects.filter(pk=down.pk).update(sent=(1 << 60) + 100)
    Taken.objects.create(partner=down, counter=1 << 61, fingerprint="x", sha256="x", made=timezone.now())
    carried(cast, down, up)
    assert len(transfer.missing(up)) == 20
    up.refresh_from_db()
    assert up.seen == transfer.JUMP


def test_outdated_payloads_are_passed_over(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    older, newer = (made(down, cast.people["coordinator"]) for _ in range(2))
    accepted_by(cast, up, newer)
    with transfer.checked(Partner.objects.get(pk=up.pk), older) as found:
        ((_, sentences),) = transfer.preview(found)
    assert "Đã cũ" in sentences[0]
    assert accepted_by(cast, up, older).result == {}
    assert transfer.missing(up) == []


def test_a_malformed_payload_rolls_the_file_back(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "too long"}
    path = made(down, cast.people["coordinator"])
    with pytest.raises(InputError, match="required form"):
        accepted_by(cast, up, path)
    assert not Taken.objects.exists()
    echo.sends = {"other": 1}
    with pytest.raises(InputError, match="required form"):
        accepted_by(cast, up, made(down, cast.people["coordinator"]))


def test_upward_payloads_are_refused_from_above(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    Echo.downward = False
    path = made(up, cast.people["coordinator"])
    Echo.upward, Echo.downward = False, True
    try:
        with pytest.raises(InputError, match="does not know"):
            accepted_by(cast, down, path)
    finally:
        Echo.upward = Echo.downward = True


def test_acknowledgement_advances_the_counter_after_a_restore(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    for _ in range(3):
        carried(cast, down, up)
    Partner.objects.filter(pk=down.pk).update(sent=1)
    carried(cast, up, down)
    down.refresh_from_db()
    assert down.seen == 3
    assert carried(cast, down, up).counter == 4


def test_replaced_keys_are_followed_but_not_lost_ones(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    by = cast.people["coordinator"]
    unit_keys.renew(cast.centre, by)
    newest = unit_keys.renew(cast.centre, by)
    assert carried(cast, down, up).fingerprint == newest.fingerprint
    believed = PartnerKey.objects.filter(partner=up, ended=None)
    assert [(row.fingerprint, row.trusted) for row in believed] == [(newest.fingerprint, "succeeded")]
    unit_keys.renew(cast.centre, by, lost=True)
    with pytest.raises(InputError, match="compared"):
        carried(cast, down, up)


def test_an_ended_key_has_no_successor(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    unit_keys.end_key(PartnerKey.objects.get(partner=up), cast.people["coordinator"])
    unit_keys.renew(cast.centre, cast.people["coordinator"])
    with pytest.raises(InputError, match="compared"):
        carried(cast, down, up)


def test_the_private_key_is_locked(cast: Cast, pair: Any, settings: Any) -> None:
    key = OwnKey.objects.get(unit=cast.centre, retired=None)
    assert "PRIVATE" not in key.private
    assert unit_keys.opened(key).public_key() is not None
    settings.SECRET_KEY = "another"
    with pytest.raises(InputError, match="secret key"):
        unit_keys.opened(key)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip", bytes(1000)])
def test_garbage_is_refused_in_one_sentence(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(LamsachError):
        container.peek(path)


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]",
        b"{}",
        b'{"schema": "lamsach-exchange-1"}',
        b"[" * 100_000,
        (
            b'{"schema": "lamsach-exchange-1", "payloads": 3, "sender": [], "receiver": 1, "counter": -1, '
            b'"taken": 1e9, "made": "x", "lineage": []}'
        ),
    ],
)
def test_a_malformed_manifest_is_refused(manifest: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("signature.json", "{}")
    with pytest.raises(LamsachError):
        container.peek(path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 20_000_000)
    with pytest.raises(InputError, match="larger"):
        container.peek(path)


# --- payloads of offline units ------------------------------------------------------------------------------


def launched(cast: Cast) -> Campaign:
    """Send a campaign of the centre, with a list and an attachment, to its rooms."""
    dispatch = samples.dispatch(cast)
    campaign = dispatch.campaign
    path = default_storage.save("files/list.csv", ContentFile(b"type,value\ndomain,bot-c2.xyz\n"))
    IndicatorList.objects.create(campaign=campaign, name="list.csv", path=path, size=29, sha256="0" * 64)
    return campaign


def test_campaigns_go_down_and_answers_and_counts_up(cast: Cast, pair: Any) -> None:
    down, up = pair
    campaign = launched(cast)
    before = Campaign.objects.count()
    with transfer.checked(up, made(down, cast.people["coordinator"], ["campaigns"])) as found:
        ((_, sentences),) = transfer.preview(found)
    assert campaign.name in sentences[0]
    accepted = carried(cast, down, up, ["campaigns"])
    assert accepted.result["campaigns"] == {"campaigns": 1, "dispatches": 1, "lists": 1}
    assert Campaign.objects.count() == before + 1
    copy = Campaign.objects.latest("pk")
    assert (copy.name, copy.owner, copy.ends) == (campaign.name, cast.centre, campaign.ends)
    received = Recipient.objects.get(dispatch__campaign=copy)
    assert received.unit == cast.first
    assert copy.lists.get().name == "list.csv"
    # one database plays both portals: do not offer the copy again
    Participation.objects.filter(campaign=copy).delete()
    assert carried(cast, down, up, ["campaigns"]).result["campaigns"]["lists"] == 0
    assert Campaign.objects.count() == before + 1
    campaign.lists.update(withdrawn=timezone.now())
    carried(cast, down, up, ["campaigns"])
    assert not copy.lists.filter(withdrawn=None).exists()

    samples.dispatches.take(received, samples.StepKind.DEPLOYED, how=samples.How.PORTAL, day=day(-1))
    result = carried(cast, up, down, ["answers", "counts"]).result
    assert result["answers"] == {"answers": 2}
    assert result["counts"] == {"counts": 1}
    answered = Recipient.objects.get(unit=cast.first, dispatch__campaign=campaign)
    assert answered.deployed is not None
    stated = StatedCounts.objects.get()
    assert (stated.unit, stated.campaign, stated.day) == (cast.first, campaign, tree.today())
    assert stated.counts["found"] == 0
    repeated = carried(cast, up, down, ["answers"])
    assert repeated.result["answers"] == {"answers": 0}


def test_no_name_or_address_goes_up(cast: Cast, pair: Any) -> None:
    down, up = pair
    launched(cast)
    carried(cast, down, up, ["campaigns"])
    copy = Campaign.objects.latest("pk")
    from . import bundles

    device = bundles.device("mac:02:00:00:00:00:01", name="PC-01", user="thu")
    bundles.hand_in(cast, copy, bundles.findings([device], [bundles.Contact(days={day(-3): 4})]))
    path = made(up, cast.people["coordinator"])
    archive = zipfile.ZipFile(path)
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert '"found": 1' in everything
    for secret in ("PC-01", "10.1.2.3", "02:00:00", "thu", bundles.EVIL):
        assert secret not in everything, secret


def test_answers_to_unsent_dispatches_are_refused(cast: Cast, pair: Any) -> None:
    down, up = pair
    launched(cast)
    carried(cast, down, up, ["campaigns"])
    received = Recipient.objects.latest("pk")
    samples.dispatches.take(received, samples.StepKind.ACKNOWLEDGED, how=samples.How.PORTAL)
    up.counterparts.filter(kind="dispatch").update(theirs="999999")
    path = made(up, cast.people["coordinator"], ["answers"])
    with pytest.raises(InputError, match="was not sent"):
        accepted_by(cast, down, path)
    assert Dispatch.objects.count() == 2


def test_the_sender_must_be_above_or_below_as_stated(cast: Cast, pair: Any) -> None:
    down, up = pair
    launched(cast)
    path = made(down, cast.people["coordinator"], ["campaigns"])
    tree.move(cast.first, cast.root)
    with pytest.raises(InputError, match="tree"):
        accepted_by(cast, up, path)


# --- pages --------------------------------------------------------------------------------------------------


def test_the_pages_of_exchange(cast: Cast) -> None:
    client = cast.client("coordinator")
    for unit in (cast.centre, cast.first):
        client.post(f"/office/exchange/units/{unit.pk}/key/", {})
    keys = {unit.pk: OwnKey.objects.get(unit=unit) for unit in (cast.centre, cast.first)}
    assert keys[cast.centre.pk].fingerprint in client.get("/office/exchange/").content.decode()
    sealing_key = unit_keys.sealing_key(cast.centre)
    assert sealing_key is not None
    file = client.get(f"/office/exchange/units/{cast.centre.pk}/key/file/").content.decode()
    assert file == f"{keys[cast.centre.pk].public}{sealing_key.public}\n"
    form = {
        "unit": cast.centre.pk,
        "code": cast.first.code,
        "name": cast.first.name,
        "above": "no",
        "public": keys[cast.first.pk].public,
    }
    shown = client.post("/office/exchange/partners/new/", form).content.decode()
    assert keys[cast.first.pk].fingerprint in shown
    assert not Partner.objects.exists()
    client.post("/office/exchange/partners/new/", {**form, "compared": "on"})
    down = Partner.objects.get()
    up = unit_keys.add_partner(
        cast.first,
        cast.centre.code,
        cast.centre.name,
        above=True,
        public=keys[cast.centre.pk].public,
        by=cast.people["coordinator"],
    )
    launched(cast)
    answer = client.post(f"/office/exchange/partners/{down.pk}/", {"what": "make", "kind": ["campaigns"]})
    data = b"".join(answer)
    assert "attachment" in answer["Content-Disposition"]
    upload = io.BytesIO(data)
    upload.name = "file.zip"
    answer = client.post("/office/exchange/", {"file": upload})
    waiting = Waiting.objects.get()
    assert answer["Location"] == f"/office/exchange/files/{waiting.pk}/"
    assert keys[cast.centre.pk].fingerprint in client.get(answer["Location"]).content.decode()
    assert not Taken.objects.exists()
    client.post(answer["Location"], {"what": "take"})
    assert Taken.objects.get().partner == up
    assert not default_storage.exists(waiting.path)
    upload.seek(0)
    assert "accepted before" in client.post("/office/exchange/", {"file": upload}).content.decode()
    page = client.get(f"/office/exchange/partners/{down.pk}/").content.decode()
    assert "no word yet" in page
    client.post(
        f"/office/exchange/partners/{up.pk}/",
        {"what": "end_key", "key": PartnerKey.objects.get(partner=up).pk},
    )
    assert PartnerKey.objects.get(partner=up).ended is not None
    client.post(f"/office/exchange/partners/{down.pk}/", {"what": "end"})
    assert Partner.objects.get(pk=down.pk).ended is not None
    assert json.loads(zipfile.ZipFile(io.BytesIO(data)).read("manifest.json"))["counter"] == 1


def test_an_officer_sees_no_exchange(cast: Cast, pair: Any) -> None:
    down, _ = pair
    assert cast.client("officer").get("/office/exchange/").status_code == 404
    assert cast.client("stranger").get(f"/office/exchange/partners/{down.pk}/").status_code == 404

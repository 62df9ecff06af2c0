"""Payloads of offline units: campaigns go down, answers and counts up, no names; the pages of exchange."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import Campaign, Dispatch, How, Participation, Recipient, StepKind
from lamsach.portal.exchange import transfer, unit_keys
from lamsach.portal.exchange.models import OwnKey, Partner, PartnerKey, StatedCounts, Taken, Waiting
from lamsach.portal.units import tree

from . import bundles, samples
from .bundles import day
from .conftest import Cast
from .exchange_pair import accepted, carried, made


def launched(cast: Cast) -> Campaign:
    """Send a campaign of the centre, with a list and an attachment, to its rooms."""
    campaign = samples.dispatch(cast).campaign
    samples.indicator_list(campaign, b"type,value\ndomain,bot-c2.xyz\n", "list.csv")
    return campaign


def test_campaigns_go_down_and_answers_and_counts_up(cast: Cast, pair: Any) -> None:
    down, up = pair
    campaign = launched(cast)
    before = Campaign.objects.count()
    with transfer.checked(up, made(down, cast.people["coordinator"], ["campaigns"])) as found:
        ((_, sentences),) = transfer.preview(found)
    assert campaign.name in sentences[0]
    taken = carried(cast, down, up, ["campaigns"])
    assert taken.result["campaigns"] == {"campaigns": 1, "dispatches": 1, "lists": 1}
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

    dispatches.take(received, StepKind.DEPLOYED, how=How.PORTAL, day=day(-1))
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
    device = bundles.device("mac:02:00:00:00:00:01", name="PC-01", user="thu.ngan")
    bundles.hand_in(cast, copy, bundles.findings([device], [bundles.Contact(days={day(-3): 4})]))
    path = made(up, cast.people["coordinator"])
    archive = zipfile.ZipFile(path)
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert '"found": 1' in everything
    for secret in ("PC-01", "10.1.2.3", "02:00:00", "thu.ngan", bundles.EVIL):
        assert secret not in everything, secret


def test_answers_to_unsent_dispatches_are_refused(cast: Cast, pair: Any) -> None:
    down, up = pair
    launched(cast)
    carried(cast, down, up, ["campaigns"])
    received = Recipient.objects.latest("pk")
    dispatches.take(received, StepKind.ACKNOWLEDGED, how=How.PORTAL)
    up.counterparts.filter(kind="dispatch").update(theirs="999999")
    path = made(up, cast.people["coordinator"], ["answers"])
    with pytest.raises(InputError, match="was not sent"):
        accepted(cast, down, path)
    assert Dispatch.objects.count() == 2


def test_the_sender_must_be_above_or_below_as_stated(cast: Cast, pair: Any) -> None:
    down, up = pair
    launched(cast)
    path = made(down, cast.people["coordinator"], ["campaigns"])
    tree.move(cast.first, cast.root)
    with pytest.raises(InputError, match="tree"):
        accepted(cast, up, path)


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

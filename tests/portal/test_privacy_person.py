"""One person's data: found, exported and erased by the unit itself, unless held."""

from __future__ import annotations

import json

import pytest

from lamsach.portal.audit.models import Entry
from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.tally import case_counts
from lamsach.portal.findings.models import Bundle, Device, EvidenceLine
from lamsach.portal.privacy import erasure, holds, person
from lamsach.portal.privacy.models import Erasure
from lamsach.portal.privacy.retention import ERASED
from lamsach.portal.support.models import Question

from .bundles import EVIL
from .conftest import Cast
from .privacy_samples import closed, names_left, told


def test_a_persons_data_is_listed_and_exported(cast: Cast, campaign: Campaign) -> None:
    closed(cast, campaign, 5)
    told(cast)
    client = cast.client("officer")
    page = client.post("/office/privacy/person/", {"q": "trần văn thử"}).content.decode()
    assert "thu@person.example" in page
    data = json.loads(client.post("/office/privacy/person/export/", {"q": "Trần Văn Thử"}).content)
    assert set(data) == {"cases", "steps", "notes", "people", "questions", "letters"}
    assert [one["email"] for one in data["people"]] == ["thu@person.example"]
    by_login = json.loads(client.post("/office/privacy/person/export/", {"q": "THU.TRAN"}).content)
    assert set(by_login) == {"devices"}
    assert set(json.loads(client.post("/office/privacy/person/export/", {"q": "10.1.2.3"}).content)) >= {
        "lines",
        "devices",
    }
    assert json.loads(client.post("/office/privacy/person/export/", {"q": "Trần Văn"}).content).keys() == {
        "steps",
        "notes",
        "questions",
        "letters",
    }
    actions = list(Entry.objects.filter(action__startswith="privacy.person").values_list("action", "details"))
    assert ("privacy.person_viewed", {"found": 6}) in actions
    assert sum(action == "privacy.person_exported" for action, _ in actions) == 4
    assert "Trần" not in str(actions)


def test_others_find_nothing(cast: Cast, campaign: Campaign) -> None:
    closed(cast, campaign, 5)
    told(cast)
    for name in ("coordinator", "stranger", "authority"):
        page = cast.client(name).post("/office/privacy/person/", {"q": "thu@person.example"}).content.decode()
        assert "Nothing is known" in page, name
    assert cast.client("reader").get("/office/privacy/person/").status_code == 404


def test_a_persons_data_is_erased(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign, 5)
    told(cast)
    client = cast.client("officer")
    counts = case_counts(campaign, cast.first.pk)
    for term in ("Trần Văn Thử", "thu@person.example", "thu.tran"):
        client.post("/office/privacy/person/", {"what": "erase", "q": term, "reason": "Theo yêu cầu"})
    left = names_left() + json.dumps(list(Question.objects.values_list("name", "email", "text", "subject")))
    for secret in ("Trần", "thu@", "thu.tran"):
        assert secret not in left, secret
    assert "PC-01" in left  # the machine is no secret of the person: it has to be found still
    assert not Person.objects.exists()
    assert Notice.objects.get().sent is not None
    assert case_counts(campaign, cast.first.pk) == counts
    assert case.number in client.get("/office/cases/?show=all").content.decode()
    assert Erasure.objects.count() == 3
    assert Entry.objects.filter(action="privacy.erased").count() == 3
    assert person.search([cast.first.pk], "Trần Văn Thử") == []


def test_a_machines_address_can_be_erased(cast: Cast, campaign: Campaign) -> None:
    closed(cast, campaign, 5)
    counts = erasure.erase([cast.first.pk], cast.first, "10.1.2.3", "Theo yêu cầu", cast.people["officer"])
    assert counts["devices"] == 1
    assert counts["lines"] == 1
    line = EvidenceLine.objects.get()
    assert "10.1.2.3" not in line.text
    assert EVIL in line.text
    assert Device.objects.get().ip == ""
    assert Bundle.objects.get().path == ERASED


def test_a_hold_prevents_the_erasure_of_a_person(cast: Cast, campaign: Campaign) -> None:
    closed(cast, campaign, 5)
    told(cast)
    holds.put(cast.first, "Thanh tra", cast.people["coordinator"])
    counts = erasure.erase([cast.first.pk], cast.first, "Trần Văn Thử", "x", cast.people["officer"])
    assert dict(counts) == {"held": 6}
    assert "Trần Văn Thử" in names_left()


@pytest.mark.parametrize("term", ["", "ab", "  a ", "x" * 201])
def test_a_term_must_identify_a_person(term: str, cast: Cast) -> None:
    page = cast.client("officer").post("/office/privacy/person/", {"q": term})
    assert page.status_code == 200
    assert not Entry.objects.filter(action="privacy.person_viewed").exists()


def test_a_part_of_a_word_is_not_the_person(cast: Cast, campaign: Campaign) -> None:
    closed(cast, campaign, 5)
    assert person.search([cast.first.pk], "0.1.2.3") == []
    assert person.search([cast.first.pk], "Văn Th") == []

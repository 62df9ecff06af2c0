"""Personal data of the first room: a case with all that depends on it, and a person known elsewhere too."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import CharField, JSONField, TextField
from django.utils import timezone

from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, CaseState, Note, Step
from lamsach.portal.cases.upkeep import move, recompute
from lamsach.portal.findings.models import Bundle, Device
from lamsach.portal.mail.models import Letter
from lamsach.portal.support.models import Question

from . import samples
from .bundles import ONE, Contact, day, device, findings, hand_in
from .conftest import Cast


def closed(cast: Cast, campaign: Campaign, days: int = 100) -> Case:
    """Create a case that became a false alarm `days` ago, with all dependent data."""
    one = device(ONE, name="PC-01", user="thu.tran", department="Kế toán")
    hand_in(cast, campaign, findings([one], [Contact(days={day(-days - 1): 4})]))
    case = Case.objects.get(device__mac=ONE[4:])
    move(case, CaseState.FALSE_ALARM, cast.people["officer"], "Máy thử của Trần Văn Thử")
    then = timezone.now() - timedelta(days=days)
    Step.objects.filter(case=case).update(at=then, day=day(-days))
    recompute([case])
    Case.objects.filter(pk=case.pk).update(person_name="Trần Văn Thử", person_email="thu@person.example")
    path = default_storage.save("files/aa/note", ContentFile(b"scan of the paper"))
    Note.objects.create(
        case=case, who="Trần Văn Thử", text="Máy của Trần Văn Thử", file_path=path, file_name="a"
    )
    Letter.objects.create(
        key=f"machine:{case.pk}:0",
        kind="machine",
        to="thu@person.example",
        unit=cast.first,
        context={"name": "Trần Văn Thử", "machine": "PC-01"},
        created=timezone.now(),
        next_attempt=timezone.now() + timedelta(days=9),
    )
    aged(days)
    case.refresh_from_db()
    return case


def aged(days: int) -> None:
    """Back-date all imports."""
    then = timezone.now() - timedelta(days=days)
    Bundle.objects.update(received=then)
    Device.objects.update(created=then)


def names_left() -> str:
    """Collect all texts in our tables, except accounts and the audit trail."""
    texts: list[Any] = []
    for model in apps.get_models():
        columns = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, (CharField, TextField, JSONField)) and not field.choices
        ]
        if columns and model._meta.app_label not in ("accounts", "account", "sessions", "contenttypes"):
            texts += map(list, model._default_manager.values_list(*columns))
    return json.dumps(texts, ensure_ascii=False, default=str)


def told(cast: Cast) -> None:
    """Add the person to the list of people, with a question and a letter."""
    member = Person.objects.create(unit=cast.first, name="Trần Văn Thử", email="thu@person.example")
    Notice.objects.create(
        campaign=Campaign.objects.earliest("pk"),
        unit=cast.first,
        person=member,
        nonce="n",
        sent=timezone.now(),
    )
    question = samples.question(cast)
    Question.objects.filter(pk=question.pk).update(
        name="Trần Văn Thử", email="thu@person.example", text="Tôi là Trần Văn Thử."
    )

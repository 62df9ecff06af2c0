"""Portal side of a chaos run, in its own process: a unit, its token, a campaign.

A list at the end; counts of arrivals.

python -m tests.chaos.office begin|list|count
python -m tests.chaos.office crowd UNITS FOLDER | tally
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any


def main(word: str, *more: str) -> dict[str, object]:
    """Run one of the commands and print its result."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
    import django

    django.setup()
    words: dict[str, Any] = {
        "begin": begin,
        "list": run_list,
        "count": count,
        "crowd": crowd,
        "tally": tally,
    }
    answer: dict[str, object] = words[word](*more)
    return answer


def begin() -> dict[str, object]:
    """Create a unit with a campaign; print its token."""
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", interactive=False, verbosity=0)
    from lamsach.portal.accounts.models import User
    from lamsach.portal.api.access import issue
    from lamsach.portal.campaigns.models import Campaign, CampaignState
    from lamsach.portal.campaigns.views import default_form
    from lamsach.portal.units import tree

    unit = tree.create("G06", "Unit", None)
    person = User.objects.create_user("a@person.example", "mat khau rat dai", name="A", language="en")
    today = timezone.localdate()
    Campaign.objects.create(
        name="Campaign",
        owner=unit,
        state=CampaignState.RUNNING,
        starts=today,
        ends=today + timedelta(days=30),
        report_due=today + timedelta(days=30),
        form=default_form(),
    )
    return {"token": issue(unit, "chaos", person)}


def run_list() -> dict[str, object]:
    """Give the campaign a list, which must run through the archive automatically; print the findings."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.utils import timezone

    from lamsach.portal.campaigns.models import Campaign, IndicatorList
    from lamsach.portal.sources.models import ArchiveRun
    from tests.chaos.world import PATIENCE_S, PLANTED

    path = default_storage.save("lists/chaos.txt", ContentFile(f"{PLANTED}\n".encode()))
    made = IndicatorList.objects.create(
        campaign=Campaign.objects.get(),
        name="chaos.txt",
        path=path,
        size=20,
        sha256="0",
        count=1,
        read=timezone.now(),
    )
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        run = ArchiveRun.objects.filter(list=made, finished__isnull=False).first()
        if run is not None:
            return {
                "runs": ArchiveRun.objects.filter(list=made).count(),
                "problem": run.problem,
                **run.windows,
            }
        time.sleep(0.5)
    return {"problem": "the list did not run"}


def count() -> dict[str, object]:
    """Count the portal's rows."""
    from django.db.models import Count, Sum

    from lamsach.portal.jobs.models import Job, JobState
    from lamsach.portal.sources.models import Collector, LiveSighting

    rows = LiveSighting.objects.all()
    return {
        "live": rows.aggregate(total=Sum("count"))["total"] or 0,
        "live_twice": rows.values("collector", "key").annotate(n=Count("pk")).filter(n__gt=1).count(),
        "collectors": Collector.objects.count(),
        "failed_jobs": list(Job.objects.filter(state=JobState.FAILED).values_list("name", "problem")),
    }


def crowd(count: str, folder: str) -> dict[str, object]:
    """Create a dispatch to so many units.

    And the needs of each unit's people: the link in their letter, a session, a token, a bundle of findings
    with one machine.
    """
    from django.conf import settings
    from django.test import Client

    from lamsach.portal.schema import bring_up_to_date

    settings.ALLOWED_HOSTS.append("testserver")
    bring_up_to_date()
    from lamsach.portal.accounts.models import User
    from lamsach.portal.api.access import issue
    from lamsach.portal.base import links
    from lamsach.portal.base.roles import Role
    from lamsach.portal.campaigns import dispatches
    from lamsach.portal.campaigns.models import AnswerLink, Campaign, Dispatch
    from lamsach.portal.campaigns.views import default_form
    from lamsach.portal.units import tree
    from lamsach.portal.units.models import Membership
    from tests.portal.bundles import Contact, day, device, findings, packed

    today = tree.today()
    top = tree.create("B01", "Top", None)
    made = [
        tree.create(f"B01.{number:04d}", f"Unit {number}", top, email=f"u{number}@unit.example")
        for number in range(int(count))
    ]
    boss = User.objects.create_user("a@person.example", None)
    Membership.objects.create(user=boss, unit=top, role=Role.AUTHORITY)
    campaign = Campaign.objects.create(
        name="C",
        owner=top,
        starts=today,
        ends=today,
        report_due=today + timedelta(days=30),
        form=default_form(),
        state="running",
    )
    dispatch = Dispatch.objects.create(
        campaign=campaign,
        issuer=top,
        day=today,
        subject="S",
        body="B",
        deadline=today + timedelta(days=20),
        created_by=boss,
        once=links.nonce(),
    )
    dispatches.send(dispatch, boss, whole=True)
    nonces = dict(AnswerLink.objects.values_list("recipient__unit_id", "nonce"))
    units = []
    for number, unit in enumerate(made):
        user = User.objects.create_user(f"o{number}@person.example", None)
        Membership.objects.create(user=user, unit=unit, role=Role.OFFICER)
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        key = f"mac:02:00:00:00:{number // 256:02x}:{number % 256:02x}"
        contact = Contact(key, {day(-1): 3})
        bundle = Path(folder) / f"{number}.zip"
        bundle.write_bytes(packed(findings([device(key)], [contact], [("FW-A", day(-1))])).getvalue())
        units.append(
            {
                "pk": unit.pk,
                "link": f"/r/{links.sign(dispatches.PURPOSE, nonces[unit.pk])}/",
                "session": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "token": issue(unit, "chaos", user),
                "bundle": str(bundle),
            }
        )
    return {
        "campaign": campaign.pk,
        "day": today.isoformat(),
        "units": units,
        "session": settings.SESSION_COOKIE_NAME,
        "csrf": settings.CSRF_COOKIE_NAME,
    }


def tally() -> dict[str, object]:
    """Tally the results of a crowd."""
    from collections import Counter

    from lamsach.portal.campaigns.models import Recipient
    from lamsach.portal.cases.models import Case
    from lamsach.portal.findings.models import Bundle
    from lamsach.portal.jobs.models import Job, JobState
    from lamsach.portal.mail.models import Letter
    from lamsach.portal.reports.models import Report, Step

    return {
        "letters": Counter(Letter.objects.values_list("state", flat=True)),
        "acknowledged": Recipient.objects.exclude(acknowledged=None).count(),
        "deploy_links": Letter.objects.filter(kind="deploy_link").count(),
        "bundles": Counter(Bundle.objects.values_list("state", flat=True)),
        "cases": [Case.objects.count(), Case.objects.values("device").distinct().count()],
        "reports": Counter(Report.objects.values_list("state", flat=True)),
        "reporting": Report.objects.values("unit").distinct().count(),
        "steps": Counter(Step.objects.values_list("action", flat=True)),
        "failed_jobs": list(Job.objects.filter(state=JobState.FAILED).values_list("name", "problem")),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))

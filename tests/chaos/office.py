"""The portal's side of a chaos run, in a process of its own: a unit, its token, a campaign; a list at the end; what arrived.

python -m tests.chaos.office begin|list|count
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta


def main(word: str) -> dict[str, object]:
    """Do one of the three and say what came of it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
    import django

    django.setup()
    return {"begin": begin, "list": run_list, "count": count}[word]()


def begin() -> dict[str, object]:
    """A unit with a campaign; its token."""
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
    """Give the campaign a list, which has to run through the archive by itself; what was found."""
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
    """What the portal holds."""
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


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))

"""The letters that tell units of moved deadlines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lamsach.portal.campaigns.deadlines import Deadline
from lamsach.portal.campaigns.models import Campaign, DeadlineKind, DeadlineMove, Participation, Recipient
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.units.models import Unit


@dataclass(frozen=True, slots=True)
class Touched:
    """A unit some of whose deadlines change: the old and the new ones."""

    unit: Unit
    changes: tuple[tuple[Deadline, Deadline], ...]


def tell_moved(campaign: Campaign, touched: Iterable[Touched], move: DeadlineMove, key: str) -> None:
    """One letter a unit with its new days, but for what it has done already. An answer lands at its newest dispatch."""
    done = {
        row.unit_id: {
            DeadlineKind.ACKNOWLEDGE: row.informed_on is not None,
            DeadlineKind.DEPLOY: row.deployed_on is not None,
        }
        for row in Participation.objects.filter(campaign=campaign)
    }
    newest = dict(
        Recipient.objects.filter(dispatch__campaign=campaign).order_by("pk").values_list("unit", "pk")
    )
    drafts = []
    for one in touched:
        open_ones = [
            (old, new) for old, new in one.changes if not done.get(one.unit.pk, {}).get(new.kind, False)
        ]
        if open_ones:
            context = {
                "unit": one.unit.name,
                "campaign": campaign.name,
                "reason": move.reason if move.undone is None else "",
                "changes": [
                    {
                        "kind": new.kind,
                        "old": f"{old.day:%d/%m/%Y}",
                        "new": f"{new.day:%d/%m/%Y}",
                        "late": new.late,
                    }
                    for old, new in open_ones
                ],
            }
            about = f"recipient:{newest[one.unit.pk]}" if one.unit.pk in newest else ""
            drafts.append(
                Draft(
                    "deadline_moved",
                    one.unit.email,
                    f"{key}:{one.unit.pk}",
                    context,
                    unit_id=one.unit.pk,
                    about=about,
                )
            )
    queue(drafts)

"""Which object of ours is which of a partner's."""

from __future__ import annotations

from lamsach.portal.exchange.models import Counterpart, Partner


def ours(partner: Partner, kind: str, theirs: str | int) -> int | None:
    """Our row for an object of the partner's portal, or None."""
    found = Counterpart.objects.filter(partner=partner, kind=kind, theirs=str(theirs))
    return found.values_list("ours", flat=True).first()


def all_theirs(partner: Partner, kind: str) -> dict[int, str]:
    """Return what the partner calls each of our rows of a kind that it knows."""
    rows = Counterpart.objects.filter(partner=partner, kind=kind).order_by("-pk")
    return dict(rows.values_list("ours", "theirs"))


def remember(partner: Partner, kind: str, theirs: str | int, ours: int) -> None:
    """Keep that they are the same."""
    Counterpart.objects.update_or_create(
        partner=partner, kind=kind, theirs=str(theirs), defaults={"ours": ours}
    )

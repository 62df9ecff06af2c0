"""What of document exchange waits: dispatches and statuses to decide about."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.waiting import Counted, Row, Tally, waits_counted
from lamsach.portal.edxml.access import messages
from lamsach.portal.edxml.models import State


def _undecided(user: Any) -> Counted:
    return Counted(messages(user).filter(state=State.WAITING, outgoing=False), "at")


@waits_counted(gettext_lazy("Exchanged documents"), COORDINATORS, 78, _undecided)
def to_file(found: Tally) -> Row:
    """Return what came and waits to be filed under a campaign."""
    words = _("Documents that wait for a decision: {count}").format(count=found.count)
    return Row(words, reverse("edxml:overview"), _("Decide"), found.day, since=True, count=found.count)

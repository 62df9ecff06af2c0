"""Mail hooks of notices: a reply becomes a question to the unit's desk; sending sets `Notice.sent`."""

from __future__ import annotations

from django.utils import timezone

from lamsach.portal.awareness.models import Notice
from lamsach.portal.mail.delivery import WHEN_SENT
from lamsach.portal.mail.inbox import reply_handler
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parser import Parsed
from lamsach.portal.support.mail_hooks import ask


def _notice(letter: Letter | None) -> Notice | None:
    number = int(letter.about.partition(":")[2] or 0) if letter else 0
    return Notice.objects.filter(pk=number).select_related("unit").first()


@reply_handler("notice")
def answer_of_a_person(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Turn a reply into a question to the person's unit; it does not count as a confirmation."""
    notice = _notice(letter)
    return ask(incoming, parsed, notice.unit) if notice is not None else ""


def _sent(letter: Letter) -> None:
    Notice.objects.filter(pk=int(letter.about.partition(":")[2] or 0), sent=None).update(sent=timezone.now())


WHEN_SENT["notice"] = _sent

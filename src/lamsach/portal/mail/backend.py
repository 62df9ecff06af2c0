"""Django's and allauth's own e-mails (forgotten password, warnings) go through the same queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import get_language

from lamsach.portal.base.tokens import nonce
from lamsach.portal.mail.letters import Draft, queue


class QueueBackend(BaseEmailBackend):
    """Queues what it is given, one letter for each recipient."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Queue the messages; how many there were."""
        queue(
            Draft(
                "plain",
                to=address,
                key=f"plain:{nonce()}",
                context={"subject": " ".join(str(mail.subject).split()), "text": str(mail.body)},
                language=(get_language() or "vi")[:2],
            )
            for mail in email_messages
            for address in mail.recipients()
        )
        return len(email_messages)

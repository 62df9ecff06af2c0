"""Letters that go out by e-mail, and how far each is."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.units.models import Unit


class LetterState(models.TextChoices):
    """Where a letter stands.

    `HANDING`: the server is just being given it. A worker that dies in this moment leaves nobody knowing whether the server has it; the letter becomes
    `UNCERTAIN` and a person decides, so that nothing goes out twice and nothing is lost in silence.
    """

    QUEUED = "queued", _("Waiting")
    CLAIMED = "claimed", _("Being prepared")
    HANDING = "handing", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Refused")
    UNCERTAIN = "uncertain", _("Perhaps sent")
    CANCELLED = "cancelled", _("Not sent")


class Letter(models.Model):
    """One e-mail to one address. `key` makes a second queueing of the same letter do nothing. Text is made from `kind` and `context` when it is sent."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    to = models.EmailField(_("Recipient"))
    language = models.CharField(max_length=2, default="vi")
    context = models.JSONField(default=dict)
    attachments = models.JSONField(default=list)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    subject = models.CharField(_("Subject"), max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=LetterState.choices, default=LetterState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created = models.DateTimeField()
    next_attempt = models.DateTimeField(db_index=True)
    lease_until = models.DateTimeField(null=True)
    sent = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = (models.Index(fields=("state", "next_attempt")), models.Index(fields=("unit", "-id")))

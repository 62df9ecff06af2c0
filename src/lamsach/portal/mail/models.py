"""Outgoing letters, incoming e-mails and bouncing addresses."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import state_property
from lamsach.portal.base.plain_json import PlainEncoder
from lamsach.portal.jobs.claims import Held
from lamsach.portal.units.models import Unit


class LetterState(models.TextChoices):
    """State of a letter.

    A worker that dies in `HANDING` (during DATA) leaves it unknown whether the server accepted the letter: it
    becomes `UNCERTAIN` and a person decides, so letters are neither duplicated nor lost silently.
    """

    QUEUED = "queued", _("Waiting")
    CLAIMED = "claimed", _("Being prepared")
    HANDING = "handing", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Refused")
    UNCERTAIN = "uncertain", _("Perhaps sent")
    CANCELLED = "cancelled", _("Not sent")
    BOUNCED = "bounced", _("Came back")


class Common(models.Model):
    """Context shared by many letters, such as a dispatch's to 20,000 units."""

    context = models.JSONField(encoder=PlainEncoder)


class Letter(Held):
    """E-mail to one address; `about`: subject of replies (`recipient:12`); `key`: prevents duplicates."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=60, blank=True)
    to = models.EmailField(_("Recipient"))
    language = models.CharField(max_length=2, default="vi")
    context = models.JSONField(default=dict, encoder=PlainEncoder)
    common = models.ForeignKey(Common, models.PROTECT, null=True, related_name="+")
    attachments = models.JSONField(default=list)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    subject = models.CharField(_("Subject"), max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=LetterState.choices, default=LetterState.QUEUED)
    created = models.DateTimeField()
    next_attempt = models.DateTimeField(db_index=True)
    lease_until = models.DateTimeField(null=True)
    sent = models.DateTimeField(null=True, db_index=True)
    problem = models.CharField(max_length=500, blank=True)

    shown_state = state_property({"sent": "good", "failed": "bad", "uncertain": "bad", "bounced": "bad"})

    class Meta:
        indexes = (models.Index(fields=("state", "next_attempt")), models.Index(fields=("unit", "-id")))


class IncomingKind(models.TextChoices):
    """Kind of an incoming e-mail."""

    REPLY = "reply", _("Answer to a letter")
    QUESTION = "question", _("Question")
    BOUNCE = "bounce", _("Delivery report")
    AUTOMATIC = "automatic", _("Automatic message")
    REFUSED = "refused", _("Not readable")


class Incoming(models.Model):
    """Incoming e-mail; `path`: its complete file; `target`: object to which it was added (`question:5`)."""

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=IncomingKind.choices)
    received = models.DateTimeField()
    sender = models.CharField(_("Sender"), max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(_("Subject"), max_length=200, blank=True)
    text = models.TextField(blank=True)
    letter = models.ForeignKey(Letter, models.PROTECT, null=True, related_name="answers")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    target = models.CharField(max_length=60, blank=True)
    path = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)

    shown_state = state_property({"bounce": "bad", "refused": "bad", "automatic": "none"}, "info", "kind")

    class Meta:
        indexes = (models.Index(fields=("unit", "-id")), models.Index(fields=("sender", "received")))


class BadAddress(models.Model):
    """Address whose letters bounced."""

    address = models.EmailField(unique=True)
    since = models.DateTimeField()
    last = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    permanent = models.BooleanField(default=False)
    status = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=400, blank=True)

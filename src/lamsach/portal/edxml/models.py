"""Connections to document-management systems, and the messages received and sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.channels.edxml.labels import KINDS, STATUSES
from lamsach.portal.base import lists
from lamsach.portal.base.models import Troubled
from lamsach.portal.campaigns.models import Campaign, Dispatch
from lamsach.portal.jobs.claims import Held
from lamsach.portal.units.models import Unit


class Connection(Troubled, models.Model):
    """A document-management system: folders, or with `url` a REST service; key and headers are locked."""

    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="edxml_connections", verbose_name=_("Our unit")
    )
    name = models.SlugField(
        _("Name of the folder"),
        max_length=40,
        unique=True,
        help_text=_("Small letters, digits and hyphens, such as truc-lien-thong."),
    )
    older_codes = models.BooleanField(
        _("Write unit identifiers in the older form (000.00.12.G06)"), default=False
    )
    must_be_signed = models.BooleanField(
        _("Take only files with a valid signature"),
        default=False,
        help_text=_("A file whose signature is not valid is refused in any case."),
    )
    certificates = models.TextField(
        _("Trusted certificates"),
        blank=True,
        help_text=_(
            "PEM, one after the other: of those who sign, or of those who issued their certificates."
        ),
    )
    locked_key = models.TextField(blank=True)
    signer = models.CharField(max_length=300, blank=True)
    url = models.URLField(max_length=500, blank=True)
    locked_headers = models.TextField(blank=True)
    paths = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended = models.DateTimeField(null=True)
    last = models.DateTimeField(null=True)
    problem = models.CharField(max_length=400, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Way(models.TextChoices):
    """Transport of a message."""

    UPLOAD = "upload", _("as an uploaded file")
    MAIL = "mail", _("by e-mail")
    FOLDER = "folder", _("by the folder")
    REST = "rest", _("by the service")


class State(models.TextChoices):
    """State of a message: incoming waiting, taken, aside, refused; outgoing queued, sent, failed."""

    WAITING = "waiting", _("Waits for a decision")
    TAKEN = "taken", _("Accepted")
    ASIDE = "aside", _("Set aside")
    REFUSED = "refused", _("Refused")
    QUEUED = "queued", _("On its way out")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Could not be sent")


SIGNED = {
    "valid": ("good", _("valid")),
    "invalid": ("bad", _("not valid")),
    "unchecked": ("busy", _("not checked")),
    "none": ("none", _("not signed")),
}


def signed(verdict: str) -> lists.State:
    """Return the verdict on a signature as a state."""
    return lists.State(*SIGNED.get(verdict, SIGNED["none"]))


class Message(Troubled, Held):
    """An edXML file, unique by `key`; `document_key`, `answered_key`: canonical document ids.

    `recipients` and `answers` have the shape of `lamsach dispatch read`; `files`: rows of name, path, size,
    type, sha256, signature.
    """

    connection = models.ForeignKey(Connection, models.PROTECT, null=True, related_name="messages")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="edxml_messages")
    outgoing = models.BooleanField(default=False)
    way = models.CharField(max_length=10, choices=Way.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, blank=True)
    document_id = models.CharField(max_length=300, blank=True)
    document_key = models.CharField(max_length=300, blank=True, db_index=True)
    number = models.CharField(max_length=60, blank=True)
    day = models.DateField(null=True)
    due = models.DateField(null=True)
    subject = models.CharField(max_length=1000, blank=True)
    body = models.TextField(blank=True)
    type = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=10, blank=True)
    reason = models.TextField(blank=True)
    time = models.DateTimeField(null=True)
    sender_code = models.CharField(max_length=60, blank=True)
    sender_name = models.CharField(max_length=300, blank=True)
    recipients = models.JSONField(default=list)
    answers = models.JSONField(default=list)
    answered_key = models.CharField(max_length=300, blank=True, db_index=True)
    signature = models.CharField(max_length=10, default="none")
    signature_reason = models.CharField(max_length=200, blank=True)
    signed_by = models.CharField(max_length=300, blank=True)
    files = models.JSONField(default=list)
    missing = models.JSONField(default=list)
    path = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="edxml_messages")
    dispatch = models.ForeignKey(Dispatch, models.PROTECT, null=True, related_name="edxml_messages")
    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    next_attempt = models.DateTimeField(null=True)
    problem = models.CharField(max_length=400, blank=True)

    shown_state = lists.state_property(
        {"taken": "good", "sent": "good", "waiting": "busy", "queued": "busy", "aside": "none"}, "bad"
    )

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("outgoing", "state", "next_attempt"), name="edxml_to_deliver"),)

    @property
    def shown_signature(self) -> lists.State:
        """The verdict on the signature as a state."""
        return signed(self.signature)

    @property
    def kind_words(self) -> str:
        """The kind, or a status message's status, in English for the page to translate."""
        from lamsach.channels.edxml.tables import tables

        if self.kind == "status":
            return STATUSES.get(tables().statuses.get(self.status, ""), KINDS[self.kind])
        return KINDS.get(self.kind, KINDS[""])

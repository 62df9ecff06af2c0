"""A unit's report in a campaign: figures, path to the parent, editions.

A report can be changed only as a draft or returned. Its submitted content is in `content`, with its SHA-256;
exactly that is approved by the head and accepted by the parent. The database refuses changes of a frozen row;
a correction is the next edition.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import state_property
from lamsach.portal.base.models import AppendOnly, unique
from lamsach.portal.campaigns.models import Campaign, FormDefinition
from lamsach.portal.units.models import Unit


class ReportState(models.TextChoices):
    """Stage of a report."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waits for the head's approval")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved, not sent")
    SENT = "sent", _("Sent, not accepted yet")
    FROZEN = "frozen", _("Accepted and frozen")


DONE = (ReportState.SENT, ReportState.FROZEN)
"""States of reports that the parent has."""


class Report(models.Model):
    """One edition of a unit's report.

    `as_of`: the day of the figures; `itself`: the unit counts among its units. `measured`: everything
    measured for that day (see `content.measure`), with the texts drafted from it under `drafted`.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="reports")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="reports")
    edition = models.PositiveSmallIntegerField(default=1)
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    correction = models.TextField(_("What is corrected, and why"), blank=True)
    form = models.ForeignKey(FormDefinition, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.DRAFT)
    as_of = models.DateField(_("Figures as of"))
    itself = models.BooleanField(_("The unit itself counts too"), default=True)
    texts = models.JSONField(default=dict)
    measured = models.JSONField(null=True)
    late_reason = models.TextField(_("Why it is late"), blank=True)
    number = models.PositiveIntegerField(_("Number"), null=True, blank=True)
    symbol = models.CharField(_("Symbol"), max_length=40, blank=True, help_text=_("Such as BC-CNTT."))
    place = models.CharField(_("Place"), max_length=60, blank=True)
    day = models.DateField(_("Date of the report"), null=True, blank=True)
    authority = models.CharField(
        _("Authority of who signs"),
        max_length=200,
        blank=True,
        null=True,
        help_text=_("A line before the position, such as KT. GIÁM ĐỐC or TL. BỘ TRƯỞNG. Mostly empty."),
    )
    position = models.CharField(_("Position of who signs"), max_length=200, blank=True)
    signer = models.CharField(_("Name of who signs"), max_length=200, blank=True)
    content = models.JSONField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    submitted = models.DateTimeField(null=True)
    approved = models.DateTimeField(null=True)
    sent = models.DateTimeField(null=True)
    frozen = models.DateTimeField(null=True)
    scan_name = models.CharField(max_length=200, blank=True)
    scan_path = models.CharField(max_length=200, blank=True)
    scan_sha256 = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    shown_state = state_property({"frozen": "good", "returned": "bad", "draft": "none", "sent": "info"})

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("reports_one_edition", "campaign", "unit", "edition"),)
        indexes = (models.Index(fields=("campaign", "state")),)

    @property
    def is_open(self) -> bool:
        """Return whether the report can be changed."""
        return self.state in (ReportState.DRAFT, ReportState.RETURNED)

    @property
    def as_submitted(self) -> dict[str, Any]:
        """The submitted content; empty while the report is open."""
        return {} if self.is_open else self.content or {}

    @property
    def submitted_figures(self) -> list[dict[str, Any]]:
        """Submitted figures with key, value and origin; `figures.accepted` reads only these."""
        loaded: list[dict[str, Any]] | None = self.__dict__.get("loaded_figures")
        return loaded if loaded is not None else (self.content or {}).get("figures", [])


def scan_columns(file: Any) -> dict[str, str]:
    """Columns of a report for its signed copy: a stored file."""
    return {"scan_name": file.name, "scan_path": file.path, "scan_sha256": file.sha256}


class Figure(models.Model):
    """A number of a report: computed, or stated instead with a reason; both are stored."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="figures")
    key = models.CharField(max_length=40)
    computed = models.PositiveBigIntegerField(null=True)
    stated = models.PositiveBigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (unique("reports_one_figure", "report", "key"),)

    @property
    def value(self) -> int | None:
        """The valid number."""
        return self.computed if self.stated is None else self.stated


class Step(AppendOnly):
    """A step of a report: person, time, states before and after, reason. Append-only."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    action = models.CharField(max_length=10)
    before = models.CharField(max_length=10, choices=ReportState.choices)
    after = models.CharField(max_length=10, choices=ReportState.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)
    reason = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("pk",)


class Extension(models.Model):
    """A unit's request to its parent for a later deadline. `granted` is None until decided."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    until = models.DateField(_("New deadline"))
    reason = models.CharField(_("Reason"), max_length=1000)
    asked = models.DateTimeField(auto_now_add=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    granted = models.BooleanField(null=True)
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("campaign", "unit")),)


class ReceivedState(models.TextChoices):
    """Outcome of a report from outside."""

    WAITING = "waiting", _("Waits for confirmation")
    FILED = "filed", _("Filed")
    DISMISSED = "dismissed", _("Set aside")


class Way(models.TextChoices):
    """Channel of a report from outside."""

    MAIL = "mail", _("by e-mail")
    STICK = "stick", _("by an exchange file")
    UPLOAD = "upload", _("as a file")


class Received(models.Model):
    """An unsigned form from outside until a person confirms it; `key` is unique for file and unit.

    `values` are the form's texts and figures in its order: key, raw, value, sure. `found_by`: how the unit
    was identified.
    """

    key = models.CharField(max_length=120, unique=True)
    way = models.CharField(max_length=10, choices=Way.choices)
    state = models.CharField(max_length=10, choices=ReceivedState.choices, default=ReceivedState.WAITING)
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    found_by = models.CharField(max_length=10, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    values = models.JSONField(default=list)
    received = models.DateTimeField()
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="received")
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    shown_state = state_property({"waiting": "busy", "filed": "good"}, "none")

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("state", "unit")),)

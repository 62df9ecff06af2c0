"""Malware reports of a unit: its plan, and each report with the exact bytes that are sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import state_property
from lamsach.portal.base.models import unique
from lamsach.portal.jobs.claims import Held
from lamsach.portal.units.models import Unit


class NamingChoice(models.TextChoices):
    """Naming of machines (`channels.avreport.model.Naming`), least revealing first."""

    COUNTS = "counts", _("not at all: counts only")
    PSEUDONYMS = "pseudonyms", _("by pseudonyms that only the unit can resolve")
    NAMES = "names", _("by address and name")


class Every(models.IntegerChoices):
    """Interval of scheduled reports, in hours."""

    HOUR = 1, _("every hour")
    SIX = 6, _("every six hours")
    DAY = 24, _("every day")
    WEEK = 168, _("every week")


class Plan(models.Model):
    """Settings of a unit's reports; nothing is sent by schedule unless `active`.

    `key`: PKCS#12 file and password, encrypted (`edxml.secrets`); `signer`: its certificate's subject;
    `organ_id`: identifier at the centre if not the unit's code; `until`: end of the last scheduled period;
    `problem`: reason why the last scheduled report was not created.
    """

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="avreport_plan")
    active = models.BooleanField(_("Report by itself"), default=False)
    naming = models.CharField(
        _("Machines are named"), max_length=10, choices=NamingChoice.choices, default=NamingChoice.COUNTS
    )
    every = models.PositiveSmallIntegerField(_("Frequency"), choices=Every.choices, default=Every.DAY)
    organ_id = models.CharField(_("Identifier at the national centre"), max_length=60, blank=True)
    url = models.URLField(_("Address of the centre"), max_length=500, blank=True)
    key = models.TextField(blank=True)
    signer = models.CharField(max_length=300, blank=True)
    until = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    changed = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")


class State(models.TextChoices):
    """State of a report."""

    DRAFT = "draft", _("Preview")
    WAITING = "waiting", _("Being sent")
    SENT = "sent", _("The centre has it")
    WRITTEN = "written", _("Written to the folder")
    REFUSED = "refused", _("Refused by the centre")
    GIVEN_UP = "given_up", _("Given up")


class AvReport(Held):
    """Report and its delivery. Empty `url`: written to a folder; `planned`: by schedule; `absent`: parts."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="avreports")
    since = models.DateTimeField()
    until = models.DateTimeField()
    naming = models.CharField(max_length=10, choices=NamingChoice.choices)
    path = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    signer = models.CharField(max_length=300, blank=True)
    machines = models.PositiveIntegerField(default=0)
    unattributed = models.PositiveIntegerField(default=0)
    absent = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    planned = models.BooleanField(default=False)
    made = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    url = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    next_attempt = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True)
    answered = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    shown_state = state_property(
        {"sent": "good", "written": "good", "waiting": "busy", "draft": "none"}, "bad"
    )

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("avreports_one_report", "unit", "sha256"),)
        indexes = (models.Index(fields=("state", "next_attempt"), name="avreports_waiting"),)

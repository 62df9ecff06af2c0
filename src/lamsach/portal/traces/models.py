"""Traces from the browser: files, progress, rows of the result. See `files` for the result files."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.models import unique
from lamsach.portal.base.plain_json import PlainEncoder
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings.models import Bundle, Device
from lamsach.portal.jobs.models import Job, job_state
from lamsach.portal.units.models import Unit

_NAME_KEYS = ("name", "ip", "mac", "user", "department", "rival")


class FileKind(models.TextChoices):
    """Kinds of uploaded files."""

    LIST = "list", _("List of the authority")
    LOG = "log", _("Log file")
    INVENTORY = "inventory", _("Inventory")


class Trace(models.Model):
    """A trace of a unit. `listed` and `explained` count distinct rows.

    `answers`, `addressee` and `number` are for the letter. `campaign`: where machines get cases, by `bundle`;
    None for an answer only.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="traces")
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="traces")
    bundle = models.ForeignKey(Bundle, models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    answers = models.CharField(max_length=300, blank=True)
    addressee = models.CharField(max_length=200, blank=True)
    number = models.CharField(max_length=60, blank=True)
    listed = models.PositiveIntegerField(null=True)
    explained = models.PositiveIntegerField(default=0)
    machines = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=400, blank=True)
    unread = models.JSONField(default=list)
    files_deleted = models.DateTimeField(null=True)
    result_deleted = models.DateTimeField(null=True)

    shown_state = job_state(_("waits for its files"))

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.answers or self.unit.name


class TraceFile(models.Model):
    """A file of a trace, `received` bytes so far."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10, choices=FileKind.choices)
    name = models.CharField(max_length=160)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("pk",)
        constraints = (unique("traces_one_file", "trace", "kind", "name", "size"),)


class TraceRow(models.Model):
    """A distinct row of the authority's list, explained or not.

    `why`: code of `lamsach.trace.model.Why`, empty if explained; `named`: the machine or candidates, with log
    lines; `device`: the machine in the campaign; `digest`: equal for the same row of another list;
    `elsewhere`: row of another trace that explains this one; `day`: None without a time.
    """

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="rows")
    at = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    ip = models.CharField(max_length=45, blank=True)
    port = models.PositiveIntegerField(null=True)
    time_text = models.CharField(max_length=100, blank=True)
    threat = models.CharField(max_length=200, blank=True)
    indicator = models.CharField(max_length=500, blank=True)
    day = models.DateField(null=True)
    document = models.CharField(max_length=300, blank=True)
    line = models.PositiveIntegerField(null=True)
    why = models.CharField(max_length=20, blank=True)
    certainty = models.CharField(max_length=10, blank=True)
    named = models.JSONField(default=list, encoder=PlainEncoder)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="trace_rows")
    elsewhere = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("at",)
        constraints = (unique("traces_one_row", "trace", "at"),)
        indexes = (models.Index(fields=("digest",), name="traces_row_digest"),)

    @property
    def machines(self) -> str:
        """Machines and people of the row, as text."""
        return "; ".join(
            " ".join(
                [
                    *(str(machine.get(key, "")) for key in _NAME_KEYS if machine.get(key)),
                    *machine.get("lines", []),
                ]
            )
            for machine in self.named
        )

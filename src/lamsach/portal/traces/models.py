"""Traces from the browser: which files, how far, what came out. The result's files lie in the storage, under the trace's number."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.jobs.models import Job
from lamsach.portal.units.models import Unit


class FileKind(models.TextChoices):
    """What an uploaded file is for."""

    LIST = "list", _("List of the authority")
    LOG = "log", _("Log file")
    INVENTORY = "inventory", _("Inventory")


class Trace(models.Model):
    """A trace of a unit. `job` runs it; `listed` and `explained` count distinct rows. `answers`, `addressee` and `number` are for the letter."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="traces")
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

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.answers or self.unit.name


class TraceFile(models.Model):
    """A file of a trace, received so far."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10, choices=FileKind.choices)
    name = models.CharField(max_length=160)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("trace", "kind", "name", "size"), name="traces_one_file"),
        )

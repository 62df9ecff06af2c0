"""Machines of units by inventory and scans, and their scan results in each campaign."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.models import unique
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.models import Unit


class Machine(models.Model):
    """A machine of a unit. `key`: host name (`host_key`), or `mac:` with the address."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="fleet")
    key = models.CharField(max_length=300)
    name = models.CharField(max_length=255, blank=True)
    department = models.CharField(max_length=255, blank=True)
    listed = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = (unique("fleet_one_machine", "unit", "key"),)
        indexes = (
            models.Index(fields=("unit",), condition=models.Q(listed=True), name="fleet_listed_machines"),
        )

    def __str__(self) -> str:
        return self.name or self.key


class LookState(models.TextChoices):
    """State of a machine by its last scan and earlier findings."""

    FOUND = "found", _("malware found")
    CLEANED = "cleaned", _("found and removed")
    DOUBTFUL = "doubtful", _("suspicious")
    QUIET = "quiet", _("nothing found")


class Look(models.Model):
    """A machine's scans in a campaign: the last result, and whether any found malware.

    `left`: malicious findings not removed. `whole`: everything was examined. `found_by`: mode of the scan
    that found those left. `received`: time of the last report. `finished`: by the machine's clock, at most
    ours.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="looks")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="looks")
    machine = models.ForeignKey(Machine, models.CASCADE, related_name="looks")
    state = models.CharField(max_length=10, choices=LookState.choices, default=LookState.QUIET)
    ever_found = models.BooleanField(default=False)
    whole = models.BooleanField(default=True)
    first = models.DateTimeField()
    received = models.DateTimeField()
    finished = models.DateTimeField()
    looks = models.PositiveIntegerField(default=1)
    mode = models.CharField(max_length=10, blank=True)
    found_by = models.CharField(max_length=10, blank=True)
    malicious = models.PositiveIntegerField(default=0)
    suspicious = models.PositiveIntegerField(default=0)
    risk = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)
    version = models.CharField(max_length=40, blank=True)
    list_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (unique("fleet_one_look", "campaign", "machine"),)
        indexes = (
            models.Index(
                fields=("campaign", "unit", "state", "whole", "ever_found", "received", "machine"),
                name="fleet_counted",
            ),
        )


class Size(models.Model):
    """Number of machines stated by a unit without an inventory."""

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="fleet_size")
    machines = models.PositiveIntegerField()
    stated = models.DateTimeField(auto_now=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")


class Handout(models.Model):
    """A scanner issued for a unit's machines; its token (as `digest`) may only report scans of the unit.

    `program`, `sha256`: of the plain bundle; `lists`: SHA-256 of its lists; `signer`: fingerprint of the key.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="handouts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="handouts")
    digest = models.CharField(max_length=64, unique=True)
    program = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    lists = models.JSONField(default=list)
    signer = models.CharField(max_length=60)
    made = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)

    @property
    def name(self) -> str:
        """Name of the sender of its reports."""
        return f"{self.program} #{self.pk}"

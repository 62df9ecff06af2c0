"""Collectors with their sources and live sightings, and archive runs."""

from __future__ import annotations

from django.db import models

from lamsach.portal.base.models import unique
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.findings.models import Bundle
from lamsach.portal.jobs.models import Job
from lamsach.portal.units.models import Unit


class Collector(models.Model):
    """A `lamsach collect` of a unit. `reported`: its last report, sent every few seconds."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="collectors")
    name = models.CharField(max_length=100)
    reported = models.DateTimeField()
    started = models.DateTimeField(null=True)
    ended = models.BooleanField(default=False)
    udp_drops = models.BigIntegerField(default=0)
    sightings = models.BigIntegerField(default=0)
    sightings_not_sent = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("unit__code", "name")
        constraints = (unique("sources_one_collector", "unit", "name"),)

    def __str__(self) -> str:
        return self.name


class LogSource(models.Model):
    """Source of a collector.

    `formats`: shares of lines; `told`: letters on its silence were sent.
    """

    collector = models.ForeignKey(Collector, models.CASCADE, related_name="sources")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=20)
    lines = models.BigIntegerField(default=0)
    rate = models.FloatField(default=0)
    last_seen = models.DateTimeField(null=True)
    formats = models.JSONField(default=dict)
    silent_since = models.DateTimeField(null=True)
    told = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)
        constraints = (unique("sources_one_source", "collector", "name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def shares(self) -> list[tuple[str, int]]:
        """The largest formats with their shares in percent."""
        most = sorted(self.formats.items(), key=lambda item: (-item[1], item[0]))
        return [(name, round(100 * share)) for name, share in most[:3]]


class LiveSighting(models.Model):
    """A listed value seen by a collector, with the machine as in the line. `key`: the collector's id."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    collector = models.ForeignKey(Collector, models.CASCADE, related_name="live")
    key = models.CharField(max_length=80)
    received = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField()
    indicator = models.CharField(max_length=500)
    indicator_type = models.CharField(max_length=10)
    ip = models.CharField(max_length=45, blank=True)
    name = models.CharField(max_length=255, blank=True)
    mac = models.CharField(max_length=17, blank=True)
    user = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=10)
    observer = models.CharField(max_length=255, blank=True)
    count = models.BigIntegerField(default=1)
    blocked = models.BigIntegerField(default=0)
    first = models.DateTimeField(null=True)
    last = models.DateTimeField(null=True)
    file = models.CharField(max_length=300, blank=True)
    line = models.BigIntegerField(default=0)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("sources_one_live", "collector", "key"),)
        indexes = (models.Index(fields=("unit", "received")),)

    @property
    def machine(self) -> str:
        """The machine as named in the line."""
        return self.name or self.mac or self.ip or self.user


class ArchiveRun(models.Model):
    """Search of a list in a unit's archive (`list` None: all lists, over the last days).

    `windows`: machines, addresses and events of the past 30, 90 and 365 days.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="archive_runs")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="archive_runs")
    list = models.ForeignKey(IndicatorList, models.PROTECT, null=True, related_name="archive_runs")
    day = models.DateField()
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    windows = models.JSONField(default=dict)
    bundle = models.ForeignKey(Bundle, models.PROTECT, null=True, related_name="+")
    problem = models.CharField(max_length=400, blank=True)
    segments = models.BigIntegerField(default=0)
    opened = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            unique("sources_one_run_a_list", "unit", "list", condition=models.Q(list__isnull=False)),
            unique("sources_one_run_a_day", "unit", "campaign", "day", condition=models.Q(list__isnull=True)),
        )

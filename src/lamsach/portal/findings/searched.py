"""What a quiet day is worth: what lists held, and when machines were seen. Its models belong to the app `findings`."""

from __future__ import annotations

from django.db import models

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings.models import Device


class Composition(models.Model):
    """Which of the campaign's lists together have a digest: what a hunt that used them says it searched for."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    lists = models.JSONField(default=list)

    class Meta:
        app_label = "findings"
        constraints = (
            models.UniqueConstraint(fields=("campaign", "digest"), name="findings_one_composition"),
        )


class Contained(models.Model):
    """That the list with a digest holds an indicator: a hunt with it found one, or the campaign's lists say so."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    indicator = models.CharField(max_length=500)

    class Meta:
        app_label = "findings"
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "digest", "indicator"), name="findings_one_contained"
            ),
        )


class AliveDay(models.Model):
    """That a device was seen in its unit's logs on a day, whatever it did."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="alive_days")
    day = models.DateField()

    class Meta:
        app_label = "findings"
        constraints = (models.UniqueConstraint(fields=("device", "day"), name="findings_one_alive_day"),)


class Mark(models.Model):
    """By which mark the key of a unit (`key`: its name, see `lamsach.devices.presence`) calls a device: a bundle that named the device said so."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="marks")
    key = models.CharField(max_length=16)
    value = models.CharField(max_length=40)

    class Meta:
        app_label = "findings"
        constraints = (models.UniqueConstraint(fields=("device", "key", "value"), name="findings_one_mark"),)

"""Legal holds, and what was purged."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case
from lamsach.portal.exchange.models import Partner
from lamsach.portal.units.models import Unit


class Hold(models.Model):
    """A legal hold on erasure: of one case, or of a unit and everything under it (in one campaign or all)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="holds", verbose_name=_("Unit"))
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="holds", verbose_name=_("Campaign")
    )
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="holds")
    reason = models.CharField(_("Reason"), max_length=1000)
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("ended", "-pk")


class Purge(models.Model):
    """That raw evidence and data of persons of a case were erased; how much of what."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="purge")
    at = models.DateTimeField(auto_now_add=True)
    counts = models.JSONField(default=dict)


class Erasure(models.Model):
    """That a person's data was erased on request; how much of what, never who it was."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="erasures")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("Reason"), max_length=1000)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ("-pk",)


class GrantedView(models.Model):
    """A case that a cut-off unit below lets ours see until a moment; `data` is its file's word, locked.

    Gone when the time is over, or a later file lacks it. `number`: the unit's name for the case."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="granted")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    number = models.CharField(max_length=20)
    until = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    counter = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    data = models.TextField()

    class Meta:
        ordering = ("until", "pk")
        constraints = (models.UniqueConstraint(fields=("partner", "number"), name="privacy_one_granted"),)

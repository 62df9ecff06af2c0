"""Legal holds, purges, erasures and granted views."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.models import unique
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case
from lamsach.portal.exchange.models import Partner
from lamsach.portal.units.models import Unit


class Hold(models.Model):
    """Legal hold on a case, or on a unit and all units under it (in one campaign or all)."""

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
    """Purge of a case's raw evidence and personal data, with counts."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="purge")
    at = models.DateTimeField(auto_now_add=True)
    counts = models.JSONField(default=dict)


class Erasure(models.Model):
    """Erasure of a person's data on request, with counts and without the person."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="erasures")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("Reason"), max_length=1000)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ("-pk",)


class GrantedView(models.Model):
    """View of a case granted by an offline unit below; deleted on expiry, or when a later file lacks it.

    `data`: encrypted content of the file; `number`: the unit's number of the case.
    """

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
        constraints = (unique("privacy_one_granted", "partner", "number"),)

"""People of a unit and their confirmations. The list never leaves the unit; upward go counts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.models import Unit


class ConsentState(models.TextChoices):
    """Consent of a person."""

    TOLD = "told", _("was informed by the unit")
    GIVEN = "given", _("agreed")
    WITHDRAWN = "withdrawn", _("withdrew consent")


class Person(models.Model):
    """Somebody who works in a unit. Kept for awareness only (Law 91/2025/QH15): little, and erasable."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="staff")
    name = models.CharField(_("Full name"), max_length=200)
    email = models.EmailField(_("E-mail"), blank=True)
    department = models.CharField(_("Department"), max_length=200, blank=True)
    unsubscribed = models.DateTimeField(null=True)
    consent = models.CharField(max_length=10, choices=ConsentState.choices, default=ConsentState.TOLD)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "email"), condition=~models.Q(email=""), name="awareness_one_address"
            ),
        )


class ConsentHow(models.TextChoices):
    """Way of a consent."""

    IMPORT = "import", _("stated by the unit when the list was added")
    LINK = "link", _("on the person's own page")
    PAPER = "paper", _("in writing")
    SPOKEN = "spoken", _("by word of mouth")


class Consent(models.Model):
    """One word about the use of a person's data: who, when, how. Only ever added to; goes with the person."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=ConsentState.choices)
    how = models.CharField(_("How people were informed"), max_length=10, choices=ConsentHow.choices)
    note = models.CharField(_("Note"), max_length=300, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("pk",)


class ConfirmedHow(models.TextChoices):
    """By which way a person confirmed."""

    LINK = "link", _("by the own link")
    QUIZ = "quiz", _("by the three questions")
    SHEET = "sheet", _("signed on the printed sheet")


class Notice(models.Model):
    """The notice of a campaign to one person: wave, when it goes and went, when and how it was confirmed.

    After erasure of the person the row stays for the count.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="notices")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="notices")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="notices")
    nonce = models.CharField(max_length=43, unique=True)
    code = models.CharField(max_length=8, null=True, unique=True)
    sent = models.DateTimeField(null=True)
    wave = models.PositiveSmallIntegerField(default=1)
    planned = models.DateTimeField(null=True)
    reminded = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    confirmed = models.DateTimeField(null=True)
    how = models.CharField(max_length=10, choices=ConfirmedHow.choices, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("campaign", "person"), name="awareness_one_notice"),)
        indexes = (models.Index(fields=("campaign", "unit", "confirmed")),)


class Passed(models.Model):
    """Right answers to the three questions on the public page on a day, without names."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("campaign", "day"), name="awareness_one_passed"),)

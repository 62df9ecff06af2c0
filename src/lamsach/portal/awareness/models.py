"""People of a unit, their consent and confirmations. Names never leave the unit; counts do."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.models import unique
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.models import Unit


class ConsentState(models.TextChoices):
    """State of a person's consent."""

    TOLD = "told", _("was informed by the unit")
    GIVEN = "given", _("agreed")
    WITHDRAWN = "withdrawn", _("withdrew consent")


class Person(models.Model):
    """Member of a unit's staff, stored for awareness only (Law 91/2025/QH15) and erasable."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="staff")
    name = models.CharField(_("Full name"), max_length=200)
    email = models.EmailField(_("E-mail"), blank=True)
    department = models.CharField(_("Department"), max_length=200, blank=True)
    unsubscribed = models.DateTimeField(null=True)
    consent = models.CharField(max_length=10, choices=ConsentState.choices, default=ConsentState.TOLD)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = (unique("awareness_one_address", "unit", "email", condition=~models.Q(email="")),)


class ConsentHow(models.TextChoices):
    """Way in which consent was stated."""

    IMPORT = "import", _("stated by the unit when the list was added")
    LINK = "link", _("on the person's own page")
    PAPER = "paper", _("in writing")
    SPOKEN = "spoken", _("by word of mouth")


class Consent(models.Model):
    """Statement on the use of a person's data. Append-only; deleted with the person."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=ConsentState.choices)
    how = models.CharField(_("How people were informed"), max_length=10, choices=ConsentHow.choices)
    note = models.CharField(_("Note"), max_length=300, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("pk",)


class ConfirmedHow(models.TextChoices):
    """Way in which a person confirmed."""

    LINK = "link", _("by the own link")
    QUIZ = "quiz", _("by the three questions")
    SHEET = "sheet", _("signed on the printed sheet")


class Notice(models.Model):
    """Notice of a campaign to a person. The row remains, for the count, after the person is erased."""

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
        constraints = (unique("awareness_one_notice", "campaign", "person"),)
        indexes = (models.Index(fields=("campaign", "unit", "confirmed")),)


class Passed(models.Model):
    """Count of passed public quizzes on a day, without names."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (unique("awareness_one_passed", "campaign", "day"),)

"""What people need while they handle cases: playbooks and their ticks, saved views, the text that the search reads. Its models belong to the app `cases`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.errors import LamsachError
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, Note, ThreatKind


class Playbook(models.Model):
    """A version of the steps against a kind of threat in a campaign. `steps`: objects with `key`, `vi`, `en`, and what to do in `vi_how`, `en_how`. Never changed: an edit is the next version."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="playbooks")
    kind = models.CharField(max_length=10, choices=ThreatKind.choices)
    version = models.PositiveIntegerField()
    steps = models.JSONField(default=list)
    made = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        app_label = "cases"
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "kind", "version"), name="cases_one_playbook_version"
            ),
        )


class Tick(models.Model):
    """That a step of a playbook was done (or was not, after all), by whom, with which note or file. `version` 0 is the product's own playbook. Only added to."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="ticks")
    kind = models.CharField(max_length=10, choices=ThreatKind.choices)
    version = models.PositiveIntegerField()
    step = models.CharField(max_length=40)
    done = models.BooleanField(default=True)
    note = models.ForeignKey(Note, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)

    class Meta:
        app_label = "cases"
        ordering = ("pk",)

    def save(self, *args: Any, **options: Any) -> None:
        """Add the row; a second save is refused."""
        if not self._state.adding:
            raise LamsachError("The history of a case cannot be changed.")
        super().save(*args, **options)


class SavedView(models.Model):
    """Filters of the list of machines under a name, for one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(_("Name of the view"), max_length=80)
    query = models.CharField(max_length=500)

    class Meta:
        app_label = "cases"
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("user", "name"), name="cases_one_view_name"),)


class CaseText(models.Model):
    """The words of a case for the search, folded to lower case without marks: those that whoever sees the case may find it by, and those for whoever sees the machine by name."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="text", primary_key=True)
    shared = models.TextField(blank=True)
    own = models.TextField(blank=True)

    class Meta:
        app_label = "cases"

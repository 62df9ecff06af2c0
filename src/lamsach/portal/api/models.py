"""API tokens of units, stored as digests."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.units.models import Unit


class Token(models.Model):
    """Token of a program: reads the unit's subtree, answers for the unit alone."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="tokens")
    name = models.CharField(_("What for"), max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

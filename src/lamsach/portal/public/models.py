"""Tool catalogue and counts of downloads."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.models import unique


class Tool(models.Model):
    """Free clean-up tool: hosted here, or a link to its publisher."""

    name = models.CharField(_("Name"), max_length=200)
    publisher = models.CharField(_("Publisher"), max_length=200)
    licence = models.CharField(_("Licence"), max_length=200)
    systems = models.CharField(_("Systems"), max_length=200, help_text=_("Such as Windows 10, Windows 11."))
    purpose = models.TextField(_("What it does"), blank=True)
    link = models.URLField(_("Publisher's address"), blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(_("Size in bytes"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    hidden = models.BooleanField(_("Not shown"), default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Download(models.Model):
    """Count of a tool's downloads on a day."""

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="downloads")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (unique("public_one_count_a_day", "tool", "day"),)

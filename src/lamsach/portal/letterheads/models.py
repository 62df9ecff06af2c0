"""Letterhead of a unit, after Decree 30/2020/NĐ-CP, Appendix I."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.units.models import Unit


class Letterhead(models.Model):
    """Head and foot of a unit's documents; empty fields follow the tree or are left out."""

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="letterhead")
    parent_body = models.CharField(
        _("Body above, as documents name it"),
        max_length=300,
        blank=True,
        help_text=_("Printed above the issuer's name. Empty: the unit above in the portal."),
    )
    no_parent = models.BooleanField(
        _("Documents name no body above (a ministry, a people's committee)"), default=False
    )
    body = models.CharField(
        _("Issuer, as documents name it"),
        max_length=300,
        blank=True,
        help_text=_("Empty: the unit's name in the portal."),
    )
    place = models.CharField(
        _("Place"), max_length=60, blank=True, help_text=_("Before the date, such as Hà Nội.")
    )
    abbreviation = models.CharField(
        _("Abbreviation of the issuer"),
        max_length=40,
        blank=True,
        help_text=_("For the symbol of documents, such as TTCNTT."),
    )
    office = models.CharField(
        _("Abbreviation of the drafting office"),
        max_length=40,
        blank=True,
        help_text=_("For the symbol of dispatches and for the filed copy, such as KTHT."),
    )
    authority = models.CharField(
        _("Authority of who signs"),
        max_length=200,
        blank=True,
        help_text=_("A line before the position, such as KT. GIÁM ĐỐC or TL. BỘ TRƯỞNG. Mostly empty."),
    )
    position = models.CharField(_("Position of who signs"), max_length=200, blank=True)
    signer = models.CharField(_("Name of who signs"), max_length=200, blank=True)
    copies = models.TextField(
        _("Recipients of copies"),
        max_length=2000,
        blank=True,
        help_text=_("One a line. The first line (Như trên) and the last (Lưu: VT) are set by themselves."),
    )
    address = models.CharField(
        _("Address at the foot of dispatches"),
        max_length=300,
        blank=True,
        help_text=_("Address, phone, e-mail in one line. It may be left empty."),
    )
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.body or self.unit.name

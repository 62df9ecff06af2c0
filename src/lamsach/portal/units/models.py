"""Units, the history of their place and name, memberships, imports and counters.

Units are never deleted. `UnitLink` is the closure table of the tree with validity (all pairs of ancestor and
descendant, including the unit itself at distance 0), `UnitName` the history of names. Both are only ended,
never changed. `valid_until` is the first day of invalidity; FOREVER while valid.
"""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.models import unique
from lamsach.portal.base.roles import Role

FOREVER = date(9999, 12, 31)


class Unit(models.Model):
    """Body of the administration, in its present state."""

    code = models.CharField(_("Unit code"), max_length=60, unique=True)
    name = models.CharField(_("Name"), max_length=300)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("Parent unit")
    )
    contact_name = models.CharField(_("Contact person"), max_length=200, blank=True)
    contact_phone = models.CharField(_("Phone"), max_length=50, blank=True)
    email = models.EmailField(_("E-mail for dispatches"), blank=True)
    valid_from = models.DateField(_("Exists since"))
    valid_until = models.DateField(_("Closed on"), default=FOREVER)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("Successor"),
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("code",)
        indexes = (
            models.Index(fields=("parent", "code")),
            models.Index(Lower("email"), name="units_unit_address"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def contact(self) -> dict[str, str]:
        """Contact: name (the unit's without a person), phone and e-mail, which may be empty."""
        return {"name": self.contact_name or self.name, "phone": self.contact_phone, "email": self.email}

    @property
    def is_closed(self) -> bool:
        """Return whether the unit is closed."""
        return self.valid_until < FOREVER


class UnitLink(models.Model):
    """`descendant` is `distance` levels under `ancestor`, from `valid_from` until before `valid_until`."""

    ancestor = models.ForeignKey(Unit, models.PROTECT, related_name="links_down")
    descendant = models.ForeignKey(Unit, models.PROTECT, related_name="links_up")
    distance = models.PositiveSmallIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField(default=FOREVER)

    class Meta:
        indexes = (
            models.Index(fields=("ancestor", "valid_until", "valid_from", "descendant")),
            models.Index(fields=("descendant", "valid_until", "distance")),
        )


class UnitName(models.Model):
    """Code and name of a unit from `valid_from` until before `valid_until`."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="names")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=300)
    valid_from = models.DateField()
    valid_until = models.DateField(default=FOREVER)

    class Meta:
        ordering = ("valid_from", "pk")


class Membership(models.Model):
    """Role of a user in a unit."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships", verbose_name=_("Unit"))
    role = models.CharField(_("Role"), max_length=20, choices=Role.choices)

    class Meta:
        constraints = (unique("units_one_membership", "user", "unit", "role"),)


class UnitImport(models.Model):
    """Preview of an uploaded sheet of units."""

    created = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    day = models.DateField()
    changes = models.JSONField(default=list)
    errors = models.JSONField(default=list)
    headings = models.JSONField(default=list)
    basis = models.CharField(max_length=64)
    applied = models.DateTimeField(null=True)


class Counter(models.Model):
    """Sum of a unit or its subtree in a campaign (0: none) from a day on, written by `counters` alone.

    `scope`: see `counters`; `what`: see `facts`.
    """

    scope = models.PositiveSmallIntegerField()
    unit = models.PositiveBigIntegerField()
    campaign = models.PositiveBigIntegerField()
    what = models.CharField(max_length=24)
    day = models.DateField()
    n = models.BigIntegerField()

    class Meta:
        constraints = (unique("units_one_counter", "scope", "unit", "campaign", "what", "day"),)


class Changed(models.Model):
    """Note of a trigger that the facts of a unit in a campaign changed since the last fold."""

    unit = models.PositiveBigIntegerField()
    campaign = models.PositiveBigIntegerField()

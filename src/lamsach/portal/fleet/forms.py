"""The form of a unit's inventory."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamsach.portal.fleet.scans import MOST_MACHINES


class InventoryForm(forms.Form):
    """A sheet of machines, or their number alone."""

    file = forms.FileField(
        label=_("Inventory of the unit"),
        required=False,
        help_text=_(
            "XLSX or CSV with a column of machine names or MAC addresses. It takes the place "
            "of the one before."
        ),
    )
    machines = forms.IntegerField(
        label=_("Or only the number of machines"),
        required=False,
        min_value=0,
        max_value=MOST_MACHINES,
        help_text=_("Counts as long as there is no inventory."),
    )

    def clean(self) -> dict[str, Any]:
        """Require a file or a number."""
        found: dict[str, Any] = super().clean() or {}
        if not self.errors and not found.get("file") and found.get("machines") is None:
            raise forms.ValidationError(_("Choose a file or give a number."))
        return found

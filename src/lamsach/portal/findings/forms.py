"""Forms of findings and hunts."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.forms import text
from lamsach.portal.findings import access
from lamsach.portal.units.access import own_units
from lamsach.portal.units.forms import Offered, UnitField


class PlaceForm(Offered):
    """Choice of unit (the user's own, else all they may upload for) and campaign."""

    offered: ClassVar = {
        "campaign": access.open_campaigns,
        "unit": lambda user: (
            access.own_uploading_units(user) if own_units(user) else access.uploading_units(user)
        ),
    }
    campaign: Any = forms.ModelChoiceField(None, label=_("Campaign"), empty_label=None)
    unit: Any = UnitField()


class BundleForm(PlaceForm):
    """Upload of a hunt's or scan's bundle, or a signed file of either."""

    file = forms.FileField(
        label=_("Findings bundle"),
        help_text=_("The .zip file that the hunt or the scanner wrote, or the signed file from a USB stick."),
    )


class HuntForm(PlaceForm):
    """Creation of a hunt in the portal, for own units only: the result names their machines."""

    offered: ClassVar = {**PlaceForm.offered, "unit": access.own_uploading_units}

    keep_logs = forms.BooleanField(
        label=_("Keep the logs after the hunt"),
        required=False,
        help_text=_("Otherwise they are deleted as soon as the hunt is done."),
    )


class ReasonForm(forms.Form):
    """A reason."""

    reason = text(_("Reason"), 500)

"""Forms of findings and hunts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.forms import text
from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.findings import access
from lamsach.portal.units.forms import UnitField, offer


class PlaceForm(forms.Form):
    """Choice of unit and campaign."""

    campaign: Any = forms.ModelChoiceField(None, label=_("Campaign"), empty_label=None)
    unit: Any = UnitField()

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        campaign: Any = self.fields["campaign"]
        campaign.queryset = access.campaigns(user).exclude(state=CampaignState.CLOSED)
        offer(self, "unit", self.units(user))

    def units(self, user: Any) -> Any:
        """Units to choose from: the user's own, else all they may upload for."""
        own = access.own_units(user)
        return access.uploading_units(user).filter(pk__in=own) if own else access.uploading_units(user)


class BundleForm(PlaceForm):
    """Upload of a hunt's or scan's bundle, or a signed file of either."""

    file = forms.FileField(
        label=_("Findings bundle"),
        help_text=_("The .zip file that the hunt or the scanner wrote, or the signed file from a USB stick."),
    )


class HuntForm(PlaceForm):
    """Creation of a hunt in the portal."""

    keep_logs = forms.BooleanField(
        label=_("Keep the logs after the hunt"),
        required=False,
        help_text=_("Otherwise they are deleted as soon as the hunt is done."),
    )

    def units(self, user: Any) -> Any:
        """The user's own units only: the result names their machines."""
        return access.uploading_units(user).filter(pk__in=access.own_units(user))


class ReasonForm(forms.Form):
    """A reason."""

    reason = text(_("Reason"), 500)

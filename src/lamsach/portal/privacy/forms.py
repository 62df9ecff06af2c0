"""Forms about privacy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.forms import text
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.privacy import access
from lamsach.portal.units.forms import UnitField, offer
from lamsach.portal.units.models import Unit


class GrantForm(forms.Form):
    """The unit above that may see a case's names, the time, and the purpose."""

    to: Any = forms.ModelChoiceField(None, label=_("Unit"), empty_label=None)
    days = forms.IntegerField(label=_("For how many days"), min_value=1, max_value=90, initial=7)
    reason = forms.CharField(label=_("Purpose"), max_length=500)

    def __init__(self, *args: Any, above: list[Unit], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["to"]
        field.queryset = Unit.objects.filter(pk__in=[unit.pk for unit in above])
        if above:
            field.initial = above[-1]


class ReasonForm(forms.Form):
    """A reason."""

    reason = forms.CharField(label=_("Reason"), max_length=1000)


class HoldForm(forms.Form):
    """A hold on a unit and everything under it."""

    unit: Any = UnitField()
    campaign: Any = forms.ModelChoiceField(
        None, label=_("Campaign"), required=False, empty_label=_("All campaigns")
    )
    reason = forms.CharField(label=_("Reason"), max_length=1000)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        campaign: Any = self.fields["campaign"]
        offer(self, "unit", access.holding_units(user))
        campaign.queryset = readable_campaigns(user)


class SearchForm(forms.Form):
    """A person to look for."""

    q = text(
        _("Name, user name, e-mail, IP or MAC address"),
        200,
        help_text=_("The whole value, as logs or lists write it."),
    )

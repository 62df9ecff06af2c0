"""Forms of traces."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.forms import text
from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.findings.access import campaigns
from lamsach.portal.traces import access
from lamsach.portal.units.forms import UnitField, offer


class TraceForm(forms.Form):
    """For which unit, and what the answer letter states."""

    campaign: Any = forms.ModelChoiceField(
        None,
        label=_("Campaign"),
        required=False,
        empty_label=_("None: only answer the authority"),
        help_text=_(
            "Each machine that is found gets its case there; what is not explained becomes a question."
        ),
    )
    unit: Any = UnitField()
    answers = text(
        _("Document of the authority"),
        300,
        required=False,
        help_text=_("Its number and date; the answer letter names it. It may be left open."),
    )
    addressee = text(_("Addressee of the answer"), 200, required=False)
    number = text(
        _("Number and symbol of the answer"),
        60,
        required=False,
        help_text=_("Such as 5/TTCNTT-ATTT. It may be left open."),
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        campaign: Any = self.fields["campaign"]
        campaign.queryset = campaigns(user).exclude(state=CampaignState.CLOSED)
        campaign.initial = campaign.queryset.first()
        offer(self, "unit", access.tracing_units(user))

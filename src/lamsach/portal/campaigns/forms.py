"""Forms of campaigns and dispatches."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.forms import ChosenRows, DateInput, VersionedForm, text
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.campaigns import deadlines
from lamsach.portal.campaigns.deadlines import COLUMNS
from lamsach.portal.campaigns.models import Campaign, DeadlineKind, Dispatch, StepKind
from lamsach.portal.units.access import home_units, writable_units
from lamsach.portal.units.models import FOREVER
from lamsach.portal.units.tree import today


class CampaignForm(VersionedForm):
    """Name, leading unit and days of a campaign."""

    class Meta:
        model = Campaign
        fields = ("name", "owner", "summary", "goals", "starts", "ends", *COLUMNS, "public")
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 3}),
            "goals": forms.Textarea(attrs={"rows": 4}),
            "starts": DateInput(),
            "ends": DateInput(),
            **{name: DateInput() for name in COLUMNS},
        }

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        owner: Any = self.fields["owner"]
        homes = [unit.pk for unit in home_units(user)]
        owner.queryset = writable_units(user, COORDINATORS).filter(pk__in=homes, valid_until=FOREVER)
        owner.empty_label = None

    def clean(self) -> dict[str, Any]:
        """Require the days in order."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        starts, ends = data.get("starts"), data.get("ends")
        if starts and ends and ends < starts:
            self.add_error("ends", _("The end is before the beginning."))
        stated = [(name, day) for name in COLUMNS if (day := data.get(name))]
        for name, day in stated:
            if starts and day < starts:
                self.add_error(name, _("Nothing can be due before the campaign begins."))
        for (_earlier, before), (name, day) in pairwise(stated):
            if day < before:
                self.add_error(name, _("Acknowledging comes first, then deploying, then the report."))
        if self.instance.pk and self.instance.participations.exists():
            for name in COLUMNS[:2]:
                if name in self.changed_data and not data.get(name):
                    self.add_error(name, _("Units were given this day: give the new one."))
        return data

    @property
    def moved(self) -> dict[str, date]:
        """Days changed in the form; an emptied one remains."""
        kinds = dict(zip(COLUMNS, DeadlineKind, strict=True))
        return {kinds[name].value: self.cleaned_data[name] for name in COLUMNS if name in self.changed_data}


class DispatchForm(VersionedForm):
    """Dispatch, written or uploaded."""

    once = forms.CharField(widget=forms.HiddenInput, max_length=43)

    class Meta:
        model = Dispatch
        fields = ("issuer", "number", "day", "subject", "body", "deadline")
        widgets = {"body": forms.Textarea(attrs={"rows": 10}), "day": DateInput(), "deadline": DateInput()}

    def __init__(
        self, *args: Any, user: Any, campaign: Campaign, parent: Dispatch | None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.campaign, self.parent = campaign, parent
        issuer: Any = self.fields["issuer"]
        homes = [unit.pk for unit in home_units(user)]
        issuer.queryset = writable_units(user).filter(pk__in=homes, valid_until=FOREVER)
        if parent is not None:
            issuer.queryset = issuer.queryset.filter(received__dispatch=parent)
        issuer.empty_label = None
        self.fields["body"].label = _("Own cover text") if parent is not None else _("Text")
        if parent is not None and homes:
            self.fields["deadline"].help_text = _(
                "Earlier than {day}, so that you can report in time."
            ).format(day=f"{deadlines.of_unit(campaign, homes[0]).report.day:%d/%m/%Y}")

    def clean_deadline(self) -> Any:
        """Require a future day, before the issuer's own deadline and not after the campaign's reports."""
        deadline = self.cleaned_data["deadline"]
        if deadline < today():
            raise forms.ValidationError(_("This day has passed."))
        limit = self._own_deadline()
        if limit is not None and deadline >= limit and limit > today():
            raise forms.ValidationError(_("The deadline has to be earlier than that of your parent unit."))
        if deadline > self.campaign.report_due >= today():
            text = _("The reports of the campaign are due on {day}: set a deadline by then.")
            raise forms.ValidationError(text.format(day=f"{self.campaign.report_due:%d/%m/%Y}"))
        return deadline

    def _own_deadline(self) -> date | None:
        """The issuer's own report deadline, if it received a dispatch of the campaign."""
        issuer = self.cleaned_data.get("issuer")
        sent = Dispatch.objects.filter(campaign=self.campaign, recipients__unit=issuer, sent__isnull=False)
        if issuer is None or not sent.exists():
            return None
        return deadlines.of_unit(self.campaign, issuer.pk).report.day


class AnswerForm(forms.Form):
    """Answer of a unit: received, or deployed since a day, with a note."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What do you state?"),
        widget=forms.RadioSelect,
        choices=[
            (StepKind.ACKNOWLEDGED.value, gettext_lazy("We have received the dispatch")),
            (StepKind.DEPLOYED.value, gettext_lazy("We have received and deployed it")),
        ],
    )
    day = forms.DateField(label=gettext_lazy("Since the day"), widget=DateInput, required=False)
    note = text(
        gettext_lazy("Note"),
        4000,
        3,
        required=False,
        help_text=gettext_lazy("What was done, for how many machines or people."),
    )

    def __init__(self, *args: Any, kinds: tuple[StepKind, ...] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["kind"]
        if kinds:
            field.choices = [choice for choice in field.choices if choice[0] in kinds]
        if len(field.choices) == 1:
            field.initial = field.choices[0][0]

    def clean_day(self) -> Any:
        """Refuse future days."""
        day = self.cleaned_data["day"]
        if day and day > today():
            raise forms.ValidationError(_("This day has not come yet."))
        return day


class UnitAnswerForm(AnswerForm):
    """Answer by a person with an account, with evidence."""

    evidence = forms.FileField(label=gettext_lazy("Evidence"), required=False)


class LinkAnswerForm(AnswerForm):
    """Answer through the link in the e-mail, with the person's name."""

    who = forms.CharField(label=gettext_lazy("Your full name and position"), max_length=200)
    field_order = ("kind", "who", "day", "note")


class TakeBackForm(forms.Form):
    """Reason for withdrawing a statement of deployment."""

    reason = text(gettext_lazy("Reason"), 2000, 3)


class MaterialForm(forms.Form):
    """File of a campaign."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    file = forms.FileField(label=gettext_lazy("File"))
    public = forms.BooleanField(label=gettext_lazy("Show it on the public page"), required=False)


class ToolsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Tools of the catalogue recommended by a campaign."""

    class Meta:
        model = Campaign
        fields = ("tools",)
        widgets = {"tools": forms.CheckboxSelectMultiple}
        field_classes = {"tools": ChosenRows}

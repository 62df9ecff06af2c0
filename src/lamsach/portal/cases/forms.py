"""Forms of cases."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.portal.accounts.models import User
from lamsach.portal.base.forms import DateInput, text
from lamsach.portal.cases.models import Case, CaseState, Exemption, Rules, ThreatKind
from lamsach.portal.cases.people import candidates
from lamsach.portal.units.tree import today

STEPS = {
    CaseState.TOLD: _("Mark as informed"),
    CaseState.ACCEPTED: _("Take it on"),
    CaseState.WORKING: _("Begin to handle it"),
    CaseState.CLEANED: _("State that it is cleaned"),
    CaseState.FALSE_ALARM: _("Call it a false alarm"),
    CaseState.NEW: _("Open it again"),
}
"""Texts of the buttons, by the state that they lead to."""


class StepForm(forms.Form):
    """Next step of a case."""

    to = forms.ChoiceField(
        label=_("Step"),
        widget=forms.RadioSelect,
        help_text=_("Verified, blind and reinfected follow from the logs; nobody can tick them."),
    )
    why = text(_("What was done, or why"), 2000, 2, required=False)
    unfollowed = text(
        _("Cleaned without a step of the playbook: why?"),
        2000,
        2,
        help_text=_("No step of the playbook is marked as done yet. The answer is saved with the case."),
        required=False,
    )

    def __init__(self, *args: Any, steps: list[CaseState], unfollowed: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not unfollowed or CaseState.CLEANED not in steps:
            del self.fields["unfollowed"]
        field: Any = self.fields["to"]
        field.choices = [(state.value, STEPS[state]) for state in steps]


class BulkForm(forms.Form):
    """One step for many cases."""

    what = forms.ChoiceField(
        label=_("For the ticked machines"),
        choices=[
            ("mine", _("Handle it myself")),
            ("nobody", _("Leave it to anybody who has time")),
            ("letter", _("Write to the person who uses it")),
            *((state.value, label) for state, label in STEPS.items() if state != CaseState.NEW),
        ],
    )
    why = text(_("What was done, or why"), 2000, required=False)
    unfollowed = text(
        _("Cleaned without a step of the playbook: why?"),
        2000,
        help_text=_("Only for machines of whose playbook no step is marked as done."),
        required=False,
    )


class NoteForm(forms.Form):
    """Note or file."""

    text = text(_("Note"), 10_000, 3, required=False)
    file = forms.FileField(label=_("File"), required=False)

    def clean(self) -> dict[str, Any]:
        """Require one of the two."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not data["text"].strip() and not data["file"]:
            raise forms.ValidationError(gettext("Write a note or choose a file first."))
        return data


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """User of the machine."""

    class Meta:
        model = Case
        fields = ("person_name", "person_email")


class ExemptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Exemption of an indicator."""

    scope = forms.ChoiceField(
        label=_("For which machines"),
        widget=forms.RadioSelect,
        choices=[("device", _("This machine only")), ("unit", _("The whole unit"))],
        initial="device",
    )
    field_order = ("indicator", "scope", "reason", "expires")

    class Meta:
        model = Exemption
        fields = ("indicator", "reason", "expires")
        widgets = {"expires": DateInput(), "reason": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, indicators: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["indicator"] = forms.ChoiceField(
            label=_("Indicator"), choices=[(value, value) for value in indicators]
        )

    def clean_expires(self) -> Any:
        """Require a future day within a year."""
        day = self.cleaned_data["expires"]
        if not 0 < (day - today()).days <= 366:
            raise forms.ValidationError(gettext("Choose a day within the next twelve months."))
        return day


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Verification rules of a campaign."""

    quiet_days = forms.IntegerField(
        label=_("Quiet days with logs until a machine is verified"), min_value=1, max_value=90
    )
    alive_days = forms.IntegerField(
        label=_("On so many of these days the machine itself has to be seen"), min_value=0, max_value=90
    )
    blind_after = forms.IntegerField(
        label=_("Blind after so many days without logs"), min_value=1, max_value=60
    )

    class Meta:
        model = Rules
        fields = ("quiet_days", "alive_days", "blind_after")


class AnswerForm(forms.Form):
    """Answer to a question raised by a finding."""

    answer = text(_("What was found out"), 4000, 3)


class TickForm(forms.Form):
    """Completion of a playbook step, with text or file."""

    step = forms.CharField(max_length=40)
    done = forms.BooleanField(required=False)
    text = forms.CharField(label=_("Note"), required=False, max_length=4000)
    file = forms.FileField(label=_("File"), required=False)


class KindForm(forms.Form):
    """Kind of threat."""

    kind = forms.ChoiceField(label=_("Kind of threat"), choices=ThreatKind.choices)


class AssignForm(forms.Form):
    """Assignee of the case."""

    to = forms.ModelChoiceField(
        label=_("Who handles it"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("nobody assigned"),
    )

    def __init__(self, *args: Any, case: Case, **options: Any) -> None:
        options["auto_id"] = "assign_%s"  # the step form has a field `to` too
        super().__init__(*args, **options)
        field: Any = self.fields["to"]
        field.queryset = candidates(case)
        self.initial.setdefault("to", case.assignee_id)


class ViewForm(forms.Form):
    """Name for the current filters."""

    name = text(_("Name of the view"), 80)


class PlaybookStepForm(forms.Form):
    """Step of a playbook."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    vi = text(_("Step, in Vietnamese"), 200, required=False)
    vi_how = text(_("What to do, in Vietnamese"), 2000, 3, required=False)
    en = text(_("Step, in English"), 200, required=False)
    en_how = text(_("What to do, in English"), 2000, 3, required=False)


PlaybookStepSet = forms.formset_factory(
    PlaybookStepForm, extra=1, can_order=True, can_delete=True, max_num=30, absolute_max=60
)

"""Forms of awareness, with the quiz whose right answers count as a confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.portal.awareness.letters import by_code
from lamsach.portal.awareness.models import Consent, ConsentHow, Notice, Person
from lamsach.portal.base.forms import DateTimeInput, text


class PeopleForm(forms.Form):
    """Sheet of people, and the statement that the law on personal data requires."""

    file = forms.FileField(label=_("File"))
    told = forms.BooleanField(
        label=_("The people know that their name and e-mail are used for this campaign, and until when."),
        help_text=_(
            "Law on Personal Data Protection (91/2025/QH15). The statement is recorded in the audit trail."
        ),
    )


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """Correction of a person's data."""

    class Meta:
        model = Person
        fields = ("name", "email", "department")

    def clean_email(self) -> str:
        """Return the address in lower case; reject that of another person of the unit."""
        email = str(self.cleaned_data["email"]).lower()
        others = Person.objects.filter(unit=self.instance.unit, email=email).exclude(pk=self.instance.pk)
        if email and others.exists():
            raise forms.ValidationError(gettext("Another person of the unit has this e-mail address."))
        return email


class ConsentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Statement of a person on the use of their data."""

    class Meta:
        model = Consent
        fields = ("how", "note")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        ways: Any = self.fields["how"]
        ways.choices = [(way.value, way.label) for way in (ConsentHow.PAPER, ConsentHow.SPOKEN)]


class PaceForm(forms.Form):
    """Size and interval of the waves of a notice."""

    size = forms.IntegerField(
        label=_("People a wave"),
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=_("Empty: all at once."),
    )
    hours = forms.IntegerField(
        label=_("Hours between two waves"), required=False, min_value=1, max_value=720, initial=24
    )
    start = forms.DateTimeField(label=_("First wave from"), required=False, widget=DateTimeInput)

    def clean(self) -> dict[str, Any]:
        """Fill in defaults of empty fields."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        return {**data, "size": data.get("size") or 0, "hours": data.get("hours") or 24}


@dataclass(frozen=True, slots=True)
class Question:
    """Quiz question; `right`: index of the right answer, `why`: its explanation."""

    text: Any
    answers: tuple[Any, ...]
    right: int
    why: Any


QUESTIONS: tuple[Question, ...] = (
    Question(
        _("A program asks you to switch off the antivirus program before you install it. What do you do?"),
        (
            _("Switch it off for a moment: installers often need that."),
            _("Stop, do not install it, and tell the IT officer."),
            _("Ask a colleague to install it on their machine first."),
        ),
        1,
        _(
            "No honest program needs the antivirus program to be off. If one asks for it, it has "
            "something to hide."
        ),
    ),
    Question(
        _("You need a paid program for your work, and there is no licence. What do you do?"),
        (
            _("Ask your unit for a licence, or use a free program."),
            _("Use an activator, but at home only."),
            _("Take the cracked version from a friend whom you trust."),
        ),
        0,
        _("A crack can hold malware from any source, and a machine at home reaches the office too."),
    ),
    Question(
        _("Cracked software was on your machine. What comes after removing it?"),
        (
            _("Nothing: it is gone."),
            _("Restart the machine."),
            _("Scan with a tool of the campaign, and change the passwords from a clean machine."),
        ),
        2,
        _(
            "Malware stays when the program is removed, and passwords saved in the browser may be stolen "
            "already."
        ),
    ),
)


class QuizForm(forms.Form):
    """Quiz, valid when every answer is right; the explanation is the error of a wrong one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number, question in enumerate(QUESTIONS):
            self.fields[f"q{number}"] = forms.ChoiceField(
                label=question.text,
                widget=forms.RadioSelect,
                choices=[(str(index), label) for index, label in enumerate(question.answers)],
            )

    def clean(self) -> dict[str, Any]:
        """Reject wrong answers."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for number, question in enumerate(QUESTIONS):
            name = f"q{number}"
            if name in data and data[name] != str(question.right):
                self.add_error(name, question.why)
        return data


class PublicQuizForm(QuizForm):
    """Public quiz, with the optional code of a printed sheet."""

    code = text(
        _("Code from the printed sheet"),
        20,
        required=False,
        help_text=_("If your unit gave you a sheet with a code, your confirmation is counted by it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields([f"q{number}" for number in range(len(QUESTIONS))])
        self.notice: Notice | None = None

    def clean_code(self) -> str:
        """Accept a code of a printed sheet, or an empty one."""
        text = str(self.cleaned_data["code"]).strip()
        if text:
            self.notice = by_code(text)
            if self.notice is None:
                raise forms.ValidationError(
                    gettext("There is no such code. Look at the sheet once more, or leave it empty.")
                )
        return text

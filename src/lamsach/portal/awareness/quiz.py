"""The three questions: an alternative to the button, for those who want to be sure that they understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.portal.awareness.models import Notice
from lamsach.portal.awareness.telling import by_code


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its answers, which is right (counted from 0), and why."""

    words: Any
    answers: tuple[Any, ...]
    right: int
    why: Any


QUESTIONS: tuple[Asked, ...] = (
    Asked(
        _("A program asks you to switch off the antivirus program before you install it. What do you do?"),
        (
            _("Switch it off for a moment: installers often need that."),
            _("Stop, do not install it, and tell the IT officer."),
            _("Ask a colleague to install it on their machine first."),
        ),
        1,
        _(
            "No honest program needs the antivirus program to be off. Whoever asks for it has something to hide."
        ),
    ),
    Asked(
        _("You need a paid program for your work, and there is no licence. What do you do?"),
        (
            _("Ask your unit for a licence, or use a free program."),
            _("Use an activator, but at home only."),
            _("Take the cracked version from a friend whom you trust."),
        ),
        0,
        _("A crack can hold malware whoever passes it on, and a machine at home reaches the office too."),
    ),
    Asked(
        _("Cracked software was on your machine. What comes after removing it?"),
        (
            _("Nothing: it is gone."),
            _("Restart the machine."),
            _("Scan with a tool of the campaign, and change the passwords from a clean machine."),
        ),
        2,
        _("Malware stays when the program goes, and passwords kept in the browser may be stolen already."),
    ),
)


class QuizForm(forms.Form):
    """The questions as a form; valid when every answer is right. A wrong one is told why."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number, asked in enumerate(QUESTIONS):
            self.fields[f"q{number}"] = forms.ChoiceField(
                label=asked.words,
                widget=forms.RadioSelect,
                choices=[(str(index), words) for index, words in enumerate(asked.answers)],
            )

    def clean(self) -> dict[str, Any]:
        """Right answers only."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for number, asked in enumerate(QUESTIONS):
            name = f"q{number}"
            if name in data and data[name] != str(asked.right):
                self.add_error(name, asked.why)
        return data


class PublicQuizForm(QuizForm):
    """The questions for everybody, with the code of those who have one."""

    code = forms.CharField(
        label=_("Code from the printed sheet"),
        required=False,
        max_length=20,
        help_text=_("If your unit gave you a sheet with a code, your confirmation is counted by it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields([f"q{number}" for number in range(len(QUESTIONS))])
        self.notice: Notice | None = None

    def clean_code(self) -> str:
        """A code that stands on a sheet, or nothing."""
        text = str(self.cleaned_data["code"]).strip()
        if text:
            self.notice = by_code(text)
            if self.notice is None:
                raise forms.ValidationError(
                    gettext("There is no such code. Look at the sheet once more, or leave it empty.")
                )
        return text

"""Forms of support."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.forms import text
from lamsach.portal.support.models import Article, CannedAnswer, Question
from lamsach.portal.units.models import FOREVER


class SeveralFiles(forms.ClearableFileInput):
    """Input of several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Field of several files, as a list."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Clean each file as a single one."""
        listed = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(file, initial) for file in listed if file]


class AskForm(forms.ModelForm):  # type: ignore[type-arg]
    """Question of a visitor or user."""

    unit_code = text(
        _("Code of your unit"),
        60,
        required=False,
        help_text=_("If you know it: then your own unit's contact answers."),
    )
    attached = FilesField(
        label=_("Files"),
        required=False,
        help_text=_(
            "At most five, of 10 MB each: PDF, DOCX, XLSX, PNG, JPG, TXT, CSV. No passwords in them."
        ),
    )
    once = forms.CharField(widget=forms.HiddenInput, max_length=43)
    offered = forms.CharField(widget=forms.HiddenInput, required=False, max_length=5)
    carried = forms.CharField(widget=forms.HiddenInput, required=False, max_length=8000)
    field_order = ("subject", "text", "name", "email", "unit_code", "attached")

    class Meta:
        model = Question
        fields = ("subject", "text", "name", "email")
        widgets = {"text": forms.Textarea(attrs={"rows": 6, "maxlength": 5000})}


class AnswerForm(forms.Form):
    """Answer or note of the desk."""

    text = forms.CharField(label=_("Text"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 5}))


class WordForm(AnswerForm):
    """Further message of the asker, with files."""

    attached = FilesField(label=_("Files"), required=False)


class _OfUnits(forms.ModelForm):  # type: ignore[type-arg]
    """Form of a unit's row; `seen`: digest of the shown values, to detect concurrent edits."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, units: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["seen"].initial = self.digest(self.instance)
        field: Any = self.fields["unit"]
        field.queryset = units.filter(valid_until=FOREVER)
        field.empty_label = None

    def digest(self, row: Any) -> str:
        """Compute a digest of the row's values that the form edits."""
        values = [str(row.serializable_value(name)) for name in self._meta.fields or ()]
        return hashlib.sha256(repr(values).encode()).hexdigest()

    def is_stale(self) -> bool:
        """Return whether the row changed meanwhile. Call inside the transaction that saves."""
        if not self.instance.pk:
            return False
        current = self._meta.model._default_manager.select_for_update(no_key=True).get(pk=self.instance.pk)
        return str(self.cleaned_data["seen"]) != self.digest(current)


class ArticleForm(_OfUnits):
    """Knowledge article."""

    class Meta:
        model = Article
        fields = ("title", "text", "words", "language", "unit")
        widgets = {"text": forms.Textarea(attrs={"rows": 10, "maxlength": 20_000})}


class CannedForm(_OfUnits):
    """Prepared answer."""

    class Meta:
        model = CannedAnswer
        fields = ("title", "text", "unit")
        widgets = {"text": forms.Textarea(attrs={"rows": 6, "maxlength": 10_000})}

"""Forms for changing the reporting form itself: wording, fields, rows, checks, annexes. What they give is a definition as `lamsach.letters.form` understands it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.letters.form import ANNEXES, LONGEST_LABEL, SOURCES

_WORD = re.compile(r"[^a-z0-9]+")


class WordingForm(forms.Form):
    """The form's own words, its checks (one a line: the comparison, then `|` and the sentence that is shown) and its annexes."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=LONGEST_LABEL)
    attached = forms.CharField(
        label=gettext_lazy("What it came with"),
        required=False,
        max_length=LONGEST_LABEL,
        help_text=gettext_lazy("{number}, {day} and {issuer} stand for those of the dispatch."),
    )
    general = forms.CharField(
        label=gettext_lazy("Heading of the texts"), required=False, max_length=LONGEST_LABEL
    )
    figures = forms.CharField(
        label=gettext_lazy("Heading of the figures"), required=False, max_length=LONGEST_LABEL
    )
    note = forms.CharField(
        label=gettext_lazy("Note at the end"),
        required=False,
        max_length=LONGEST_LABEL,
        help_text=gettext_lazy("{receiver} and {email} stand for those of the unit above."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    checks = forms.CharField(
        label=gettext_lazy("Checks"),
        required=False,
        max_length=20_000,
        help_text=gettext_lazy(
            "One a line, such as: deployed > informed | More units have deployed than were told. They warn and never forbid."
        ),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    annexes = forms.MultipleChoiceField(
        label=gettext_lazy("Annexes"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        annexes: Any = self.fields["annexes"]
        annexes.choices = [(name, _(words)) for name, words in ANNEXES.items()]


class FieldForm(forms.Form):
    """A text of the form."""

    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    label = forms.CharField(label=gettext_lazy("Wording"), required=False, max_length=LONGEST_LABEL)
    kind = forms.ChoiceField(
        label=gettext_lazy("How long"),
        choices=[("text", gettext_lazy("several lines")), ("line", gettext_lazy("one line"))],
    )


class RowForm(forms.Form):
    """A row of the form: its wording, where the number comes from, how it is added up."""

    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    label = forms.CharField(label=gettext_lazy("Wording"), required=False, max_length=500)
    source = forms.ChoiceField(label=gettext_lazy("Where the number comes from"))
    basis = forms.ChoiceField(label=gettext_lazy("How it is added up"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        source: Any = self.fields["source"]
        source.choices = [(name, _(words)) for name, words in SOURCES.items()]
        basis: Any = self.fields["basis"]
        basis.choices = [
            ("records", _("counted by the portal over the whole subtree")),
            ("reports", _("sum of the subordinates' accepted reports and the unit's own")),
        ]


RowSet = forms.formset_factory(RowForm, extra=2, max_num=60, validate_max=True)
FieldSet = forms.formset_factory(FieldForm, extra=1, max_num=30, validate_max=True)


def wording_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition's words as the first values of a WordingForm."""
    checks = [
        " | ".join(part for part in (check.get("warn", ""), check.get("say", "")) if part)
        for check in definition.get("checks", [])
    ]
    return {
        "title": definition.get("title", ""),
        "attached": definition.get("attached", ""),
        "general": definition.get("general", {}).get("title", ""),
        "figures": definition.get("figures", {}).get("title", ""),
        "note": definition.get("note", ""),
        "checks": "\n".join(checks),
        "annexes": definition.get("annexes", []),
    }


def changed(
    definition: Mapping[str, Any],
    wording: Mapping[str, Any],
    fields: list[dict[str, Any]],
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    """The definition with what the forms say; what they do not speak of stays."""
    before = {item["key"]: item for item in definition.get("general", {}).get("fields", [])}
    taken = {item["key"] for item in (*fields, *rows) if item.get("key") and item.get("label", "").strip()}
    texts = [
        {**before.get(item["key"], {}), "key": item["key"], "label": item["label"], "kind": item["kind"]}
        for item in _kept(fields, taken)
    ]
    numbers = [
        {"key": item["key"], "label": item["label"], "source": item["source"], "basis": item["basis"]}
        for item in _kept(rows, taken)
    ]
    return {
        **definition,
        "title": wording["title"],
        "attached": wording["attached"],
        "general": {**definition.get("general", {}), "title": wording["general"], "fields": texts},
        "figures": {**definition["figures"], "title": wording["figures"], "rows": numbers},
        "note": wording["note"],
        "checks": _checks(wording["checks"]),
        "annexes": wording["annexes"],
    }


def _checks(text: str) -> list[dict[str, str]]:
    found = []
    for line in text.splitlines():
        warn, _bar, say = line.partition("|")
        if warn.strip():
            found.append({"warn": " ".join(warn.split()), **({"say": say.strip()} if say.strip() else {})})
    return found


def _kept(items: list[dict[str, Any]], taken: set[str]) -> list[dict[str, Any]]:
    """Those that have a wording, each with a key that no other has."""
    kept = []
    for item in items:
        label = item.get("label", "").strip()
        if label:
            key = item.get("key") or _key(label, taken)
            taken.add(key)
            kept.append({**item, "key": key, "label": label})
    return kept


def _key(label: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFD", label.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
    stem = "r_" + (_WORD.sub("_", plain).strip("_")[:30] or "x")
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}_{number}", number + 1
    return key

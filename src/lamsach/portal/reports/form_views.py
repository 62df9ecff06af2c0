"""Editor of a campaign's reporting form; each change is a new version."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import InputError
from lamsach.letters.checks import SENTENCES
from lamsach.letters.form import ANNEXES, LONGEST_LABEL, SOURCES, Filled, Form, parse_form
from lamsach.letters.layout import blank, form_blocks
from lamsach.letters.output import writer_for
from lamsach.portal.audit.trail import record
from lamsach.portal.base import uploads
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.forms import done, text
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.campaigns import access
from lamsach.portal.campaigns.models import Campaign, FormDefinition

BLANKS = ("docx", "xlsx", "pdf", "html")


@member(ALL, COORDINATORS)
def campaign_form(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The form of a campaign, editable by those who lead the campaign."""
    campaign = access.get_campaign(request.user, campaign_id, write=request.method == "POST")
    definition: dict[str, Any] = campaign.form.definition
    posted = request.POST if request.method == "POST" and request.POST.get("form-TOTAL_FORMS") else None
    wording = WordingForm(posted, initial=wording_of(definition))
    fields = FieldSet(posted, initial=definition.get("general", {}).get("fields", []), prefix="field")
    rows = RowSet(posted, initial=definition["figures"]["rows"])
    parsed = parse_form(definition)
    if posted is not None and wording.is_valid() and fields.is_valid() and rows.is_valid():
        edited = edited_definition(definition, wording.cleaned_data, fields.cleaned_data, rows.cleaned_data)
        try:
            parsed = parse_form(edited)
        except InputError as problem:
            messages.error(
                request,
                f"{_(problem.what)} {problem.where} {_(problem.todo) if problem.todo else ''}".strip(),
            )
        else:
            if "keep" in request.POST:
                return _save(request, campaign, edited)
    shown = {"wording": wording, "text_fields": fields, "rows": rows, "preview": posted is not None}
    return render(request, "reports/form.html", {**shown, **_context(campaign, parsed)})


def _context(campaign: Campaign, form: Form) -> dict[str, Any]:
    blocks = [
        {"kind": type(block).__name__, "block": block}
        for block in form_blocks(Filled(form, receiver="…", email="…"))
    ]
    return {
        "campaign": campaign,
        "blocks": blocks,
        "form_title": form.title,
        "checks": [check.say or SENTENCES.get(check.text, check.text) for check in form.checks],
        "annexes": [_(ANNEXES[name]) for name in form.annexes],
        "version": campaign.form.version,
        "versions": FormDefinition.objects.filter(name=campaign.form.name).order_by("-version")[:20],
        "kinds": BLANKS[:3],
    }


@member(ALL, WRITERS, ("GET",))
def blank_form(request: HttpRequest, campaign_id: int, document: str) -> HttpResponse:
    """The campaign's blank form, for units that fill it in by hand."""
    campaign = access.get_campaign(request.user, campaign_id)
    if document not in BLANKS:
        raise Http404
    owner = campaign.owner
    filled = Filled(parse_form(campaign.form.definition), receiver=owner.name, email=owner.email)
    return uploads.document(
        writer_for(f".{document}")(blank(filled)), document, f"mau-bao-cao-{campaign.pk}.{document}"
    )


def _save(request: HttpRequest, campaign: Campaign, definition: dict[str, Any]) -> HttpResponse:
    """Store a new version of the campaign's own form, once for each version seen."""
    version = request.POST.get("version", "")
    if version != str(campaign.form.version):
        raise Stale
    name = f"{definition['title'][:150]} ({campaign.pk})"
    try:
        with transaction.atomic():
            stored = FormDefinition.objects.create(
                name=name, version=campaign.form.version + 1, definition=definition
            )
            if not Campaign.objects.filter(pk=campaign.pk, form=campaign.form).update(form=stored):
                raise Stale
            record(request, "form.changed", campaign, campaign.owner, version=stored.version)
    except IntegrityError as error:
        raise Stale from error
    message = _("The form has a new version. Drafts use it when their figures are counted again.")
    return done(request, message, "reports:form", campaign_id=campaign.pk)


_NO_WORD = re.compile(r"[^a-z0-9]+")


class WordingForm(forms.Form):
    """The form's texts, its checks (one a line: comparison, `|`, sentence) and its annexes."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=LONGEST_LABEL)
    attached = text(
        gettext_lazy("What it came with"),
        LONGEST_LABEL,
        required=False,
        help_text=gettext_lazy("{number}, {day} and {issuer} are replaced by those of the dispatch."),
    )
    general = text(gettext_lazy("Heading of the texts"), LONGEST_LABEL, required=False)
    figures = text(gettext_lazy("Heading of the figures"), LONGEST_LABEL, required=False)
    note = text(
        gettext_lazy("Note at the end"),
        LONGEST_LABEL,
        2,
        required=False,
        help_text=gettext_lazy("{receiver} and {email} are replaced by those of the unit above."),
    )
    checks = text(
        gettext_lazy("Checks"),
        20_000,
        5,
        attrs={"spellcheck": "false"},
        required=False,
        help_text=gettext_lazy(
            "One a line, such as: deployed > informed | More units have deployed than were informed. "
            "They warn and never forbid."
        ),
    )
    annexes = forms.MultipleChoiceField(
        label=gettext_lazy("Annexes"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        annexes: Any = self.fields["annexes"]
        annexes.choices = [(name, _(words)) for name, words in ANNEXES.items()]


class FieldForm(forms.Form):
    """Text of the form."""

    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    label = forms.CharField(label=gettext_lazy("Wording"), required=False, max_length=LONGEST_LABEL)
    kind = forms.ChoiceField(
        label=gettext_lazy("How long"),
        choices=[("text", gettext_lazy("several lines")), ("line", gettext_lazy("one line"))],
    )


class RowForm(forms.Form):
    """Row of the form: its wording, the number's source, how it is added up."""

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
    """A definition's texts as initial values of a WordingForm."""
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


def edited_definition(
    definition: Mapping[str, Any],
    wording: Mapping[str, Any],
    fields: list[dict[str, Any]],
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    """The definition with the changes of the forms; anything else is preserved."""
    before = {item["key"]: item for item in definition.get("general", {}).get("fields", [])}
    keys = {item["key"] for item in (*fields, *rows) if item.get("key") and item.get("label", "").strip()}
    texts = [
        {**before.get(item["key"], {}), "key": item["key"], "label": item["label"], "kind": item["kind"]}
        for item in _worded(fields, keys)
    ]
    numbers = [
        {"key": item["key"], "label": item["label"], "source": item["source"], "basis": item["basis"]}
        for item in _worded(rows, keys)
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
    checks = []
    for line in text.splitlines():
        warn, _bar, say = line.partition("|")
        if warn.strip():
            checks.append({"warn": " ".join(warn.split()), **({"say": say.strip()} if say.strip() else {})})
    return checks


def _worded(items: list[dict[str, Any]], keys: set[str]) -> list[dict[str, Any]]:
    """Items that have a wording, each with a unique key."""
    worded = []
    for item in items:
        label = item.get("label", "").strip()
        if label:
            key = item.get("key") or _key(label, keys)
            keys.add(key)
            worded.append({**item, "key": key, "label": label})
    return worded


def _key(label: str, keys: set[str]) -> str:
    plain = unicodedata.normalize("NFD", label.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
    stem = "r_" + (_NO_WORD.sub("_", plain).strip("_")[:30] or "x")
    key, number = stem, 2
    while key in keys:
        key, number = f"{stem}_{number}", number + 1
    return key

"""The details of an act in words: `count: 2` is "số lượng: 2". What has no word is shown as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Any] = {
    "active": _("reports by itself"),
    "added": _("added"),
    "after": _("after"),
    "alive_days": _("days seen alive"),
    "before": _("before"),
    "blind_after": _("blind after days"),
    "bundles": _("bundles"),
    "campaign": _("campaign"),
    "case": _("case"),
    "cases": _("cases"),
    "changes": _("changes"),
    "code": _("code"),
    "computed": _("counted by the portal"),
    "count": _("count"),
    "counter": _("running number"),
    "covered_days": _("days with logs"),
    "day": _("day"),
    "devices": _("machines"),
    "digest": _("digest"),
    "edition": _("edition"),
    "email": _("e-mail"),
    "every": _("hours between two"),
    "fields": _("fields"),
    "file": _("file"),
    "files": _("files"),
    "findings": _("findings"),
    "fingerprint": _("fingerprint"),
    "first": _("first time"),
    "found": _("found"),
    "gone": _("gone"),
    "grant": _("permission"),
    "granted": _("granted"),
    "held": _("held back"),
    "how": _("way"),
    "indicator": _("listed address"),
    "key": _("key"),
    "known": _("account known"),
    "kind": _("kind"),
    "kinds": _("kinds"),
    "lines": _("lines of logs"),
    "link": _("opened by a link"),
    "lists": _("lists"),
    "lost": _("key may be in foreign hands"),
    "machines": _("machines"),
    "name": _("name"),
    "named": _("with names"),
    "naming": _("machines are named"),
    "note": _("note"),
    "number": _("number"),
    "other": _("other unit"),
    "occasion": _("occasion"),
    "people": _("people"),
    "program": _("program"),
    "program_sha256": _("program's SHA-256"),
    "quarantined": _("put in quarantine"),
    "query": _("filter"),
    "quiet_days": _("quiet days"),
    "recipient": _("sealed to"),
    "reason": _("reason"),
    "role": _("role"),
    "search": _("searched for"),
    "searched": _("searched"),
    "sha256": _("SHA-256"),
    "show": _("shown"),
    "sightings": _("sightings"),
    "signer": _("signing key"),
    "size": _("size in bytes"),
    "state": _("state"),
    "stated": _("stated"),
    "step": _("step"),
    "texts": _("texts too"),
    "to": _("to"),
    "token": _("token"),
    "units": _("units"),
    "unknown": _("unknown there"),
    "until": _("until"),
    "url": _("address"),
    "value": _("value"),
    "values": _("values"),
    "version": _("version"),
    "way": _("way of coming"),
    "whole": _("to all units"),
    "writer": _("format"),
    "wrong": _("refused rows"),
}


CODED = frozenset({"after", "before", "how", "kind", "kinds", "role", "state", "step", "way"})
"""The details whose values are words of the models' choices."""


def told(details: Mapping[str, Any], act: str = "") -> list[tuple[str, str]]:
    """Name and value of each detail that says something, in the reader's language; `act` (`case.cleaned`) tells whose states are meant."""
    return [
        (str(NAMES.get(name, name)), _value(value, act if name in CODED else None))
        for name, value in details.items()
        if _says(value)
    ]


def _label(value: str, act: str) -> str:
    """The label of a choice: of the app that the act names, else of any, where all agree."""
    labels = _labels().get(value, {})
    own = [label for app, label in labels.items() if app.startswith(act.partition(".")[0] or "-")]
    known = set(map(str, own or labels.values()))
    return known.pop() if len(known) == 1 else value


@cache
def _labels() -> dict[str, dict[str, Any]]:
    """The labels of every choice of every model, by value and app."""
    found: dict[str, dict[str, Any]] = {}
    for model in apps.get_models():
        for field in model._meta.fields:
            for value, label in field.choices or ():
                found.setdefault(str(value), {}).setdefault(model._meta.app_label, label)
    return found


def _says(value: Any) -> bool:
    """Return whether there is something to show: "no" and 0 are, nothing is not."""
    return value is not None and value not in ("", [], {})


def _value(value: Any, act: str | None = None) -> str:
    if isinstance(value, bool):
        return _now("yes") if value else _now("no")
    if isinstance(value, list):
        return ", ".join(_value(part, act) for part in value)
    return str(value) if act is None else _label(str(value), act)

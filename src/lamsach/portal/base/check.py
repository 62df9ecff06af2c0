"""A page that shows what an outward step will do, to whom, and how it can be undone, before it is taken.

The view describes the step as a `Check` and asks `unchecked`; the first sending of its form is answered with
the page, which carries the same fields and a digest of what it showed. Only a sending with the digest of what
would happen now is taken: when something changed meanwhile, the page is shown again and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

_CONFIRMED, _TOKEN = "confirmed", "csrfmiddlewaretoken"
MOST_NAMED, IN_SIGHT = 50, 8
"""So many units are listed, so many of them at once; the rest is a number."""


@dataclass(frozen=True, slots=True)
class Check:
    """The question, its effects, facts, those whom it reaches (`count` in all), warnings, the way back."""

    title: str
    button: str
    effects: Sequence[str]
    undo: str
    back: str
    facts: Sequence[tuple[str, Any]] = ()
    names: Sequence[tuple[str, str]] = ()
    count: int = 0
    warnings: Sequence[str] = ()
    files: Sequence[tuple[str, str]] = ()
    danger: bool = False
    blocked: bool = False
    extra: dict[str, str] = field(default_factory=dict)
    campaign: Any = None
    """The campaign that the step is in, for the way there."""

    @property
    def first(self) -> Sequence[tuple[str, str]]:
        """The names in sight; the others are behind a word, so that the button is near."""
        return self.names[:IN_SIGHT]

    @property
    def rest(self) -> Sequence[tuple[str, str]]:
        """The other names."""
        return self.names[IN_SIGHT:]

    @property
    def others(self) -> int:
        """Return how many are not in sight."""
        return max(self.count - len(self.first), len(self.rest))

    @property
    def more(self) -> int:
        """Return how many are not listed by name."""
        return max(self.count - len(self.names), 0)

    @property
    def digest(self) -> str:
        """Return what tells this check from one that shows something else."""
        shown = (
            self.title,
            self.button,
            self.effects,
            self.facts,
            self.names,
            self.count,
            self.warnings,
            self.files,
        )
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def unchecked(request: HttpRequest, check: Check) -> HttpResponse | None:
    """The page to answer with; None once just this was confirmed."""
    confirmed = request.POST.get(_CONFIRMED, "")
    if confirmed == check.digest and not check.blocked:
        return None
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in (_CONFIRMED, _TOKEN) and name not in check.extra
        for value in values
    ]
    context = {
        "check": check,
        "carried": [*carried, *check.extra.items()],
        "changed": bool(confirmed),
        "address": request.get_full_path(),
        "campaign": check.campaign,
    }
    return render(request, "base/check.html", context)


def unchecked_revocation(request: HttpRequest, what: str, effect: str, back: str) -> HttpResponse | None:
    """The page before something that was given out is revoked for good."""
    check = Check(
        title=_("Revoke {what}?").format(what=what),
        button=_("Revoke it now"),
        effects=[effect],
        undo=_("This cannot be undone; make a new one if it is needed again."),
        back=back,
        danger=True,
    )
    return unchecked(request, check)

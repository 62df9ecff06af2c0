"""Confirmation page: shows an outward step's effect, recipients and undo before it is done.

The view describes the step as a `Check` and calls `confirmation_page`; the first submission is answered with
the page, which carries the same fields and a digest of what it showed. Only a submission with the digest of
the current effect is accepted: if something changed meanwhile, the page is shown again and says so.
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
"""Units listed at most, and those listed without unfolding; the rest is a number."""


@dataclass(frozen=True, slots=True)
class Check:
    """Question, effects, facts, recipients (`count` in all), warnings, and the way back."""

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
    """Campaign of the step, for the breadcrumbs."""

    @property
    def first(self) -> Sequence[tuple[str, str]]:
        """Names shown; the others are folded, so that the button stays near."""
        return self.names[:IN_SIGHT]

    @property
    def rest(self) -> Sequence[tuple[str, str]]:
        """Names folded."""
        return self.names[IN_SIGHT:]

    @property
    def others(self) -> int:
        """Number of recipients not shown."""
        return max(self.count - len(self.first), len(self.rest))

    @property
    def more(self) -> int:
        """Number of recipients not listed by name."""
        return max(self.count - len(self.names), 0)

    @property
    def digest(self) -> str:
        """Digest of what the page shows."""
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


def confirmation_page(request: HttpRequest, check: Check) -> HttpResponse | None:
    """The confirmation page; None once exactly this step was confirmed."""
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


def revocation_page(request: HttpRequest, what: str, effect: str, back: str) -> HttpResponse | None:
    """The confirmation page before the irrevocable revocation of an issued thing, such as a token."""
    check = Check(
        title=_("Revoke {what}?").format(what=what),
        button=_("Revoke it now"),
        effects=[effect],
        undo=_("This cannot be undone; make a new one if it is needed again."),
        back=back,
        danger=True,
    )
    return confirmation_page(request, check)

"""The rows of a trace in words, with the machine and the case behind each."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from lamsach.i18n import translator
from lamsach.portal.base.lists import paged
from lamsach.portal.cases.states import TONES
from lamsach.portal.traces.leading import cases_of
from lamsach.portal.traces.models import Trace, TraceRow
from lamsach.trace.model import Certainty, Why
from lamsach.trace.reasons import CERTAINTIES, TODO, WHY

_OPTION = re.compile(r" \(--[a-z-]{1,40}\)")
"""What the sentences say of the command line, which is of no use here."""


def rows_of(request: HttpRequest, trace: Trace) -> dict[str, Any]:
    """One page of the rows, and over all of them how many machines have a case, and whether a row is still a question."""
    found = trace.rows.select_related("device", "elsewhere")
    page = paged(request, found)
    cases = cases_of(trace.rows.exclude(device=None).only("device_id", "trace_id"))
    language = "en" if get_language() == "en" else "vi"
    shown = [_shown(row, language) | _of_case(cases.get(row.device_id or 0)) for row in page]
    return {
        "page": page,
        "rows": shown,
        "in_cases": len({case.pk for case in cases.values()}),
        "open": trace.rows.exclude(why="").filter(elsewhere=None).exists(),
    }


def _shown(row: TraceRow, language: str) -> dict[str, Any]:
    _ = translator(language)
    why = Why(row.why) if row.why else None
    named = row.named[0] if row.named else {}
    return {
        "row": row,
        "why": _(WHY[why]) if why else "",
        "todo": _OPTION.sub("", _(TODO[why])) if why else "",
        "machine": next((named[key] for key in ("name", "mac", "ip", "user") if named.get(key)), "–"),
        "certainty": _(CERTAINTIES[Certainty(row.certainty)]) if row.certainty else "",
    }


def _of_case(case: Any) -> dict[str, Any]:
    return {"case": case, "tone": TONES[case.state] if case else ""}

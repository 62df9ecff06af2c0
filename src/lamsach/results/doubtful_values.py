"""Sentences about listed values that need review and accuse nobody."""

from __future__ import annotations

from lamsach.i18n import counted, mark
from lamsach.indicators.review.facts import REASONS
from lamsach.model import Findings, Questioned
from lamsach.results.labels import reason_text
from lamsach.results.safe_text import clip, visible_line

TITLE = mark("To review")
INTRO = mark(
    "Contacts with these listed values make no machine infected: ordinary machines make them "
    "too. Check the list; what is meant after all counts once it is accepted (--decisions)."
)
SENTENCES: dict[str, str] = {
    **{kind.value: text for kind, text in REASONS.items()},
    "called_by_many": mark("{machines} of about {all} machines called it, more than a tenth."),
}
"""Sentence by reason code (see `model.Questioned`)."""


def explain(item: Questioned, language: str) -> str:
    """Return the reasons as sentences, with the known name or network where it is not the value itself."""
    parts = []
    for reason in item.reasons:
        about = visible_line(str(reason.values.get("about", "")))
        suffix = f" [{clip(about, 80)}]" if about and about != item.indicator else ""
        parts.append(reason_text(reason, SENTENCES, language) + suffix)
    return " ".join(parts)


def sentence(findings: Findings, language: str) -> str:
    """Return the count of listed values to review as a sentence; empty for none."""
    count = len(findings.to_look_at)
    if not count:
        return ""
    one = mark("{count} listed value needs review: contacts with it make no machine infected.")
    many = mark("{count} listed values need review: contacts with them make no machine infected.")
    return counted(count, one, many, language)

"""Built-in template tags: states, times, numbers, addresses with changed filters, tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lamsach.i18n import format_number
from lamsach.portal.base.navigation import Place, place
from lamsach.results.labels import product_title

register = template.Library()

MARKS: Mapping[str, str] = {
    "good": "✓",
    "busy": "◐",
    "bad": "!",
    "info": "•",
    "none": "○",
    "unsearched": "?",
    "late": "!",
}


@register.simple_tag(takes_context=True)
def whereabouts(context: Mapping[str, Any]) -> Place:
    """Room and tab of the page, and the rest of the navigation."""
    return place(context["request"], context) if "request" in context else Place()


@register.simple_tag
def state(tone: str, words: Any) -> SafeString:
    """State with mark, text and colour. `tone`: good, busy, bad, late, info, none, unsearched."""
    return format_html(
        '<span class="state state-{}"><span aria-hidden="true">{}</span> {}</span>',
        tone,
        MARKS.get(tone, "•"),
        words,
    )


@register.simple_tag
def when(value: datetime | None) -> SafeString | str:
    """Relative time in words; the exact time as tooltip and in print."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    exact = f"{local:%H:%M %d/%m/%Y}"
    now = timezone.now()
    if value > now:
        words = exact
    elif (now - value).total_seconds() < 60:
        words = _("just now")
    else:
        words = _("{duration} ago").format(duration=timesince(value, now, depth=1))
    return format_html(
        '<time datetime="{}" title="{}">{}</time><span class="only-print"> ({})</span>',
        local.isoformat(timespec="seconds"),
        exact,
        words,
        exact,
    )


@register.filter
def number(value: float | None) -> str:
    """Number in the format of the language."""
    return "" if value is None else format_number(value, get_language() or "vi")


@register.filter
def searched(value: int, nothing: bool) -> str:
    """Number of machines; a dash for 0 where nothing was searched."""
    return "–" if nothing and not value else number(value)


@register.filter
def product(name: str) -> str:
    """Product of a log's format, or of a source that is named after it; other names unchanged."""
    return product_title(name)


@register.filter
def size(value: int) -> str:
    """Size in B, kB, MB or GB (powers of ten)."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    decimals = 0 if unit == "B" or amount >= 100 else 1
    return f"{format_number(amount, get_language() or 'vi', decimals)} {unit}"


_BROWSERS = (
    ("coc_coc_browser", "Cốc Cốc"), ("Edg", "Edge"), ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@register.filter
def browser(agent: str) -> str:
    """User agent in two words, such as "Firefox, Windows"; an unknown one is truncated."""
    names = [next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in names if name) or agent[:80] or "–"


@register.simple_tag(takes_context=True)
def query(context: Mapping[str, Any], **changes: Any) -> str:
    """Query string of this page with some filters changed (an empty value removes one)."""
    request: HttpRequest = context["request"]
    values = request.GET.copy()
    for name, value in changes.items():
        values.pop(name, None)
        if value not in (None, ""):
            values[name] = str(value)
    text = values.urlencode()
    return f"?{text}" if text else "?"


@register.simple_tag(takes_context=True)
def cell(context: Any, column: Any, row: Any) -> str:
    """Cell of a row in a column of a `Listing`."""
    return column.render(context, row)  # type: ignore[no-any-return]


@register.simple_tag(takes_context=True)
def table(context: Any, listing: Any, rows: Any) -> str:
    """Rows in the columns of a `Listing` that is not the page's own."""
    with context.push(**listing.table(rows)):
        return str(context.template.engine.get_template("base/rows.html").render(context))

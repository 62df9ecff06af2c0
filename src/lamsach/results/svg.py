"""Timeline of a device as an inline SVG: contacts per day, drawn for the page's own colours.

Zero based, with values at the bars and blind days hatched. The page shows the same figures in a table below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from markupsafe import Markup

from lamsach.i18n import counted, format_date, format_number, translator

_WIDTH = 560
_HEIGHT = 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 8, 36, 54
_MOST_BARS = 62
MOST_LABELS = 31
"""Maximum number of bars up to which every bar shows its number."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its days, their contacts, and days without observers (`blind`) or with some (`dim`)."""

    first: date
    last: date
    count: int
    blind: int
    dim: int


def bars(days: Mapping[date, int], first: date, last: date, blind: Set[date], dim: Set[date]) -> list[Bar]:
    """Return the bars from day to day, of as many days each as keep the chart readable."""
    span = (last - first).days + 1
    width = -(-span // _MOST_BARS)

    def placed(counts: Mapping[date, int]) -> Counter[int]:
        sums: Counter[int] = Counter()
        for day, count in counts.items():
            if first <= day <= last:
                sums[(day - first).days // width] += count
        return sums

    contacts, no_log, some_log = placed(days), placed(dict.fromkeys(blind, 1)), placed(dict.fromkeys(dim, 1))
    return [
        Bar(
            first + timedelta(days=place * width),
            first + timedelta(days=min((place + 1) * width, span) - 1),
            contacts[place],
            no_log[place],
            some_log[place],
        )
        for place in range(-(-span // width))
    ]


def timeline(shown: list[Bar], title: str, language: str) -> Markup:
    """Draw the SVG. `title` names the chart for screen readers; it may contain any text."""
    translate = translator(language)
    step = (_WIDTH - _LEFT - _RIGHT) / len(shown)
    plot = _HEIGHT - _TOP - _BOTTOM
    most = max((bar.count for bar in shown), default=0) or 1
    base = _TOP + plot
    tick_step = max(1, -(-len(shown) // 8))
    parts = [_axes(translate("Contacts"), _day_title(shown, language), most, base, language)]
    for place, bar in enumerate(shown):
        left = _LEFT + place * step
        parts.append(_bar(bar, left, step, plot * bar.count / most, base, translate("blind")))
        if bar.count and (len(shown) <= MOST_LABELS or bar.count == most):
            number = format_number(bar.count, language)
            top = base - plot * bar.count / most - 5
            parts.append(_text(left + step / 2, top, number, "middle", "value"))
        if place % tick_step == 0:
            anchor = "start" if place == 0 else "middle"
            kind = "tick odd" if place // tick_step % 2 else "tick"
            parts.append(
                _text(left + (0 if place == 0 else step / 2), base + 24, f"{bar.first:%d/%m}", anchor, kind)
            )
    opening = Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        _WIDTH, _HEIGHT, title
    )
    return opening + Markup("").join(parts) + Markup("</svg>")


def strip(shown: list[Bar], title: str) -> Markup:
    """Draw a strip of the bars' days: solid for contacts, hatched for blind days, a line for logs only.

    Adjacent days of a kind share a path, so that a table of many machines stays small.
    """
    step = _WIDTH / len(shown)
    kinds = ["bar" if bar.count else "blind" if bar.blind else "quiet" for bar in shown]
    drawn = Markup("")
    for kind, top, height in (("quiet", 15, 2), ("blind", 0, 32), ("bar", 0, 32)):
        path, at = "", 0
        for matches, run in groupby(kinds, key=kind.__eq__):
            count = len(list(run))
            if matches:
                width = _n(count * step)
                path += f"M{_n(at * step)} {top}h{width}v{height}h-{width}z"
            at += count
        if path:
            fill = Markup(' fill="url(#hatch)"') if kind == "blind" else Markup("")
            drawn += Markup('<path class="{}" d="{}"{}/>').format(kind, path, fill)
    opening = Markup(
        '<svg class="strip" viewBox="0 0 {} 32" preserveAspectRatio="none" role="img" aria-label="{}">'
    )
    return opening.format(_WIDTH, title) + drawn + Markup("</svg>")


def _day_title(shown: list[Bar], language: str) -> str:
    width = (shown[0].last - shown[0].first).days + 1
    if width == 1:
        return translator(language)("Day")
    return counted(width, "{count} day a bar", "{count} days a bar", language)


def _axes(up: str, along: str, most: int, base: float, language: str) -> Markup:
    lines = Markup('<path class="axis" d="M{0} {1}V{2}H{3}"/>').format(
        _LEFT, _TOP - 4, _n(base), _WIDTH - _RIGHT
    )
    return (
        lines
        + _text(4, 18, up, "start", "title")
        + _text(_WIDTH - _RIGHT, _HEIGHT - 6, along, "end", "title")
        + _text(_LEFT - 6, base, "0", "end")
        + _text(_LEFT - 6, _TOP + 5, format_number(most, language), "end")
    )


def _bar(bar: Bar, left: float, step: float, height: float, base: float, blind: str) -> Markup:
    gap = min(3.0, step * 0.15)
    x, width = _n(left + gap), _n(step - 2 * gap)
    tip = f"{format_date(bar.first)}: {bar.count}"
    drawn = Markup("")
    if bar.blind:
        drawn += Markup(
            '<rect class="blind" x="{}" y="{}" width="{}" height="{}" '
            'fill="url(#hatch)"><title>{}</title></rect>'
        ).format(x, _TOP, width, _n(base - _TOP), f"{format_date(bar.first)}: {blind}")
        if step >= 20 and not bar.count:
            drawn += _text(left + step / 2, base - 6, blind, "middle", "value")
    elif bar.dim:
        drawn += Markup(
            '<rect class="blind" x="{}" y="{}" width="{}" height="8" fill="url(#hatch)"/>'
        ).format(x, _n(base + 1), width)
    if bar.count:
        drawn += Markup(
            '<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
        ).format(x, _n(base - height), width, _n(max(height, 1)), tip)
    return drawn


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, _n(x), _n(y), anchor, text
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

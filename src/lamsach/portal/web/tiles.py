"""Map of a subtree: a tile per unit by branch, coloured by answer or machines; and its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.coverage import WORDS, states
from lamsach.portal.cases.models import CaseState
from lamsach.portal.cases.tally import OPEN, spans_on
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day, today, under
from lamsach.portal.web.tree import ANSWERS, answer_of, answers

STEP, COLUMNS = 18, 20
"""Distance of tiles in pixels, and tiles per line."""
MOST = 10_000
"""Maximum tiles of a branch; of larger ones only the table is shown."""
MACHINES: Mapping[str, tuple[str, Any]] = {
    "open": ("bad", _("machines to be handled")),
    "working": ("busy", _("machines being handled")),
    "blind": ("unsearched", _("machines blind: logs missing")),
    "cleaned": ("info", _("machines cleaned, not verified yet")),
    "verified": ("good", _("all machines verified clean")),
    "searched": ("good", _("logs searched, no machine found")),
    "part": ("none", WORDS["part"]),
    "shared": ("none", WORDS["shared"]),
    "not_searched": ("unsearched", WORDS["not_searched"]),
}
"""States of a unit's own machines, worst first: tone and label."""
_GROUPS: dict[str, str] = {
    **dict.fromkeys(OPEN, "open"),
    CaseState.WORKING: "working",
    CaseState.BLIND: "blind",
    CaseState.CLEANED: "cleaned",
    CaseState.VERIFIED: "verified",
}
KINDS = {"answers": ANSWERS, "machines": MACHINES}


@dataclass(frozen=True, slots=True)
class Tile:
    """Tile of a unit with position, tone and label."""

    unit: int
    name: str
    key: str
    tone: str
    words: Any
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Subtree of a unit directly under the root, or the root itself; `sums`: units by state."""

    unit: Unit
    tiles: tuple[Tile, ...]
    sums: tuple[int, ...]
    width: int = STEP * COLUMNS

    @property
    def height(self) -> int:
        """Height of the picture."""
        return STEP * -(-len(self.tiles) // COLUMNS)


def branches(campaign: Campaign, root: Unit, kind: str) -> list[Branch]:
    """Build the map in a fixed number of queries."""
    day, words = today(), KINDS[kind]
    links_down = under([root.pk], day)
    units = list(
        answers(Unit.objects.filter(pk__in=links_down.values("descendant")), campaign).order_by("code")
    )
    heads = links_down.filter(distance=1).values("descendant")
    links = UnitLink.objects.filter(on_day(day), ancestor__in=heads)
    branch_of = dict(links.values_list("descendant", "ancestor"))
    keys = {unit.pk: answer_of(unit) for unit in units} if kind == "answers" else _machines(campaign, root)
    by_head: dict[int, list[Unit]] = {}
    for unit in units:
        by_head.setdefault(branch_of.get(unit.pk, root.pk), []).append(unit)
    by_id = {unit.pk: unit for unit in units}
    return [_branch(by_id[head], inner, keys, words) for head, inner in by_head.items()]


def _branch(
    head: Unit, units: list[Unit], keys: Mapping[int, str], words: Mapping[str, tuple[str, Any]]
) -> Branch:
    tiles = tuple(
        Tile(
            unit.pk,
            unit.name,
            keys[unit.pk],
            *words[keys[unit.pk]],
            STEP * (index % COLUMNS),
            STEP * (index // COLUMNS),
        )
        for index, unit in enumerate(units)
    )
    sums = tuple(sum(tile.key == key for tile in tiles) for key in words)
    return Branch(head, tiles if len(tiles) <= MOST else (), sums)


def _machines(campaign: Campaign, root: Unit) -> dict[int, str]:
    """Worst state of each unit's own machines; without machines, the state of its log search."""
    order = list(MACHINES)
    result = states(campaign, root.pk)
    for unit, state in (
        spans_on(campaign, today())
        .filter(unit__in=under([root.pk]).values("descendant"))
        .values_list("unit", "state")
        .distinct()
        .order_by("unit")
    ):
        group = _GROUPS.get(state)
        if group is not None and unit in result:
            result[unit] = min(result[unit], group, key=order.index)
    return result

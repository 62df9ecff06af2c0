"""Counters of what is under a unit: kept with the data, equal to a recount at every moment, never waited for.

A table of `Counter` has two kinds of rows: the facts of a unit alone (`facts`), and the sums of everything
under it, itself included, each with the day from which it counts. A step writes neither: triggers note in its
transaction whose facts it changed (`Changed`, a row of its own, so that no two steps wait for each other),
and `fold`, called by the worker, carries that into the counters. Whoever reads adds to the sums what is noted
and not folded yet, in one statement, so that a number never depends on whether it was. A change of the tree
carries a unit's facts to the units that it comes to be under by triggers of the links; only these and `fold`
write counters, one at a time (on PostgreSQL by a lock of their own).
"""

# ruff: noqa: S608 - statements of our own names, numbers and days
from __future__ import annotations

import hashlib
from collections import Counter as Sums
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction

from lamsach.portal.units.facts import SOURCES, UNITS, everyone, facts, literal, looked_up, once
from lamsach.portal.units.models import FOREVER, Changed, Counter

ALONE, WHOLE, STAGED = range(3)
"""What a row of `Counter` is about: a unit alone, all under it, or (within `fold`) changes of it alone."""
PART = 5000
"""So many notes are folded at once."""
LINKS = "units_unitlink"
_LOCK = 0x4C616D73
_MARK = "counted_"
_ADD = "ON CONFLICT (scope, unit, campaign, what, day) DO UPDATE SET n = units_counter.n + excluded.n"
_INTO = "INSERT INTO units_counter (scope, campaign, unit, what, day, n)"


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of a unit by `what`: with everything under it, and of the unit alone."""

    whole: Sums[str] = field(default_factory=Sums)
    alone: Sums[str] = field(default_factory=Sums)

    @property
    def below(self) -> Sums[str]:
        """Everything under the unit, without itself."""
        return Sums({what: n - self.alone[what] for what, n in self.whole.items()})


def read(campaigns: Collection[int], units: Collection[int], day: date) -> dict[tuple[int, int], Figures]:
    """Return the figures of units in campaigns (0: what is in none) on a day, in one statement."""
    if not units:
        return {}
    numbers = ", ".join(str(int(unit)) for unit in units)
    wanted = ", ".join(str(int(campaign)) for campaign in {0, *campaigns})
    found = {(campaign, unit): Figures() for unit in units for campaign in {0, *campaigns}}
    with connection.cursor() as cursor:
        cursor.execute(_reading(numbers, wanted, day))
        for scope, campaign, unit, what, n in cursor.fetchall():
            figures = found[campaign, unit]
            (figures.whole if scope == WHOLE else figures.alone)[what] = int(n)
    for (campaign, unit), figures in found.items():
        if campaign:
            figures.whole.update(found[0, unit].whole)
            figures.alone.update(found[0, unit].alone)
    return found


def _reading(numbers: str, wanted: str, day: date) -> str:
    on = literal(day)
    valid = f"l.valid_from <= {on} AND l.valid_until > {on}"
    above = f"l.descendant_id = d.unit_id AND l.ancestor_id IN ({numbers}) AND {valid}"
    noted = "SELECT DISTINCT campaign AS campaign_id, unit AS unit_id "
    noted += f"FROM units_changed WHERE campaign IN ({wanted})"
    links = looked_up(LINKS, "l", above)
    places = f"SELECT d.campaign_id, d.unit_id, l.ancestor_id, l.distance FROM noted d {links}"
    tables, held = facts("SELECT DISTINCT campaign_id, unit_id FROM places", day)
    itself = f"FROM {LINKS} l {{}} WHERE l.distance = 0 AND l.descendant_id IN ({numbers}) AND {valid}"
    own = itself.format(f"JOIN units_counter c ON c.scope = {ALONE} AND c.unit = l.descendant_id")
    return (
        f"WITH {once('noted', noted)}, {once('places', places)}, {tables}, pending AS ({held} "
        f"UNION ALL SELECT c.campaign, c.unit, c.what, c.day, -c.n FROM dirty d {_former()} "
        f"WHERE c.day <= {on}) "
        "SELECT scope, campaign, unit, what, SUM(n) FROM ("
        f"SELECT scope, campaign, unit, what, n FROM units_counter WHERE scope = {WHOLE} "
        f"AND unit IN ({numbers}) AND campaign IN ({wanted}) AND day <= {on} "
        f"UNION ALL SELECT {ALONE}, c.campaign, c.unit, c.what, c.n {own} "
        f"AND c.campaign IN ({wanted}) AND c.day <= {on} "
        f"UNION ALL SELECT {ALONE}, 0, l.descendant_id, '{UNITS}', 1 {itself.format('')} "
        "UNION ALL SELECT z.scope, f.campaign_id, p.ancestor_id, f.what, f.n FROM pending f "
        "JOIN places p ON p.campaign_id = f.campaign_id AND p.unit_id = f.unit_id "
        f"JOIN (SELECT {WHOLE} AS scope UNION ALL SELECT {ALONE}) z ON z.scope = {WHOLE} OR p.distance = 0"
        ") AS rows_ GROUP BY scope, campaign, unit, what"
    )


def _former() -> str:
    """Join to the facts of dirty units as they were folded last."""
    same = f"c.scope = {ALONE} AND c.unit = d.unit_id AND c.campaign = d.campaign_id"
    return looked_up("units_counter", "c", same)


def _spread(own: str, links: str, *, units: bool) -> str:
    """Return the statement that adds facts to the sums of all units above: for as long as each link lasts.

    `own`: rows of campaign, unit, what, day, n. `links`: rows of links, each with a `sign`. `units`: count
    the units too.
    """
    lasting = "l.valid_from < l.valid_until"
    ends = f"l.valid_until < {literal(FOREVER)}"
    facts_of = (
        f"FROM {links} l JOIN {own} o ON o.unit = l.descendant_id WHERE o.day < l.valid_until AND {lasting}"
    )
    parts = [
        "SELECT o.campaign AS campaign, l.ancestor_id AS unit, o.what AS what, "
        "CASE WHEN o.day > l.valid_from THEN o.day ELSE l.valid_from END AS day, "
        f"o.n * l.sign AS n {facts_of}",
        f"SELECT o.campaign, l.ancestor_id, o.what, l.valid_until, -o.n * l.sign {facts_of} AND {ends}",
    ]
    if units:
        parts += [
            f"SELECT 0, l.ancestor_id, '{UNITS}', l.valid_from, l.sign FROM {links} l WHERE {lasting}",
            f"SELECT 0, l.ancestor_id, '{UNITS}', l.valid_until, -l.sign FROM {links} l "
            f"WHERE {lasting} AND {ends}",
        ]
    return (
        f"{_INTO} SELECT {WHOLE}, campaign, unit, what, day, SUM(n) FROM ({' UNION ALL '.join(parts)}) "
        f"AS parts GROUP BY campaign, unit, what, day HAVING SUM(n) <> 0 {_ADD}"
    )


def _rows(scope: int) -> str:
    return f"(SELECT campaign, unit, what, day, n FROM units_counter WHERE scope = {scope})"


_ALL_LINKS = f"(SELECT ancestor_id, descendant_id, valid_from, valid_until, 1 AS sign FROM {LINKS})"


def fold() -> int:
    """Carry what is noted into the counters; how many notes.

    None while a change of the tree, or another worker, is at them.
    """
    count = 0
    while Changed.objects.exists() and (some := _fold_some()):  # with nothing noted no transaction
        count += some
    return count


@transaction.atomic
def _fold_some() -> int:
    if not _alone(wait=False):
        return 0
    notes = Changed.objects.order_by("campaign", "unit").values_list("pk", "campaign", "unit")[:PART]
    if taken := list(notes):
        _fold({(campaign, unit) for _, campaign, unit in taken})
        Changed.objects.filter(pk__in=[pk for pk, _, _ in taken]).delete()
    return len(taken)


def _fold(pairs: set[tuple[int, int]]) -> None:
    listed = ", ".join(f"({campaign}, {unit})" for campaign, unit in sorted(pairs))
    tables, held = facts("SELECT * FROM pairs")
    _run(
        f"{_INTO} WITH pairs(campaign_id, unit_id) AS (VALUES {listed}), {tables}, changes AS ({held} "
        f"UNION ALL SELECT c.campaign, c.unit, c.what, c.day, -c.n FROM dirty d {_former()}) "
        f"SELECT {STAGED}, campaign_id, unit_id, what, day, SUM(n) FROM changes "
        "GROUP BY campaign_id, unit_id, what, day HAVING SUM(n) <> 0"
    )
    _run(_spread(_rows(STAGED), _ALL_LINKS, units=False))
    _run(
        f"{_INTO} SELECT {ALONE}, campaign, unit, what, day, n FROM {_rows(STAGED)} AS c WHERE n <> 0 {_ADD}",
        f"DELETE FROM units_counter WHERE scope IN ({ALONE}, {WHOLE}) AND n = 0 AND unit IN ("
        f"SELECT l.ancestor_id FROM {LINKS} l JOIN {_rows(STAGED)} c ON c.unit = l.descendant_id)",
        f"DELETE FROM units_counter WHERE scope = {STAGED}",
    )


@transaction.atomic
def recount() -> None:
    """Count everything anew."""
    _alone(wait=True)
    Changed.objects.all().delete()
    Counter.objects.all().delete()
    tables, held = facts(everyone())
    _run(
        f"{_INTO} WITH {tables}, counted AS ({held}) SELECT {ALONE}, campaign_id, unit_id, what, day, SUM(n) "
        "FROM counted GROUP BY campaign_id, unit_id, what, day HAVING SUM(n) <> 0"
    )
    _run(_spread(_rows(ALONE), _ALL_LINKS, units=True))


def _alone(*, wait: bool) -> bool:
    """Take the lock of those who write counters until the end of the transaction.

    SQLite has one writer at a time.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_{'' if wait else 'try_'}advisory_xact_lock({_LOCK})")
        return bool(wait or cursor.fetchone()[0])


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install() -> None:
    """Lay the triggers, and count anew, where those of this version are not there."""
    held, wanted = _laid(), _triggers()
    if wanted.keys() == held:
        return
    with transaction.atomic():
        for name in held:
            _run(f"DROP FUNCTION {name}() CASCADE" if _server() else f"DROP TRIGGER {name}")
        for statements in wanted.values():
            _run(*statements)
        recount()


def _server() -> bool:
    return connection.vendor == "postgresql"


def _laid() -> set[str]:
    """The names of our triggers that are in the database."""
    catalogue = "tgname FROM pg_trigger" if _server() else "name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {catalogue}")
        return {name for (name,) in cursor.fetchall() if name.startswith(_MARK)}


def _triggers() -> dict[str, list[str]]:
    """Our triggers by name, with the statements that lay each.

    A change of a source is noted, one of a link carries the facts of its unit over.
    """
    declared = (SOURCES, facts(""), facts("", FOREVER), _spread("", "", units=True))
    mark = hashlib.sha256(repr(declared).encode()).hexdigest()[:12]
    found = {}
    for table in (*SOURCES, LINKS):
        for operation, seen in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
            name = f"{_MARK}{table}_{operation.lower()}_{mark}"
            body = _carried(seen) if table == LINKS else _noted(seen)
            tables = " ".join(f"{one} TABLE AS {one.lower()}_rows" for one in seen)
            event = f"AFTER {operation} ON {table} REFERENCING {tables}"
            found[name] = (
                _on_server(name, event, body)
                if _server()
                else [f"CREATE TRIGGER {name} AFTER {operation} ON {table} BEGIN {body}; END"]
            )
    if (
        _server()
    ):  # before a link is touched, so that changes of the tree take the lock and the links in one order
        name = f"{_MARK}first_{mark}"
        event = f"BEFORE INSERT OR UPDATE OR DELETE ON {LINKS}"
        found[name] = _on_server(name, event, f"PERFORM pg_advisory_xact_lock({_LOCK})")
    return found


def _on_server(name: str, event: str, body: str) -> list[str]:
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN {body}; RETURN NULL; END $$",
        f"CREATE TRIGGER {name} {event} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def _seen(one: str, *columns: str, more: str = "") -> str:
    """Return a query of what a trigger sees: all rows of a statement, or (SQLite) one row at a time."""
    listed = ", ".join(columns if _server() else (f"{one}.{column} AS {column}" for column in columns))
    return f"SELECT {listed}{more}" + (f" FROM {one.lower()}_rows" if _server() else "")


def _noted(seen: Collection[str]) -> str:
    rows = " UNION ALL ".join(_seen(one, "campaign_id", "unit_id") for one in seen)
    return f"INSERT INTO units_changed (campaign, unit) SELECT DISTINCT * FROM ({rows}) AS rows_"


def _carried(seen: Collection[str]) -> str:
    columns = ("ancestor_id", "descendant_id", "valid_from", "valid_until")
    rows = [_seen(one, *columns, more=f", {1 if one == 'NEW' else -1} AS sign") for one in seen]
    return _spread(_rows(ALONE), f"({' UNION ALL '.join(rows)})", units=True)

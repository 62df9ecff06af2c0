"""Counters of subtrees, equal to a recount at every moment, without lock contention between steps.

The table `Counter` has the facts of single units (`facts`) and the sums of subtrees, each valid from a day.
Steps write neither: triggers note in their transaction the units with changed facts (`Changed`, a new row
each, so steps never wait for each other), and `fold`, called by the worker, updates the counters. `read` adds
changes not folded yet, in one statement. On a change of the tree, triggers of the links carry a unit's facts
to its new ancestors. Only these triggers and `fold` write counters, one at a time (on PostgreSQL by an
advisory lock).
"""

# ruff: noqa: S608 - statements of our own names, numbers and days
from __future__ import annotations

import hashlib
from collections import Counter as Sums
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction

from lamsach.portal.units.facts import SOURCES, UNITS, all_pairs, cte, facts, literal, lookup_join
from lamsach.portal.units.models import FOREVER, Changed, Counter

ALONE, WHOLE, STAGED = range(3)
"""Scopes of `Counter`: a unit alone, its subtree, or (within `fold`) staged changes of a unit alone."""
PART = 5000
"""Batch size of `fold`, in notes."""
LINKS = "units_unitlink"
_LOCK = 0x4C616D73
_MARK = "counted_"
_ADD = "ON CONFLICT (scope, unit, campaign, what, day) DO UPDATE SET n = units_counter.n + excluded.n"
_INTO = "INSERT INTO units_counter (scope, campaign, unit, what, day, n)"


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of a unit by `what`: of its subtree (`whole`) and of the unit alone."""

    whole: Sums[str] = field(default_factory=Sums)
    alone: Sums[str] = field(default_factory=Sums)

    @property
    def below(self) -> Sums[str]:
        """Sums of the subtree without the unit itself."""
        return Sums({what: n - self.alone[what] for what, n in self.whole.items()})


def read(campaigns: Collection[int], units: Collection[int], day: date) -> dict[tuple[int, int], Figures]:
    """Read the figures of units in campaigns (0: facts of no campaign) on a day, in one statement."""
    if not units:
        return {}
    numbers = ", ".join(str(int(unit)) for unit in units)
    campaign_ids = ", ".join(str(int(campaign)) for campaign in {0, *campaigns})
    result = {(campaign, unit): Figures() for unit in units for campaign in {0, *campaigns}}
    with connection.cursor() as cursor:
        cursor.execute(_read_statement(numbers, campaign_ids, day))
        for scope, campaign, unit, what, n in cursor.fetchall():
            figures = result[campaign, unit]
            (figures.whole if scope == WHOLE else figures.alone)[what] = int(n)
    for (campaign, unit), figures in result.items():
        if campaign:
            figures.whole.update(result[0, unit].whole)
            figures.alone.update(result[0, unit].alone)
    return result


def _read_statement(numbers: str, campaign_ids: str, day: date) -> str:
    on = literal(day)
    valid = f"l.valid_from <= {on} AND l.valid_until > {on}"
    above = f"l.descendant_id = d.unit_id AND l.ancestor_id IN ({numbers}) AND {valid}"
    noted = "SELECT DISTINCT campaign AS campaign_id, unit AS unit_id "
    noted += f"FROM units_changed WHERE campaign IN ({campaign_ids})"
    links = lookup_join(LINKS, "l", above)
    places = f"SELECT d.campaign_id, d.unit_id, l.ancestor_id, l.distance FROM noted d {links}"
    tables, held = facts("SELECT DISTINCT campaign_id, unit_id FROM places", day)
    itself = f"FROM {LINKS} l {{}} WHERE l.distance = 0 AND l.descendant_id IN ({numbers}) AND {valid}"
    own = itself.format(f"JOIN units_counter c ON c.scope = {ALONE} AND c.unit = l.descendant_id")
    return (
        f"WITH {cte('noted', noted)}, {cte('places', places)}, {tables}, pending AS ({held} "
        f"UNION ALL SELECT c.campaign, c.unit, c.what, c.day, -c.n FROM dirty d {_former()} "
        f"WHERE c.day <= {on}) "
        "SELECT scope, campaign, unit, what, SUM(n) FROM ("
        f"SELECT scope, campaign, unit, what, n FROM units_counter WHERE scope = {WHOLE} "
        f"AND unit IN ({numbers}) AND campaign IN ({campaign_ids}) AND day <= {on} "
        f"UNION ALL SELECT {ALONE}, c.campaign, c.unit, c.what, c.n {own} "
        f"AND c.campaign IN ({campaign_ids}) AND c.day <= {on} "
        f"UNION ALL SELECT {ALONE}, 0, l.descendant_id, '{UNITS}', 1 {itself.format('')} "
        "UNION ALL SELECT z.scope, f.campaign_id, p.ancestor_id, f.what, f.n FROM pending f "
        "JOIN places p ON p.campaign_id = f.campaign_id AND p.unit_id = f.unit_id "
        f"JOIN (SELECT {WHOLE} AS scope UNION ALL SELECT {ALONE}) z ON z.scope = {WHOLE} OR p.distance = 0"
        ") AS rows_ GROUP BY scope, campaign, unit, what"
    )


def _former() -> str:
    same = f"c.scope = {ALONE} AND c.unit = d.unit_id AND c.campaign = d.campaign_id"
    return lookup_join("units_counter", "c", same)


def _spread(own: str, links: str, *, units: bool) -> str:
    """Build the statement that adds facts to the sums of all ancestors, for the validity of each link.

    `own`: rows of campaign, unit, what, day, n. `links`: links with a `sign`. `units`: count units, too.
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
    """Fold noted changes into the counters; return the count of notes.

    0 while a change of the tree, or another worker, holds the lock.
    """
    count = 0
    while Changed.objects.exists() and (folded := _fold_some()):  # with nothing noted no transaction
        count += folded
    return count


@transaction.atomic
def _fold_some() -> int:
    if not _lock(wait=False):
        return 0
    notes = Changed.objects.order_by("campaign", "unit").values_list("pk", "campaign", "unit")[:PART]
    if batch := list(notes):
        _fold({(campaign, unit) for _, campaign, unit in batch})
        Changed.objects.filter(pk__in=[pk for pk, _, _ in batch]).delete()
    return len(batch)


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
    """Rebuild all counters."""
    _lock(wait=True)
    Changed.objects.all().delete()
    Counter.objects.all().delete()
    tables, held = facts(all_pairs())
    _run(
        f"{_INTO} WITH {tables}, counted AS ({held}) SELECT {ALONE}, campaign_id, unit_id, what, day, SUM(n) "
        "FROM counted GROUP BY campaign_id, unit_id, what, day HAVING SUM(n) <> 0"
    )
    _run(_spread(_rows(ALONE), _ALL_LINKS, units=True))


def _lock(*, wait: bool) -> bool:
    """Lock the counters for writing until the transaction ends; SQLite has a single writer anyway."""
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
    """Create the triggers and rebuild the counters, unless the triggers of this version exist."""
    present, triggers = _present(), _triggers()
    if triggers.keys() == present:
        return
    with transaction.atomic():
        for name in present:
            _run(f"DROP FUNCTION {name}() CASCADE" if _server() else f"DROP TRIGGER {name}")
        for statements in triggers.values():
            _run(*statements)
        recount()


def _server() -> bool:
    return connection.vendor == "postgresql"


def _present() -> set[str]:
    catalogue = "tgname FROM pg_trigger" if _server() else "name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {catalogue}")
        return {name for (name,) in cursor.fetchall() if name.startswith(_MARK)}


def _triggers() -> dict[str, list[str]]:
    """Our triggers by name, with the statements that create each.

    Changes of a source are noted; changes of a link carry the facts of its unit over.
    """
    declared = (SOURCES, facts(""), facts("", FOREVER), _spread("", "", units=True))
    mark = hashlib.sha256(repr(declared).encode()).hexdigest()[:12]
    triggers = {}
    for table in (*SOURCES, LINKS):
        for operation, versions in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
            name = f"{_MARK}{table}_{operation.lower()}_{mark}"
            body = _carried(versions) if table == LINKS else _noted(versions)
            tables = " ".join(f"{version} TABLE AS {version.lower()}_rows" for version in versions)
            event = f"AFTER {operation} ON {table} REFERENCING {tables}"
            triggers[name] = (
                _on_server(name, event, body)
                if _server()
                else [f"CREATE TRIGGER {name} AFTER {operation} ON {table} BEGIN {body}; END"]
            )
    if _server():  # changes of the tree lock the counters before the links: a fixed lock order
        name = f"{_MARK}first_{mark}"
        event = f"BEFORE INSERT OR UPDATE OR DELETE ON {LINKS}"
        triggers[name] = _on_server(name, event, f"PERFORM pg_advisory_xact_lock({_LOCK})")
    return triggers


def _on_server(name: str, event: str, body: str) -> list[str]:
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN {body}; RETURN NULL; END $$",
        f"CREATE TRIGGER {name} {event} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def _visible(version: str, *columns: str, more: str = "") -> str:
    """Query of the rows that a trigger sees: all of a statement, or (SQLite) a single one."""
    listed = ", ".join(columns if _server() else (f"{version}.{column} AS {column}" for column in columns))
    return f"SELECT {listed}{more}" + (f" FROM {version.lower()}_rows" if _server() else "")


def _noted(versions: Collection[str]) -> str:
    rows = " UNION ALL ".join(_visible(version, "campaign_id", "unit_id") for version in versions)
    return f"INSERT INTO units_changed (campaign, unit) SELECT DISTINCT * FROM ({rows}) AS rows_"


def _carried(versions: Collection[str]) -> str:
    columns = ("ancestor_id", "descendant_id", "valid_from", "valid_until")
    rows = [
        _visible(version, *columns, more=f", {1 if version == 'NEW' else -1} AS sign") for version in versions
    ]
    return _spread(_rows(ALONE), f"({' UNION ALL '.join(rows)})", units=True)

"""Facts that the counters count, declared once as SQL for SQLite and PostgreSQL.

Facts of a unit in a campaign are rows (campaign_id, unit_id, what, day, n), whose sum up to a day holds on
that day, so no row changes when a day passes. `counters` adds the facts of a unit to all its ancestors.
"""

# ruff: noqa: S608 - statements of our own names, numbers and days
from __future__ import annotations

from datetime import date

from django.db import connection

from lamsach.portal.units.models import FOREVER

SOURCES = ("campaigns_participation", "reports_report", "cases_span")
"""Tables with `campaign_id` and `unit_id` whose rows affect the facts of their unit."""
UNITS = "units"
"""Count of units, in no campaign (0), from the links of the tree alone."""

_SINCE = {
    "sent": "p.sent_on",
    "opened": "p.opened_on",
    "informed": "p.informed_on",
    "deployed": "p.deployed_on",
    "acknowledge_late": "{after_acknowledge}",
    "deploy_late": "{after_deploy}",
    "reported": "CASE WHEN p.reported_on IS NOT NULL THEN {ever} ELSE "
    "(SELECT MIN({ever}) FROM reports_report r "
    "WHERE r.campaign_id = d.campaign_id AND r.unit_id = d.unit_id AND r.state IN ('sent', 'frozen')) END",
}
"""First day on which each holds for a unit (NULL: never). `p`: its participation, if any."""
_LATE = "(sent AND (acknowledge_late AND NOT informed OR deploy_late AND NOT deployed))"
_FACTS = {
    **{name: name for name in ("sent", "opened", "informed", "deployed", "reported")},
    "late": _LATE,
    "bar.reported": f"reported AND NOT {_LATE}",
    "bar.deployed": f"deployed AND NOT reported AND NOT {_LATE}",
    "bar.informed": f"informed AND NOT deployed AND NOT reported AND NOT {_LATE}",
}
"""Counted facts, as conditions on the above. `bar.`: disjoint parts of the board's bars."""


def literal(day: date) -> str:
    """Return the SQL literal of a day."""
    return f"DATE '{day}'" if connection.vendor == "postgresql" else f"'{day}'"


def lookup_join(table: str, name: str, condition: str, kind: str = "JOIN") -> str:
    """Build a join that looks rows up one by one, by an index.

    PostgreSQL overestimates the changed units and would scan whole tables.
    """
    if connection.vendor != "postgresql":
        return f"{kind} {table} {name} ON {condition}"
    return f"{kind} LATERAL (SELECT * FROM {table} {name} WHERE {condition} OFFSET 0) {name} ON TRUE"


def cte(name: str, query: str) -> str:
    """Build a common table expression that is computed once."""
    return f"{name} AS {'MATERIALIZED ' if connection.vendor == 'postgresql' else ''}({query})"


EVER = date.min
_SAME = "{0}.campaign_id = d.campaign_id AND {0}.unit_id = d.unit_id"


def _columns() -> str:
    following = "({} + 1)" if connection.vendor == "postgresql" else "date({}, '+1 day')"
    filled = {
        "ever": literal(EVER),
        "after_acknowledge": following.format("p.acknowledge_due"),
        "after_deploy": following.format("p.deploy_due"),
    }
    return ", ".join(f"{since.format(**filled)} AS {name}" for name, since in _SINCE.items())


def _tables(dirty: str, day: date | None) -> str:
    """Common tables of a query: `dirty` units, first days of their facts (`known`), facts that `held`."""
    part = lookup_join("campaigns_participation", "p", _SAME.format("p"), "LEFT JOIN")
    known = cte("known", f"SELECT d.campaign_id, d.unit_id, {_columns()} FROM dirty d {part}")
    tables = f"{cte('dirty', dirty)}, {known}"
    if day is not None:
        held = ", ".join(f"COALESCE({name} <= {literal(day)}, FALSE) AS {name}" for name in _SINCE)
        columns = f"campaign_id, unit_id, {literal(day)} AS day, 1 AS n, {held}"
        return f"{tables}, held AS (SELECT {columns} FROM known)"
    moments = " UNION ".join(
        f"SELECT campaign_id, unit_id, {name} AS day FROM known WHERE {name} IS NOT NULL" for name in _SINCE
    )
    held = ", ".join(
        f"COALESCE(k.{name} < m.day OR k.{name} = m.day AND s.n = 1, FALSE) AS {name}" for name in _SINCE
    )
    return (
        f"{tables}, moments AS ({moments}), "
        f"held AS (SELECT k.campaign_id, k.unit_id, m.day, s.n, {held} FROM known k "
        "JOIN moments m ON m.campaign_id = k.campaign_id AND m.unit_id = k.unit_id "
        "CROSS JOIN (SELECT 1 AS n UNION ALL SELECT -1) s)"
    )


def facts(dirty: str, day: date | None = None) -> tuple[str, str]:
    """Build common tables and a query of the facts of units, of all days or as of one day.

    `dirty`: a query of distinct (campaign_id, unit_id). The rows are campaign_id, unit_id, what, day, n.
    """
    names = " UNION ALL ".join(f"SELECT '{name}' AS what" for name in _FACTS)
    cases = " ".join(f"WHEN '{name}' THEN {condition}" for name, condition in _FACTS.items())
    is_current = "s.known_until IS NULL AND s.valid_from < s.valid_until"
    spans = f"FROM dirty d {lookup_join('cases_span', 's', _SAME.format('s'))} WHERE {is_current}"
    state = "s.campaign_id, s.unit_id, 'case.' || s.state"
    begun = f"AND s.valid_from <= {literal(day)}" if day else ""
    ended = f"AND s.valid_until <= {literal(day)}" if day else f"AND s.valid_until < {literal(FOREVER)}"
    return _tables(dirty, day), (
        f"SELECT h.campaign_id, h.unit_id, w.what, h.day, h.n FROM held h CROSS JOIN ({names}) w "
        f"WHERE CASE w.what {cases} END "
        f"UNION ALL SELECT {state}, s.valid_from, 1 {spans} {begun} "
        f"UNION ALL SELECT {state}, s.valid_until, -1 {spans} {ended}"
    )


def all_pairs() -> str:
    """Build the query of all (campaign_id, unit_id) with facts."""
    return " UNION ".join(f"SELECT campaign_id, unit_id FROM {table}" for table in SOURCES)

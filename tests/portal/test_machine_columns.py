"""Columns of machines have one heading in every list and file of the portal: that of `results.machines`."""

from __future__ import annotations

import importlib
from dataclasses import fields
from pathlib import Path

from lamsach.portal import base
from lamsach.portal.base.lists import Listing, machine_cell
from lamsach.portal.exchange import exports, rows
from lamsach.results.csv_ import COLUMNS as CSV
from lamsach.results.machines import COLUMNS

PORTAL = Path(base.__file__).parents[1]
HEADINGS = {column.heading for column in COLUMNS.values()}
OTHER = {"Events", "Threat", "Last seen", "First seen", "Address", "MAC"}
"""Headings of such columns elsewhere."""


def listings() -> dict[str, Listing]:
    """Every declared list of the portal, by module and name."""
    found = {}
    for path in PORTAL.rglob("*views.py"):
        module = importlib.import_module(
            ".".join(("lamsach.portal", *path.relative_to(PORTAL).with_suffix("").parts))
        )
        found |= {
            f"{path.parent.name}.{name}": one
            for name, one in vars(module).items()
            if isinstance(one, Listing)
        }
    return found


def test_lists_of_machines_have_the_declared_headings() -> None:
    found = {name: {cell.label for cell in one.cells} for name, one in listings().items()}
    of_machines = {name: labels for name, labels in found.items() if "Machine" in labels}
    assert {"cases.CASES", "cases.QUESTIONS", "findings.FOUND", "fleet.MACHINES", "sources.LIVE"} <= set(
        of_machines
    )
    assert {name: labels & OTHER for name, labels in of_machines.items() if labels & OTHER} == {}


def test_a_column_reads_the_device_of_a_row() -> None:
    cell = machine_cell("address")
    assert (cell.label, cell.value, cell.order) == ("IP address", "device__ip", "device__ip")


def test_files_have_the_declared_headings() -> None:
    for name in ("machine", "ip", "mac", "user", "severity", "threat", "events", "first_seen", "last_seen"):
        assert exports.HEADINGS[name] in HEADINGS, name
    assert {field.name for of in (rows.CaseRow, rows.SightingRow) for field in fields(of)} <= set(
        exports.HEADINGS
    )
    assert {
        COLUMNS[name].attribute for name in ("address", "mac", "user", "department", "threats", "values")
    } <= set(CSV)

"""Table of machines and its columns, shared by terminal, page, workbook, CSV, desk and portal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lamsach.i18n import Translate, mark
from lamsach.model import Device, DeviceState, Findings, MatchStatus
from lamsach.results import labels
from lamsach.results.safe_text import clip, visible_line

ORDER = (
    DeviceState.INFECTED,
    DeviceState.UNATTRIBUTED,
    DeviceState.BLOCKED,
    DeviceState.INBOUND,
    DeviceState.RESOLVED,
)
"""States in order of urgency."""
_THREATS_SHOWN, _VALUES_SHOWN = 3, 3


@dataclass(frozen=True, slots=True)
class Machine:
    """Device with its title, its threats and listed values, and its counted contacts per local day."""

    device: Device
    title: str
    threats: tuple[str, ...]
    values: tuple[str, ...]
    days: Mapping[date, int]

    @property
    def threat_text(self) -> str:
        """Threats on one line; empty where the list names none."""
        return _join_texts(self.threats, _THREATS_SHOWN, 120)

    @property
    def value_text(self) -> str:
        """Listed values on one line."""
        return _join_texts(self.values, _VALUES_SHOWN, 120)

    @property
    def met(self) -> str:
        """Threats and values: `Emotet: a.example, b.example (+2)`."""
        return ": ".join(filter(None, (self.threat_text, self.value_text)))


def machines(findings: Findings, translate: Translate) -> list[Machine]:
    """Return the machines of findings, by state (see `ORDER`), then in the findings' order."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    threats: dict[str, Counter[str]] = defaultdict(Counter)
    days: dict[str, Counter[date]] = defaultdict(Counter)
    for sighting in findings.sightings:
        if sighting.status is not MatchStatus.COUNTED:
            continue
        values[sighting.device][sighting.indicator] += sighting.count
        days[sighting.device].update(sighting.days)
        if sighting.threat:
            threats[sighting.device][sighting.threat] += sighting.count
    rows = [
        Machine(
            device,
            clip(visible_line(labels.device_title(device, translate)), 300),
            tuple(_by_count(threats[device.key])),
            tuple(_by_count(values[device.key])),
            days[device.key],
        )
        for device in findings.devices
    ]
    return sorted(rows, key=lambda machine: ORDER.index(machine.device.state))


def _by_count(counts: Counter[str]) -> Iterator[str]:
    return (text for text, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _join_texts(texts: Sequence[str], most: int, length: int) -> str:
    shown = ", ".join(clip(visible_line(text), length) for text in texts[:most])
    return f"{shown} (+{len(texts) - most})" if len(texts) > most else shown


@dataclass(frozen=True, slots=True)
class Column:
    """Column of the table.

    `width`: characters in a workbook; `field`: name in records, CSV and the portal's rows (`name` if empty);
    `value`: function that returns text, number, UTC time or None (the device's own `field` by default);
    `timed`: the heading names the report's time zone.
    """

    name: str
    heading: str
    width: int
    field: str = ""
    value: Callable[[Machine, Translate], Any] | None = None
    timed: bool = False

    @property
    def attribute(self) -> str:
        """Name of its values in records."""
        return self.field or self.name

    def of(self, row: Machine, translate: Translate) -> Any:
        """Return the value of a machine."""
        return self.value(row, translate) if self.value else getattr(row.device, self.attribute)


_COLUMNS = (
    Column("state", mark("State"), 18, "", lambda row, _: _(labels.STATES[row.device.state])),
    Column("severity", mark("Severity"), 12, "", lambda row, _: _(labels.SEVERITIES[row.device.severity])),
    Column("machine", mark("Machine"), 24, "name", lambda row, _: row.title),
    Column("address", mark("IP address"), 18, "ip"),
    Column("mac", mark("MAC address"), 20),
    Column("user", mark("User"), 22),
    Column("department", mark("Department"), 30),
    Column("threats", mark("Malware"), 26, "threat", lambda row, _: ", ".join(row.threats[:50]) or None),
    Column(
        *("values", mark("Listed addresses met"), 40, "indicator"),
        lambda row, _: ", ".join(row.values[:200]) or None,
    ),
    Column("met", mark("Malware, listed address"), 40, "", lambda row, _: row.met),
    Column("count", mark("Contacts"), 11),
    Column("first", mark("First"), 21, timed=True),
    Column("last", mark("Last"), 21, timed=True),
    Column(
        "todo", mark("What to do"), 60, "", lambda row, _: " ".join(map(_, labels.STEPS[row.device.state]))
    ),
    Column("held", mark("Addresses held"), 50, "", lambda row, _: _held(row.device, _) or None),
    Column("key", mark("Key"), 28),
)
COLUMNS: Mapping[str, Column] = {column.name: column for column in _COLUMNS}
"""All columns by name."""


def columns(*names: str) -> list[Column]:
    """Return the columns of these names, in this order."""
    return [COLUMNS[name] for name in names]


def heading(translate: Translate, *names: str, between: str = ", ") -> str:
    """Return the heading of cells that combine these columns: `User, department`."""
    first, *more = (translate(column.heading) for column in columns(*names))
    return between.join((first, *(text[:1].lower() + text[1:] for text in more)))


def _held(device: Device, translate: Translate) -> str:
    return "; ".join(
        f"{interval.ip} ({translate(labels.KNOWN_BY.get(interval.how, interval.how))})"
        for interval in device.addresses
    )

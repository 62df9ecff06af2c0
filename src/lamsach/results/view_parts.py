"""Parts of the HTML page: its limits, rows, groups and the sections of machines."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from lamsach.model import Device, DeviceState, Sighting
from lamsach.results import svg
from lamsach.results.machines import Machine


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of each kind on the page; the rest is counted on the page and listed in the bundle."""

    rows: int = 10_000
    details: int = 200
    open_details: int = 20
    sightings: int = 30
    evidence: int = 12
    indicators: int = 1_000
    refusals: int = 200
    problems: int = 500
    not_counted: int = 200
    text: int = 300
    line: int = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """A machine in a table. `detail` says whether a section below tells more."""

    number: int
    machine: Machine
    reasons: tuple[str, ...]
    detail: bool

    @property
    def device(self) -> Device:
        """The device itself."""
        return self.machine.device

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.machine.title

    @property
    def anchor(self) -> str:
        """The fragment of the machine's section."""
        return f"m{self.number}"


@dataclass(frozen=True, slots=True)
class Group:
    """The machines of one state. `more` counts those that the page leaves out."""

    state: DeviceState
    title: str
    intro: str
    rows: tuple[Row, ...]
    more: int


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """An evidence line for the page. `cut` is how many characters of the text are not shown."""

    time: str
    place: str
    text: str
    cut: int


@dataclass(frozen=True, slots=True)
class Detail:
    """Section of a machine, beside its row."""

    facts: tuple[tuple[str, str], ...]
    chart: Markup
    bars: tuple[svg.Bar, ...]
    dim: bool
    sightings: tuple[Sighting, ...]
    more_sightings: int
    evidence: tuple[EvidenceView, ...]
    more_evidence: int
    steps: tuple[str, ...]

"""The product's data model: what flows from lists and logs to the report.

Imports nothing else of the product. All times are aware and in UTC; all addresses are canonical text
(`ipaddress` spelling); all domains are lower-case A-labels without a trailing dot.
"""

from lamsach.model.events import Action, Event, EventKind, LeaseAction
from lamsach.model.findings import (
    UNKNOWN_TEXT,
    AddressInterval,
    AsideReason,
    Coverage,
    Device,
    DeviceState,
    FileSummary,
    Findings,
    ListSummary,
    ListVersion,
    Parameters,
    Questioned,
    Reason,
    SetAside,
    Severity,
)
from lamsach.model.indicators import Indicator, IndicatorType, Problem, Reference, Refusal
from lamsach.model.sightings import (
    EVIDENCE_KEPT,
    RAW_TIMES_KEPT,
    Behind,
    Evidence,
    Identity,
    Match,
    MatchKind,
    MatchStatus,
    RawSighting,
    Role,
    Sighting,
    SightingKey,
)
from lamsach.model.verdict import Doubt, Outcome, Verdict

__all__ = [
    "EVIDENCE_KEPT",
    "RAW_TIMES_KEPT",
    "UNKNOWN_TEXT",
    "Action",
    "AddressInterval",
    "AsideReason",
    "Behind",
    "Coverage",
    "Device",
    "DeviceState",
    "Doubt",
    "Event",
    "EventKind",
    "Evidence",
    "FileSummary",
    "Findings",
    "Identity",
    "Indicator",
    "IndicatorType",
    "LeaseAction",
    "ListSummary",
    "ListVersion",
    "Match",
    "MatchKind",
    "MatchStatus",
    "Outcome",
    "Parameters",
    "Problem",
    "Questioned",
    "RawSighting",
    "Reason",
    "Reference",
    "Refusal",
    "Role",
    "SetAside",
    "Severity",
    "Sighting",
    "SightingKey",
    "Verdict",
]

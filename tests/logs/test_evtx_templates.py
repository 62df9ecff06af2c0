"""EVTX files as Windows writes them, whose records are instances of templates."""

from __future__ import annotations

import io

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.formats.evtx import Evtx
from lamsach.model import Event

from .evtx_builder import file
from .evtx_template_builder import BOOL, Record, strings, template_chunk


def events_of(*records: Record) -> list[Event]:
    found = list(Evtx(FileContext("a.evtx")).read(io.BytesIO(file(template_chunk(records)))))
    assert all(isinstance(item, Event) for item in found)
    return [item for item in found if isinstance(item, Event)]


def connection(initiated: bool, source: str = "192.168.56.1", **more: str) -> Record:
    ends = strings(
        SourceIp=source, SourcePort="52543", DestinationIp="192.168.56.101", DestinationPort="3389", **more
    )
    return Record(3, [("Initiated", BOOL, initiated.to_bytes(4, "little")), *ends])


@pytest.mark.parametrize(
    "initiated, inbound, device", [(True, False, "192.168.56.1"), (False, True, "192.168.56.101")]
)
def test_who_opened_a_connection_is_a_truth_value(initiated: bool, inbound: bool, device: str) -> None:
    """Sysmon's schema: `Initiated` is a Boolean, which the library gives as one; without it the far machine would be blamed."""
    (event,) = events_of(connection(initiated))
    assert (event.inbound, event.device_ip) == (inbound, device)

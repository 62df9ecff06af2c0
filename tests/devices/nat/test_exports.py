"""NAT records from flow exports."""

from __future__ import annotations

import struct
from pathlib import Path

from lamsach.devices.nat.nat_logs import NatLogs
from lamsach.logs.opening.inputs import find_logs
from tests.logs import test_netflow as exports


def test_a_translation_in_ipfix(tmp_path: Path) -> None:
    path = tmp_path / "flows"
    fields = [*exports.PLAIN, (225, 4), (227, 2)]
    record = exports.RECORD + exports.address("198.51.100.1") + struct.pack(">H", 61000)
    path.write_bytes(exports.ipfix(exports.template(256, fields, version=10), exports.one_set(256, record)))
    (found,) = NatLogs(list(find_logs([str(path)], on_problem=lambda problem: None))).records()
    assert (found.public_ip, found.first_port) == ("198.51.100.1", 61000)
    assert (found.inside_ip, found.inside_port) == (exports.PC, 4000)

"""Prose messages in columns.

Each wording is run with stand-ins, and computed fields are left to single lines.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.bulk import reader
from lamsach.logs.bulk.features import Lines
from lamsach.logs.bulk.readers.sentences import SentenceReader, Tokens
from lamsach.logs.formats.dns.dnsmasq import Dnsmasq
from lamsach.logs.formats.firewalls.cisco_asa.format import CiscoAsa
from lamsach.logs.opening.lines import Text

from .whole_logs import as_tables, by_line


def test_tokens_between_separators_with_whole_mac_addresses() -> None:
    import numpy as np

    block = Lines(Text(b"x in:a mac 02:00:5e:10:00:01, 1.2.3.4:5\ny in:b mac 02:00:5e:10:00:02, 1.2.3.4:6"))
    tokens = Tokens(block, np.array([2, 2]), " :,")
    assert tokens.texts() == ["in", "a", "mac", "02:00:5e:10:00:01", "", "1.2.3.4", "5"]
    assert tokens.varied() == [1, 3, 6]
    assert tokens.column(6).to_pylist() == ["5", "6"]
    assert tokens.before().to_pylist() == ["x ", "y "]
    assert len({*tokens.signature.tolist()}) == 1


def test_computed_name_is_parsed_singly() -> None:
    lines = [
        f"Sep 15 08:32:{at:02d} gw dnsmasq[1]: reply 192.0.2.{at + 1} is pc.example".encode()
        for at in range(60)
    ]
    assert (Dnsmasq(FileContext()).parse(lines[6].decode(), 1) or None) is not None
    assert SentenceReader(Dnsmasq(FileContext()), FileContext()).piece(1, lines * 2) is None


def test_port_class_decides_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 2)
    ports = [22, 443, 1023, 1024, 8080, 32767, 32768, 50001, 65535, 65536]
    lines = [
        (
            f"Jun  9 08:00:{at % 60:02d} asa01 %ASA-6-302014: Teardown TCP connection {at} for "
            f"outside:198.51.100.7/{near} to dmz:203.0.113.9/{far} duration 0:00:30 bytes {at * 77} "
            "TCP FINs"
        )
        for at, (near, far) in enumerate((near, far) for near in ports for far in ports)
    ]
    path = tmp_path / "a.log"
    path.write_text("\n".join(lines * 3) + "\n")
    assert as_tables(path) == by_line(path)
    read = SentenceReader(CiscoAsa(FileContext()), FileContext()).piece(1, [line.encode() for line in lines])
    assert read is not None
    assert read[0].num_rows > 80


def test_false_tag_gives_no_header(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 2)
    deny = (
        "<166>Jun  9 17:82:33 asa01 %ASA-{}-106023: Deny tcp src inside:10.1.1.{}/50000 dst "
        'outside:203.0.113.9/443 by access-group "in" [0x0, 0x0]'
    )
    path = tmp_path / "a.log"
    path.write_text("\n".join(deny.format(at % 10, at + 1) for at in range(100)) + "\n")
    assert as_tables(path) == by_line(path)

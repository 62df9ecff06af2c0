"""Lines after a prompt, an indentation, grep's file name or a relay's header; lines of no product."""

from __future__ import annotations

import pytest
from golden import read

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.formats import FORMATS
from lamsach.logs.formats.generic.carried_lines import ContainerLines, FramedLines
from lamsach.logs.reading.detect import format_of_line

VPN = "2026-10-19 05:34:06 203.0.113.9:52234 TLS Error: TLS handshake failed"


@pytest.mark.parametrize(
    "before",
    [
        "  ", "\t", "> ", ">> ", "| ", "* ", "$ ", "# ", "% ", "12: ", "12) ", "openvpn.log:",
        "/var/log/openvpn.log.1:7:", r"C:\logs\vpn.log:",
    ],
)  # fmt: skip
def test_remains_of_a_paste_before_a_line(before):
    assert format_of_line(before + VPN) is FramedLines
    (event,) = read(FramedLines, [before + VPN])
    assert (event.source_ip, event.observer) == ("203.0.113.9", None)


@pytest.mark.parametrize(
    "line",
    ["  hello", "> 10.1.2.3 said so", "a.log:", "12: ", "<13>Oct 19 12:34:05 gw app: 2026-10-19 nothing"],
)
def test_a_line_of_no_product_is_not_recognised(line):
    assert not FramedLines.recognises(line)


def test_an_unchanged_line_is_left_to_its_product():
    assert not FramedLines.recognises(VPN)
    assert format_of_line("<13>Oct 19 12:34:05 vpn01 openvpn[7]: " + VPN).name == "openvpn"


def test_it_follows_every_product_in_the_registry():
    names = [log_format.name for log_format in FORMATS]
    assert names.index("framed_lines") == names.index("cef") - 1


class Refusing(LogFormat):
    name = "refusing"

    @classmethod
    def recognises(cls, line):
        return line.startswith("X1 ")

    def read(self, line):
        raise LineError("The line is damaged.", line)


@pytest.mark.parametrize(("log_format", "before"), [(FramedLines, "> "), (ContainerLines, "dns-1  | ")])
def test_a_line_that_its_product_cannot_read_is_refused(log_format, before, monkeypatch):
    monkeypatch.setattr(log_format, "inner_formats", (Refusing,))
    line = f"{before}X1 10.1.1.5 www.evil.example"
    assert log_format.recognises(line)
    with pytest.raises(LineError):  # and the hunt searches its text
        log_format(FileContext(head=[line])).parse(line, 1)

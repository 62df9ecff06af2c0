"""Lists for devices without a package, checked against the documented syntax and limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network

import pytest

from lamsach.indicators.writers import BY_NAME
from lamsach.model import Indicator
from tests.cli.command_runner import lamsach

from .long_lists import listed
from .sample import SAMPLE, T, exported, text_of

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})+"
_HOST = rf"(?:{_NAME}|\d{{1,3}}(?:\.\d{{1,3}}){{3}}|\[[0-9a-f:.]+\])(?::\d{{1,5}})?"
_PATH = r"/[!-~]*"
LONG = [
    Indicator(T.URL, f"http://long.example/{'a' * 600}"),
    Indicator(T.URL, "http://[2001:db8::1]:8080/x"),
    Indicator(T.URL, "http://đẹp.example/ứng dụng?q='1'"),
    Indicator(T.DOMAIN, ".".join(["a" * 60] * 4)),
]


def lines(text: str) -> Iterator[str]:
    first, _, rest = text.partition("\n")
    assert first.startswith("# lamsach list, digest sha256-"), first
    yield from rest.splitlines()


def address(line: str) -> bool:
    """Return whether a line is an address or a network without host bits.

    PAN-OS "Formatting Guidelines for an External Dynamic List", FortiOS "External resources file format".
    """
    return str(ip_network(line) if "/" in line else ip_address(line)) == line


def name(line: str) -> bool:
    """Return whether a line is a name, or `*.name` for its subdomains, within 255 characters."""
    return re.fullmatch(rf"(?:\*\.)?{_NAME}", line) is not None and len(line) <= 255


def url(line: str) -> bool:
    """Return whether a line has no scheme, is ASCII without blanks, with the host in lower case."""
    return re.fullmatch(rf"(?:\*\.)?{_HOST}(?:{_PATH})?", line) is not None


def url_of_edl(line: str) -> bool:
    """Return whether a host ends in PAN-OS's slash, so that `a.example` does not match `a.example.evil`."""
    return re.fullmatch(rf"(?:\*\.)?{_HOST}{_PATH}", line) is not None and "*" not in line.removeprefix("*.")


@pytest.mark.parametrize(
    ("kind", "fits", "most_bytes"),
    [
        ("fortigate_address", address, 10_000_000),
        ("fortigate_domain", name, 10_000_000),
        ("fortigate_url", url, 10_000_000),
        ("edl", address, 0),
        ("edl_domain", name, 0),
        ("edl_url", url_of_edl, 0),
        ("pf_table", address, 0),
    ],
)
def test_each_line_is_one_entry(kind: str, fits: Callable[[str], bool], most_bytes: int) -> None:
    text = text_of(exported(BY_NAME[kind], [*SAMPLE, *LONG, *listed(3000)]))
    assert text.isascii()
    found = list(lines(text))
    assert len(found) > 1000
    assert len(found) == len(set(found))
    assert [line for line in found if not fits(line)] == []
    assert not most_bytes or len(text) < most_bytes


# config firewall address / edit "name" / set .. / next / end
_COMMAND = re.compile(r"( *)(config|edit|set|next|end)(?: (.*))?")
_NESTED = {
    "config": ("", "edit"),
    "edit": ("config",),
    "set": ("edit",),
    "next": ("edit",),
    "end": ("config",),
}
_LONGEST = {"comment": 255, "domain": 511, "url": 511}
_SETTINGS = {"subnet", "ip6", "comment", "member", "name", "domain", "type", "action", "url"}


def test_fortigate_accepts_each_command() -> None:
    """FortiOS CLI Reference: nesting, names (79 characters, 35 of groups), group members (300), lengths."""
    open_, section = [""], ""
    objects: set[tuple[str, str]] = set()
    entries: set[tuple[str, int]] = set()
    for line in lines(text_of(exported(BY_NAME["fortigate_cli"], [*SAMPLE, *LONG, *listed(3000)]))):
        found = _COMMAND.fullmatch(line)
        assert found is not None, line
        indent, word, rest = found[1], found[2], found[3] or ""
        assert open_[-1] in _NESTED[word], line
        if word in ("next", "end"):
            open_.pop()
        assert len(indent) == 4 * (len(open_) - 1), line
        if word == "config":
            section = rest if len(open_) == 1 else section
            open_.append("config")
            entries = set()
        elif word == "edit":
            assert rest.isdecimal() or (
                re.fullmatch(r'"[\w.:-]{1,79}"', rest) and (rest, section) not in objects
            ), line
            assert (rest, len(open_)) not in entries, line
            entries.add((rest, len(open_)))
            objects.add((rest, section))
            open_.append("edit")
        elif word == "set":
            key, _, value = rest.partition(" ")
            assert key in _SETTINGS, line
            assert value.isascii()
            assert value.count('"') % 2 == 0
            assert "?" not in value, "it calls for help"
            if key == "member":
                assert 1 <= len(value.split()) <= 300
                assert all(
                    (member, section.replace("addrgrp", "address")) in objects for member in value.split()
                ), "members exist before their group"
            assert len(value.strip('"')) <= _LONGEST.get(key, 1 << 20), line
    assert open_ == [""]


_CHECKPOINT_TYPES = {
    "Domain": _NAME, "IP": r"[0-9a-f.:]+", "IP Range": r"[0-9a-f.:]+-[0-9a-f.:]+",
    "URL": rf"(?:https?://)?{_HOST}(?:{_PATH})?", "MD5": "[0-9a-f]{32}", "SHA1": "[0-9a-f]{40}",
    "SHA256": "[0-9a-f]{64}",
}  # fmt: skip


def test_check_point_accepts_each_row() -> None:
    """Threat Prevention Administration Guide: seven fields, the values of each, unique names."""
    head, columns, *rows = text_of(
        exported(BY_NAME["checkpoint"], [*SAMPLE, *LONG, *listed(3000)])
    ).splitlines()
    assert head.startswith("# ")
    assert "," not in head, "a comment with commas would be columns"
    assert columns == "#UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT"
    names = set()
    for row in rows:
        fields = row.split(",")
        assert row.isascii()
        assert len(fields) == 7, row
        assert re.fullmatch(r"[A-Za-z]\w{0,63}", fields[0]), row
        assert re.fullmatch(_CHECKPOINT_TYPES[fields[2]], fields[1]), row
        assert {fields[3], fields[4]} <= {"low", "medium", "high", "critical"}, row
        assert fields[5] == ("AV" if fields[2] in ("MD5", "SHA1", "SHA256") else "AB"), row
        names.add(fields[0])
    assert len(names) == len(rows) > 1000


# add list=lamsach address=203.0.113.5 comment="Mirai"
_MIKROTIK = re.compile(r'add((?: [a-z-]+=(?:"(?:[^"\\$]|\\.)*"|[\w.:/-]+))+)')


def test_router_os_accepts_each_command() -> None:
    """RouterOS "Scripting", "Address-lists", "DNS static": menus, properties, texts without variables."""
    menus = {"/ip firewall address-list", "/ipv6 firewall address-list", "/ip dns static"}
    menu, added = "", 0
    for line in lines(text_of(exported(BY_NAME["mikrotik"], [*SAMPLE, *LONG, *listed(3000)]))):
        if line.startswith("/"):
            menu = line
            assert line in menus, line
        elif line.startswith("remove "):
            assert re.fullmatch(r'remove \[find where (?:list=lamsach|comment~"\^lamsach")\]', line), line
        else:
            found = _MIKROTIK.fullmatch(line)
            assert found is not None, line
            properties = dict(re.findall(r'([a-z-]+)=("[^"]*"|\S+)', found[1]))
            if menu == "/ip dns static":
                assert set(properties) == {"name", "type", "match-subdomain", "comment"}, line
                assert re.fullmatch(_NAME, properties["name"]), line
            else:
                assert set(properties) == {"list", "address", "comment"}, line
                assert (":" in properties["address"]) == menu.startswith("/ipv6"), line
                assert address(properties["address"])
            added += 1
    assert added > 1000


def test_windows_dns_accepts_each_policy() -> None:
    """`Add-DnsServerQueryResolutionPolicy`: unique name, one criterion, nothing that PowerShell expands."""
    names: list[str] = []
    policies = [
        line
        for line in lines(text_of(exported(BY_NAME["windows_dns"], [*SAMPLE, *LONG, *listed(3000)])))
        if line.startswith("Add-")
    ]
    for number, line in enumerate(policies, 1):
        found = re.fullmatch(
            (
                rf"Add-DnsServerQueryResolutionPolicy -Name 'Lamsach-{number:05d}' -Action DENY -FQDN "
                r"'EQ,([^']+)'"
            ),
            line,
        )
        assert found is not None, line[:200]
        names += found[1].split(",")
    assert len(names) > 1000
    assert [text for text in names if not name(text)] == []


def test_more_entries_than_a_small_device_holds_are_reported(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("many")
    for count, warned in ((25_000, False), (25_001, True)):
        (folder / "list.txt").write_text("".join(f"n{number}.example\n" for number in range(count)))
        ran = lamsach(
            "indicators", "export", folder / "list.txt", "--to", "edl_domain", "-o", folder / "out.txt"
        )
        assert any("thiết bị nhỏ" in line or "small device" in line for line in ran.errors) is warned, (
            ran.errors
        )

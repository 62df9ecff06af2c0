"""Who opened the contact that a sentence of Cisco's firewalls tells of, and the other end. Source and traps: `lamsach.logs.formats.firewalls.cisco_asa.messages`."""

from __future__ import annotations

import re
from dataclasses import replace

from lamsach.logs.events.direction import is_internal
from lamsach.logs.mappings.cisco_ends import ADDRESS, End, end_after, end_at
from lamsach.logs.text.values import ip_of, port_of

_EPHEMERAL = 32768
_WELL_KNOWN = 1024
# packet:sourceVlan:inside 192.0.2.5 198.51.100.7 49152 80 TCP
_CONTEXT = re.compile(
    rf"packet: ?\S{{1,64}} ({ADDRESS}) ({ADDRESS})(?: (\d{{1,5}}) (\d{{1,5}}))?(?! ?\d)", re.ASCII
)
_PAIRS = (
    ("ICMP source ", " destination "), ("src ", " dst "), ("Packet denied tcp ", " "), ("Packet denied udp ", " "), ("Packet denied icmp ", " "), ("src ", " dest "), ("src = ", "dest = "), ("SRC ", " DEST "), ("src_addr=", "dest_addr="), ("Local:", " Remote:"),
    ("foreign_address ", "local_address "), (" between ", " and "), ("originating interface: ", " to "),
)  # fmt: skip
"""What stands before the two ends."""
# Local:2001:db8::1:500 Remote:2001:db8::9:500
_IKE = re.compile(rf"Local: ?({ADDRESS}):(\d{{1,5}}),? Remote: ?({ADDRESS}):(\d{{1,5}})(?!\S)", re.ASCII)
# {tcp} 192.0.2.5:49152 (unknown)->198.51.100.7:80 (viet nam)
_ALERT = re.compile(
    rf"\{{[\w-]{{1,16}}\}} ({ADDRESS})(?::(\d{{1,5}}))?(?: \([^()]{{0,64}}\))? ?-> ?({ADDRESS})(?::(\d{{1,5}}))?(?![\w.])",
    re.ASCII,
)
# Embryonic limit exceeded 10/10 for 203.0.113.7/5 (198.51.100.9) 10.1.1.80/80 on   ... exceeded 243/100. 203.0.113.7/5 to 198.51.100.9(10.1.1.80)/80 on
_LIMIT = re.compile(r"exceeded \d{1,9}/\d{1,9}( for |\. ?)(?=[\d:])", re.ASCII)
_ROOM_OF_LIMIT = 200


def ends_of(text: str) -> tuple[End, End]:
    """Return who opened the contact and the other end, by the first of the ways of saying it that fits."""
    if "faddr " in text:
        return _icmp(text)
    for way in (_connection, _translation, _alert, _paired, _arrow):
        found = way(text)
        if found:
            return found
    for words, between in (("Shun added: ", ""), ("Shunned packet: ", " = ")):
        if text.startswith(words):
            source, stop = end_at(text, len(words))
            if source is None or not text.startswith(between, stop):
                return source or End(), End()
            return source, end_at(text, stop + len(between))[0] or End()
    if text.startswith("AAA challenge received "):
        return End(), End()  # the server that asks is no client
    context = _CONTEXT.search(text) if "security context" in text[:80] else None
    if context:
        return End(ip_of(context[1]), port_of(context[3] or "")), End(
            ip_of(context[2]), port_of(context[4] or "")
        )
    place = text.find("local-host ")
    if place >= 0:
        return end_at(text, place + len("local-host "))[0] or End(), End()
    limit = _LIMIT.search(text, 0, _ROOM_OF_LIMIT) if "exceeded " in text else None
    if limit:
        source, stop = end_at(text, limit.end())
        if source and limit[1] == " for ":  # A/a (what B is outside) B/b
            near = end_at(text, stop)[0] or End()
            return End(source.ip, source.port), replace(near, mapped_ip=source.mapped_ip)
        if source:
            return source, end_after(text, " to ", stop - 1)[0] or End()
    for word in (
        "from laddr ",
        "exceeded.",
        "rom ",
        "SSL client ",
        "client ",
        "with server ",
        "Connection info: ",
        "low port: ",
        "different address: ",
        "Syslog Server ",
        " flow ",
        " for ",
    ):
        source, stop = end_after(text, word)
        if source:
            return source, _first_after(text, ("to PAT address ", " to "), stop)[0] or End()
    return End(), End()


def _translation(text: str) -> tuple[End, End] | None:
    """`Built dynamic TCP translation from A to B`; B is what A is turned into."""
    if " translation " not in text or text.startswith("No "):
        return None
    real, stop = end_after(text, " from ")
    mapped, _ = end_after(text, " to ", stop) if real else (None, -1)
    if real is None or mapped is None:
        return None
    return End(real.ip, real.port, real.name, real.interface, mapped.ip, mapped.port, real.user), mapped


def _alert(text: str) -> tuple[End, End] | None:
    """The two ends of an intrusion that the management centre reports."""
    match = _ALERT.search(text, 0, 2000) if "->" in text and "{" in text else None
    if match is None or not ip_of(match[1].rstrip(":")) or not ip_of(match[3].rstrip(":")):
        return None
    return End(ip_of(match[1].rstrip(":")), port_of(match[2] or "")), End(
        ip_of(match[3].rstrip(":")), port_of(match[4] or "")
    )


def _arrow(text: str) -> tuple[End, End] | None:
    """`inside/A(49152)(user) -> outside/B(80)`, `A ==> B`."""
    arrow = "->" if "->" in text else "==>"
    place = text.find(arrow)
    if place < 0:
        return None
    slash = text.rfind("/", 0, place)
    begin = text.rfind(" ", 0, slash if slash > 0 else place - 1) + 1
    left, _ = end_at(text, begin)
    right, _ = end_at(text, place + len(arrow))
    return (left, right) if left and right else None


def _first_after(text: str, words: tuple[str, ...], start: int) -> tuple[End | None, int]:
    for word in words:
        end, stop = end_after(text, word, start)
        if end is not None:
            return end, stop
    return None, -1


def _paired(text: str) -> tuple[End, End] | None:
    """`src A dst B` and the like; one that names a source alone counts when no other names both."""
    ike = _IKE.search(text) if "Local:" in text else None
    if ike and ip_of(ike[1]) and ip_of(ike[3]):  # the last number is the port, of IPv6 too
        return End(ip_of(ike[1]), int(ike[2])), End(ip_of(ike[3]), int(ike[4]))
    alone: tuple[End, End] | None = None
    for before, between in _PAIRS:
        source, stop = end_after(text, before) if before in text else (None, -1)
        if source is None and before == "src " and between in text:
            source, stop = _end_of_words(text, text.find(before) + len(before))
        if source is None:
            continue
        destination, after = end_after(text, between, 0 if before == "src_addr=" else stop)
        if destination is None and after < 0 and text.startswith(between, stop):
            destination, _ = _end_of_words(text, stop + len(between))
        if destination:
            return source, destination
        alone = alone or (source, End())
    return alone


def _end_of_words(text: str, start: int) -> tuple[End | None, int]:
    """The end behind an interface whose name has a space: `guest wifi:192.0.2.5/80`."""
    space = text.find(" ", start, start + 64)
    return end_at(text, space + 1) if space > start and ":" not in text[start:space] else (None, -1)


def _icmp(text: str) -> tuple[End, End]:
    far, stop = end_after(text, "faddr ")
    mapped, stop = end_after(text, "gaddr ", max(stop, 0))
    near, _ = end_after(text, "laddr ", max(stop, 0))
    if far is None:
        return End(), near or End()
    near = near or mapped or End()
    if mapped and mapped.ip != near.ip:
        near = End(
            near.ip, near.port, near.name, near.interface, mapped.ip, mapped.port, near.user or mapped.user
        )
    called = bool(near.port) and not far.port if "ICMP" in text else _answers(far.port, near.port)
    inward = " inbound " in text or (" outbound " not in text and not called)
    return (far, near) if inward else (near, far)


def _connection(text: str) -> tuple[End, End] | None:
    """`Built outbound TCP connection 7 for A to B`; A is the far end."""
    if " connection " not in text or not text.startswith(("Built ", "Teardown ")):
        return None
    far, stop = end_after(text, " for ")
    near, _ = end_after(text, "to ", stop) if far else (None, -1)
    if far is None or near is None:
        return None
    if " outbound " in text[:60] and is_internal(far.ip or "") and not is_internal(near.ip or ""):
        return far, near  # FWSM writes who opened it first
    if " outbound " in text[:60] or (" inbound " not in text[:60] and _answers(far.port, near.port)):
        return near, far
    return far, near


def is_far_first(text: str, source: End, destination: End) -> bool:
    """Return whether a message writes the other end before the one that opened the contact."""
    if " connection " not in text or not text.startswith(("Built ", "Teardown ")):
        return False
    if "faddr " in text:
        far, _ = end_after(text, "faddr ")
        return far is not None and far.ip == destination.ip != source.ip
    first, _ = end_after(text, " for ")
    return (
        first is not None
        and (first.ip, first.port) == (destination.ip, destination.port)
        and (first.ip, first.port) != (source.ip, source.port)
    )


def _answers(port: int | None, other: int | None) -> bool:
    """Return whether the end with this port is the one that was called."""
    if port is None or other is None or port == other:
        return False
    return port < other and (port < _WELL_KNOWN or (port < _EPHEMERAL <= other))

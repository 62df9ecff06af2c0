"""Labels of the model's values, as English texts to be translated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from lamsach.i18n import Translate, format_date, format_number, mark, translator
from lamsach.model import (
    Action,
    AsideReason,
    Device,
    DeviceState,
    IndicatorType,
    MatchKind,
    MatchStatus,
    Reason,
    Role,
    Severity,
)
from lamsach.model.indicator_types import ROWS
from lamsach.results.safe_text import clip, visible_line

STATES: dict[DeviceState, str] = {
    DeviceState.INFECTED: mark("infected"),
    DeviceState.BLOCKED: mark("blocked"),
    DeviceState.INBOUND: mark("reached from outside"),
    DeviceState.RESOLVED: mark("name looked up only"),
    DeviceState.UNATTRIBUTED: mark("machine not known"),
}
SEVERITIES: dict[Severity, str] = {
    Severity.HIGH: mark("high"),
    Severity.MEDIUM: mark("medium"),
    Severity.LOW: mark("low"),
}
ROLES: dict[Role, str] = {
    Role.OUTBOUND: mark("machine called out"),
    Role.INBOUND: mark("called from outside"),
    Role.RESOLVED: mark("named in a DNS answer"),
}
ACTIONS: dict[Action, str] = {
    Action.ALLOWED: mark("allowed"),
    Action.BLOCKED: mark("blocked by the observer"),
    Action.UNKNOWN: mark("not stated"),
}
MATCHES: dict[MatchKind, str] = {
    MatchKind.EXACT: mark("exact"),
    MatchKind.SUBDOMAIN: mark("subdomain"),
    MatchKind.NETWORK: mark("address in the network"),
    MatchKind.PARTIAL: mark("host of the URL only"),
}
STATUSES: dict[MatchStatus, str] = {
    MatchStatus.COUNTED: mark("counted"),
    MatchStatus.EXCEPTED: mark("on the exception list"),
    MatchStatus.OUTSIDE_VALIDITY: mark("outside the indicator's validity"),
    MatchStatus.DOUBTFUL: mark("the listed value needs review"),
}
ASIDE: dict[AsideReason, str] = {
    AsideReason.OWN: mark("the unit's own server or public address"),
    AsideReason.WITHIN_URL: mark("within the address of another page, as in a search"),
    AsideReason.VERSION: mark("a program's version number"),
    AsideReason.NO_RECORD: mark("a comment or heading of the log"),
    AsideReason.OUT_OF_TIME: mark("outside the days asked for"),
    AsideReason.EXCEPTED: mark("on the exception list"),
    AsideReason.OUTSIDE_VALIDITY: mark("outside the indicator's validity"),
}
INDICATOR_TYPES: dict[IndicatorType, str] = {row.type: row.label for row in ROWS}
KNOWN_BY: dict[str, str] = {
    "lease": mark("DHCP lease"),
    "session": mark("VPN or network session"),
    "observed": mark("seen at the address"),
    "inventory": mark("inventory"),
    "log": mark("named in the log"),
    "address": mark("address only"),
    "none": mark("not known"),
}
STEPS: dict[DeviceState, tuple[str, ...]] = {
    DeviceState.INFECTED: (
        mark("Isolate: unplug the network cable and turn Wi-Fi off. Leave the machine switched on."),
        mark(
            "Keep the evidence: do not delete files or reinstall; photograph what is on the "
            "screen and keep this report and the logs."
        ),
        mark("Scan the whole machine with the clean-up tool, and remove unlicensed or cracked software."),
        mark("Change the user's passwords from another, clean machine."),
        mark(
            "Check again: reconnect, then hunt in the logs of the following days; the machine "
            "is clean when it stays quiet while its logs are there."
        ),
    ),
    DeviceState.BLOCKED: (
        mark(
            "The contact was stopped, yet something on the machine asked for it: scan the "
            "whole machine with the clean-up tool."
        ),
        mark("Keep the block in place, and hunt again in the logs of the following days."),
    ),
    DeviceState.INBOUND: (
        mark(
            "The listed address called, the machine did not call out: check whether the "
            "service has to be open to the Internet, and block the address at the firewall."
        ),
        mark("Look in the machine's own logs for sign-ins at these times."),
    ),
    DeviceState.RESOLVED: (
        mark(
            "The machine only got this address in an answer and no connection was seen: look "
            "for other contacts, and scan the machine when in doubt."
        ),
    ),
    DeviceState.UNATTRIBUTED: (
        mark(
            "This address belongs to a DNS server, proxy or NAT gateway that asks for others: "
            "do not isolate it."
        ),
        mark(
            "Take the log that the machines behind it leave there (client queries of the DNS "
            "server, access log of the proxy, NAT log of the firewall) for the times below."
        ),
        mark("Hunt again with that log and the DHCP leases added; the machine behind it is then named."),
    ),
}
GROUPS: dict[DeviceState, tuple[str, str]] = {
    DeviceState.INFECTED: (
        mark("Infected machines"),
        mark("These machines called listed addresses themselves. Start at the top."),
    ),
    DeviceState.UNATTRIBUTED: (
        mark("Machines not known yet"),
        mark(
            "A DNS server, proxy or gateway called for a machine behind it. Nobody is accused; "
            "the machine still has to be found."
        ),
    ),
    DeviceState.BLOCKED: (
        mark("Contacts that were blocked"),
        mark("Every contact of these machines was stopped, but something on them attempted it."),
    ),
    DeviceState.INBOUND: (
        mark("Reached from outside"),
        mark("A listed address called these machines. That alone does not make them infected."),
    ),
    DeviceState.RESOLVED: (
        mark("Names looked up only"),
        mark("These machines got a listed address in a DNS answer; no connection to it was seen."),
    ),
}
"""Heading and introduction of the machines of each state, in order of urgency."""
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def device_title(device: Device, translate: Translate) -> str:
    """Return the display name of a device."""
    return device.name or device.ip or device.mac or device.user or key_title(device.key, translate)


def key_title(key: str, translate: Translate) -> str:
    """Return a device's name from its key alone: its value, or a stand-in's address."""
    kind, _, value = key.partition(":")
    if kind != "unattributed":
        return value or key
    role, _, place = value.partition(":")
    if role != "?":
        return place or role
    return (
        translate("not known (log of {observer})").format(observer=place)
        if place
        else translate("no machine known")
    )


def product_title(name: str) -> str:
    """Return the product name of a format, or of an observer named after one; other names unchanged."""
    from lamsach.logs.formats import BINARY_FORMATS, FORMATS

    known = FORMATS.named(name) or BINARY_FORMATS.named(name)
    return known.title if known else name


def reason_text(reason: Reason, sentences: Mapping[str, str], language: str) -> str:
    """Return a reason as a sentence of the language; for an unknown code the code and its values."""
    values = {name: _value(value, language) for name, value in reason.values.items()}
    sentence = sentences.get(reason.code)
    if sentence is not None:
        try:
            return translator(language)(sentence).format(**values)
        except (KeyError, IndexError, ValueError):
            pass
    listed = ", ".join(f"{visible_line(name)} {value}" for name, value in values.items())
    code = visible_line(reason.code)
    return f"{code} ({listed})" if listed else code


def _value(value: str | int, language: str) -> str:
    if isinstance(value, int):
        return format_number(value, language)
    if _ISO_DAY.fullmatch(value):
        try:
            return format_date(date.fromisoformat(value))
        except ValueError:
            pass
    return clip(visible_line(value), 300)


def actions_text(actions: Mapping[Action, int], translate: Translate, language: str) -> str:
    """Return the actions of a sighting with their counts, such as `allowed 3, blocked 1`."""
    return ", ".join(
        f"{translate(ACTIONS[action])} {format_number(actions[action], language)}"
        for action in Action
        if actions.get(action)
    )

"""Sentences: reasons for unexplained rows, next steps, evidence for a candidate, certainty."""

from __future__ import annotations

from datetime import timedelta

from lamsach.i18n import format_number, mark, translator
from lamsach.trace.model import Certainty, Skew, Why

WHY: dict[Why, str] = {
    Why.NO_NAT_LOG: mark("The logs hold no record of address translation (NAT) at all."),
    Why.NOT_OUR_ADDRESS: mark("No record in the logs translates to this public address."),
    Why.OUTSIDE_COVERAGE: mark("The logs hold no translation of this address at that time."),
    Why.NO_TRANSLATION: mark("The address was in use at that time, but not with this port."),
    Why.NO_PORT: mark("The list states no port, and several machines were behind the address."),
    Why.SEVERAL_DEVICES: mark("Several machines fit equally."),
    Why.BEFORE_LEASE: mark("The inside address is known, but its DHCP records begin later."),
    Why.NO_LEASE_THEN: mark("The inside address is known, but no machine held it by DHCP at that time."),
    Why.NO_TIME: mark("The row states no time, or one that cannot be read."),
}
TODO: dict[Why, str] = {
    Why.NO_NAT_LOG: mark(
        "Give the firewall's or router's log with translations (--nat). If it writes none, "
        "turn on logging of sessions with NAT, so that the next list can be answered."
    ),
    Why.NOT_OUR_ADDRESS: mark(
        "Check whether the address belongs to the unit. If so, add the log of the device that "
        "holds it; if not, tell the authority."
    ),
    Why.OUTSIDE_COVERAGE: mark(
        "Look for older logs (archive, backup, log server, internet provider) of that day, and check the "
        "time zone of the list (--list-timezone). Keep NAT logs for longer from now on."
    ),
    Why.NO_TRANSLATION: mark(
        "Check the time zone of the list (--list-timezone) and of the logs (--timezone), and "
        "whether another device translates to the same address."
    ),
    Why.NO_PORT: mark(
        "Ask the authority for the source port, or check the listed machines one by one, from the top."
    ),
    Why.SEVERAL_DEVICES: mark(
        "Ask the authority for the exact second and the destination, or check the listed machines."
    ),
    Why.BEFORE_LEASE: mark("Add the older DHCP logs or the VPN sessions (--leases)."),
    Why.NO_LEASE_THEN: mark(
        "Add the DHCP or VPN log of that time (--leases); if the address was set by hand, add "
        "it to the inventory (--inventory)."
    ),
    Why.NO_TIME: mark("Ask the authority for the time of the contact."),
}
HINTS: dict[str, str] = {
    "same_destination": mark("contacted the stated destination then"),
    "other_destination": mark("the log shows another destination than the list"),
    "near_in_time": mark("used this port within a minute of the time"),
    "port_shared": mark("used this port at that time as others did"),
    "only_one": mark("the only machine behind the address at that time"),
    "most_translations": mark("had most connections open at that time"),
    "open_then": mark("had connections open at that time"),
    "named_elsewhere": mark("explains other rows of the list"),
    "no_nat_between": mark("the address is the machine's own, without NAT"),
    "behind_another_nat": mark("behind two address translations"),
    "address_only": mark(
        "only the inside address is known; the inventory or a DHCP log would name the machine"
    ),
}
CERTAINTIES: dict[Certainty, str] = {
    Certainty.CERTAIN: mark("certain"),
    Certainty.PROBABLE: mark("probable"),
    Certainty.POSSIBLE: mark("possible"),
}


def span_text(value: timedelta, language: str) -> str:
    """Format a duration in hours, minutes and seconds, without its sign."""
    seconds = round(abs(value).total_seconds())
    _ = translator(language)
    parts = []
    for size, unit in ((3600, _("{count} h")), (60, _("{count} min")), (1, _("{count} s"))):
        if seconds >= size:
            parts.append(unit.format(count=format_number(seconds // size, language)))
            seconds %= size
    return " ".join(parts) or _("{count} s").format(count="0")


def skew_sentence(skew: Skew, language: str) -> str:
    """Describe the clocks' difference in one or two sentences."""
    _ = translator(language)
    if not skew.used:
        return _(
            "The clocks of the list and the logs could not be compared: no row states a port "
            "and time of an address in the logs."
        )
    numbers = {
        "explained": format_number(skew.explained, language),
        "used": format_number(skew.used, language),
    }
    if not skew.shift:
        text = _(
            "No difference between the clocks of the list and the logs was found ({explained} "
            "of {used} rows with a port meet a translation)."
        )
        return text.format(**numbers)
    ahead = skew.shift > timedelta(0)
    if skew.stated:
        text = (
            _("As stated, the logs' clocks are {span} ahead of the list's.")
            if ahead
            else _("As stated, the logs' clocks are {span} behind the list's.")
        )
    else:
        text = (
            _("The logs' clocks are {span} ahead of the list's (estimated).")
            if ahead
            else _("The logs' clocks are {span} behind the list's (estimated).")
        )
    rest = _("With it {explained} of {used} rows with a port meet a translation, without it {unshifted}.")
    explained = rest.format(**numbers, unshifted=format_number(skew.unshifted, language))
    return f"{text.format(span=span_text(skew.shift, language))} {explained}"

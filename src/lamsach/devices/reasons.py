"""Sentences for a device's state and severity, with named placeholders, by the `Reason`'s code."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "contacted_once": "It contacted a listed address or name once, and the contact was not blocked.",
    "contacted_briefly": "It contacted listed addresses or names within a minute: {count} records that "
    "were not blocked.",
    "contacted_repeatedly": "It contacted listed addresses or names again and again: {count} records that "
    "were not blocked.",
    "several_indicators": "It contacted {count} different listed addresses or names.",
    "several_days": "The contacts are on {count} different days.",
    "also_blocked": "Further contacts were blocked: {count}.",
    "also_unparsed": "Further contacts are in lines that no log format reads: {count}.",
    "also_other": "Further records are no contacts of its own (DNS answers, calls from outside, only the "
    "host of a listed URL): {count}.",
    "blocked_only": "Every contact was blocked ({count}): the connection did not come about, but something "
    "on the machine tried it.",
    "resolved_only": "It only got a listed address in a DNS answer ({count}); no connection to it is known.",
    "partial_only": "It reached the host of a listed URL ({count}), but the log does not show which page.",
    "inbound_only": "A listed address reached towards it ({count}); it did not answer with a contact of "
    "its own.",
    "unparsed_only": "All that is known is in lines that no log format reads ({count}): look at the evidence "
    "first.",
    "infrastructure_dns": "{address} is a DNS server that asks for others: the machine behind the question "
    "is not in these logs.",
    "infrastructure_proxy": "{address} is a proxy that connects for others: the machine behind it is not "
    "in these logs.",
    "infrastructure_nat": "{address} is a NAT gateway: the machine behind it is not in these logs.",
    "infrastructure_stated": "{address} was stated as infrastructure that speaks for others: the machine "
    "behind it is not in these logs.",
    "infrastructure_unknown": "A DNS server asked an upstream server on behalf of a client: the client's "
    "question is not in these logs.",
    "role_inventory": "The inventory says what it is: {words}.",
    "role_translates": "Translations replace the addresses of other machines with this one.",
    "role_used_as_proxy": "At least {count} machines connect to it on a proxy's port.",
    "role_asked": "At least {count} machines ask it for names.",
    "role_own_questions": "Its own log holds the questions that it passed on to other DNS servers.",
    "role_asks_for_others": "It asked DNS servers outside for {count} names or more, and nearly no other "
    "machine asks outside itself.",
    "role_share_of_questions": "Nearly all names that DNS servers outside were asked for were asked for by "
    "it: {count} or more.",
    "role_share_of_visits": "Nearly all web sites outside were called by it: {count} or more.",
    "role_times": "It asks within seconds of the questions and requests that other machines make of a DNS "
    "server or proxy.",
    "add_dns_log": "Add the DNS server's own query log, which names the machine that asked.",
    "add_proxy_log": "Add the proxy's own access log, which names the machine that asked.",
    "add_nat_log": "Add the gateway's log of translations of those moments (--nat), which may name it; "
    "where it was given, compare its clock and time zone with these logs'.",
    "add_own_log": "Add its own log of those whom it serves: DNS questions, proxy requests or translations "
    "(--nat).",
    "server_itself": "The DNS server itself opened connections to listed addresses, not only DNS questions "
    "({count}): this server has to be checked.",
    "no_device_named": "The records name no machine ({count}).",
    "forwarded_for": "{forwarder} asked on behalf of this machine; those records ({count}) are counted "
    "only once.",
    "behind_nat": "It was behind the public address {address}: the NAT records of those moments lead to it "
    "({count}).",
    "behind_nat_probable": "It was probably behind the public address {address}: the NAT records lead to "
    "it, but not all of them state when a translation began and ended ({count}).",
    "address_changed": "It held {count} addresses one after the other.",
    "address_only": "Only its address is known: no lease, inventory or log names the machine.",
    "observed_only": "The machine is known from being seen at the address about that time (ARP table or "
    "log-on), not from a lease.",
    "address_contested": "Two machines claimed the address {address} at one time; the other one is "
    "{other}: check both.",
    "not_counted": "Further matches were not counted: excepted, outside their time of validity, or with "
    "listed values that need review ({count}).",
}

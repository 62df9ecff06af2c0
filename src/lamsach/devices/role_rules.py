"""Rules that identify DNS servers, proxies and NAT gateways: a table of signs, roles and reasons.

Signs are stated (`--infrastructure`, the inventory's type and note) or found in the logs
(`lamsach.devices.infrastructure`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lamsach.devices.infrastructure import ASKED_BY, FORWARDER_NAMES, SHARE_NAMES, Infrastructure
from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.names import host_key, mac_address
from lamsach.devices.stated_roles import ENDPOINT
from lamsach.model import Identity, Reason

BY_INVENTORY = "role_inventory"


@dataclass(frozen=True, slots=True)
class ForwardingRole:
    """Role of a machine that speaks for others (`stated`, `nat`, `proxy` or `dns`), with its reasons.

    `of_address`: the role extends to other identities at the machine's address.
    """

    role: str
    reasons: tuple[Reason, ...] = ()
    of_address: bool = True


class Machine(NamedTuple):
    """Machine to judge. `own`: its address is from a pool, or the inventory states a PC."""

    ip: str = ""
    name: str | None = None
    entry: InventoryEntry | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One sign of a role: code of the reason (`devices.reasons`; empty: implied by the role) and figures."""

    role: str
    code: str
    applies: Callable[[Infrastructure, Machine], bool]
    figures: Mapping[str, int] = field(default_factory=dict)


RULES: tuple[Rule, ...] = (
    Rule("stated", "", lambda known, machine: known.is_stated(machine.ip or None, machine.name)),
    Rule("nat", BY_INVENTORY, lambda _, machine: _noted(machine) == "nat"),
    Rule("nat", "role_translates", lambda known, machine: known.is_translated_to(machine.ip)),
    Rule("proxy", BY_INVENTORY, lambda _, machine: _noted(machine) == "proxy"),
    Rule(
        "proxy",
        "role_used_as_proxy",
        lambda known, machine: known.is_used_as_proxy(machine.ip),
        {"count": ASKED_BY},
    ),
    Rule("dns", BY_INVENTORY, lambda _, machine: _noted(machine) == "dns"),
    Rule("dns", "role_asked", lambda known, machine: known.is_asked(machine.ip), {"count": ASKED_BY}),
    Rule(
        "dns",
        "role_own_questions",
        lambda known, machine: any(
            known.wrote_own_questions(key) for key in (machine.ip, machine.name) if key
        ),
    ),
    Rule(
        "dns",
        "role_asks_for_others",
        lambda known, machine: known.asks_for_others(machine.ip),
        {"count": FORWARDER_NAMES},
    ),
    Rule(
        "dns",
        "role_share_of_questions",
        lambda known, machine: not machine.own and known.has_most_questions(machine.ip),
        {"count": SHARE_NAMES},
    ),
    Rule(
        "proxy",
        "role_share_of_visits",
        lambda known, machine: not machine.own and known.has_most_visits(machine.ip),
        {"count": SHARE_NAMES},
    ),
)
"""The signs in order; the first that applies decides.

The strongest role comes first (what a NAT gateway or proxy connects to is as little its own as what it asks
for); within a role, signs that do not depend on the sample of parsed lines. For the same reason no reason
contains a figure of the sample.
"""


def forwarding_role(
    infrastructure: Infrastructure, identity: Identity, inventory: Inventory | None = None
) -> ForwardingRole | None:
    """Return the role by address, host name or inventory row; None for a machine that speaks for itself."""
    entry = None if inventory is None else _entry(identity, inventory)
    own = identity.how in ("lease", "session") or (entry is not None and entry.role == ENDPOINT)
    machine = Machine(identity.ip or "", host_key(identity.name or ""), entry, own)
    for rule in RULES:
        if not rule.applies(infrastructure, machine):
            continue
        if rule.code != BY_INVENTORY or entry is None:
            return ForwardingRole(rule.role, (Reason(rule.code, dict(rule.figures)),) if rule.code else ())
        words = "; ".join(text for text in (entry.kind, entry.note) if text)[:200]
        return ForwardingRole(rule.role, (Reason(rule.code, {"words": words}),), machine.ip in entry.ips)
    return None


def _noted(machine: Machine) -> str | None:
    return machine.entry.role if machine.entry is not None else None


def _entry(identity: Identity, inventory: Inventory) -> InventoryEntry | None:
    mac = mac_address(identity.mac or "")
    entry = inventory.by_mac(mac) if mac else None
    if entry is None and identity.name:
        entry = inventory.by_name(identity.name)
    if entry is None and identity.ip and identity.how == "inventory":
        entry = inventory.by_ip(identity.ip)
    return entry

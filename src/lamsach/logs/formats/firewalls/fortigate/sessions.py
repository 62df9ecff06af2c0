"""FortiGate's VPN sessions: who was given which address of the tunnel, from when till when.

Source: FortiOS Log Message Reference, event/vpn: 39424 and 39947 (SSL VPN tunnel up), 39425 (down), 39943 (statistics), 37138 and 37139
(IPsec tunnel up, down), 37141 (IPsec statistics). The address is `tunnelip`, of IPsec also `assignip`; 0.0.0.0 and `(null)` are none.
A web session (`ssl-web`) has no address of a tunnel. Statistics come every ten minutes and prove that the session lives.
"""

from __future__ import annotations

from lamsach.logs.text.key_value import Fields, first, first_ip
from lamsach.model import LeaseAction

_ACTIONS = {
    "tunnel-up": LeaseAction.ASSIGNED,
    "tunnel-stats": LeaseAction.RENEWED,
    "tunnel-down": LeaseAction.RELEASED,
}
_NO_USER = frozenset({"N/A", "n/a", "unknown"})


def session(fields: Fields) -> tuple[LeaseAction, str, str] | None:
    """Return what the record says of a session: action, address of the tunnel, and person; None for any other record."""
    action = _ACTIONS.get(fields.get("action") or fields.get("act", ""))
    if action is None:
        return None
    address = first_ip(fields, "tunnelip", "assignip", "assigned_ip")
    user = first(fields, "xauthuser", "user", "eapuser", "suser", "duser")
    if address is None or user is None or user in _NO_USER:
        return None
    return action, address, user

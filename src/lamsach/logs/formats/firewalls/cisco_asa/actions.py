"""What Cisco's firewalls did, by the words of the message.

Source: Cisco, "Secure Firewall ASA Series Syslog Messages" 9.x, all chapters. Traps: a connection that ends was let through; what `could not be established`
was not; an attacker who is put on the shun list is stopped.
"""

from __future__ import annotations

from lamsach.model import Action

_ALLOWED = (
    "Built ",
    "permitted",
    "Permitted",
    "est-allowed",
    "Accessed URL",
    "established",
    "Succeeded",
    "succeeded",
    "Login permitted",
    "Successful",
    "ACCEPT ",
    ": successful",
)
_BLOCKED = (
    "Deny ",
    "denied",
    "Denied",
    "ropping",
    "Dropped",
    "dropped",
    "Rejected",
    "rejected",
    "discarded",
    "blocked",
    "Shun",
    "No translation group",
    "uthentication failed",
    "uthorization failed",
    "Reset connection",
    "Resetting connection",
    "requested to drop",
    "to shun list",
    "adding shun",
    "password incorrect",
)
_ENDED = ("Teardown ", "torn down")


def action_of_message(text: str) -> Action:
    """Return what became of the contact that a message, without its header and number, tells of."""
    if text.startswith(_ENDED):
        return Action.ALLOWED
    if "could not be established" in text or "creation failed" in text:
        return Action.BLOCKED
    if any(word in text for word in _BLOCKED):
        return Action.BLOCKED
    if any(word in text for word in _ALLOWED):
        return Action.ALLOWED
    return Action.UNKNOWN

"""What Fortinet's products did with a contact, and how a log-on ended.

Source: FortiOS, FortiWeb and FortiClient Log Message Reference, fields `action`, `utmaction`, `status`. Traps: `utmaction` of a security profile counts before the
policy's `accept`; a session that was closed or timed out was let through.
"""

from __future__ import annotations

from lamsach.logs.text.key_value import Fields
from lamsach.model import Action

_BLOCKED = frozenset(
    (
        *("deny", "denied", "block", "blocked", "drop", "dropped", "reset", "reset_client", "reset_server"),
        *(
            "drop_session",
            "clear_session",
            "redirect",
            "quarantine",
            "quarantined",
            "ban",
            "ban-ip",
            "banned",
        ),
        *(
            "violation",
            "block-message",
            "rejected",
            "reject",
            "refused",
            "discard",
            "alert_deny",
            "deny_no_log",
        ),
        *("period_block",),
    )
)
_ALLOWED = frozenset(
    (
        *("accept", "allow", "allowed", "pass", "passed", "passthrough", "pass_session", "permit", "close"),
        *(
            "client-rst",
            "server-rst",
            "timeout",
            "ip-conn",
            "start",
            "monitored",
            "monitor",
            "detected",
            "detect",
        ),
        *("exempt", "log-only", "logged", "log", "warning", "override", "dns", "pass-through", "analytics"),
        *("alert", "log_only"),
    )
)
_LOGGED_ON = frozenset({"success", "logon", "login", "authenticated"})
_REFUSED = frozenset({"failed", "failure", "fail", "denied", "locked", "timeout"})


def action_of(fields: Fields) -> Action:
    """Return what became of the contact."""
    if fields.get("utmaction", "").lower() in _BLOCKED:
        return Action.BLOCKED
    action = (fields.get("action") or fields.get("act") or fields.get("status") or "").lower()
    if action in _BLOCKED:
        return Action.BLOCKED
    return Action.ALLOWED if action in _ALLOWED else Action.UNKNOWN


def logon_action_of(fields: Fields) -> Action:
    """Return how a log-on ended: by its `status` (in CEF `outcome`), else by what was done. Of one that ends (`logout`) nothing is told."""
    done = (fields.get("action") or fields.get("act") or "").lower()
    if "logout" in done or "logoff" in done:
        return Action.UNKNOWN
    status = (fields.get("status") or fields.get("outcome") or "").lower()
    if status in _REFUSED or done.endswith(("login-fail", "auth-failure")):
        return Action.BLOCKED
    if status in _LOGGED_ON and done in (
        "login",
        "authentication",
        "fsso-logon",
        "auth-logon",
        "ssl-login",
        "logon",
        "negotiate",
    ):
        return Action.ALLOWED
    return action_of(fields)

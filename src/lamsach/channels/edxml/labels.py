"""Labels of kinds, statuses and signatures for display."""

from __future__ import annotations

from collections.abc import Mapping

from lamsach.i18n import mark

KINDS: Mapping[str, str] = {
    "new": mark("new dispatch"),
    "revoke": mark("revokes a dispatch"),
    "update": mark("updates a dispatch"),
    "replace": mark("replaces a dispatch"),
    "status": mark("status message"),
    "": mark("unknown code"),
}
STATUSES: Mapping[str, str] = {
    "arrived": mark("arrived at the receiver"),
    "refused": mark("refused by the receiver"),
    "received": mark("received and registered"),
    "assigned": mark("assigned to somebody"),
    "handling": mark("being handled"),
    "done": mark("handled to the end"),
    "take_back": mark("the sender asks to take it back"),
    "agreed": mark("agreed to taking back or updating"),
    "declined": mark("declined to take back or update"),
}
SIGNATURES: Mapping[str, str] = {
    "none": mark("not signed"),
    "valid": mark("valid"),
    "invalid": mark("not valid"),
    "unchecked": mark("not checked"),
}

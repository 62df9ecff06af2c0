"""What an observer did with a contact, told from the verb in its log, whatever the maker's wording.

Source of the verbs: Check Point's "Log fields", Palo Alto's "Syslog Field Descriptions", Cisco's "Syslog Messages" guides, the CEF key `act`,
and the export formats of Kaspersky Security Center and ESET PROTECT. Traps: `block-url`, `reset-both`, `Block with reset` are one verb with more words;
`not blocked` is no block, `Would have dropped` let it pass; `detect` and `alert` let the contact pass.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lamsach.model import Action

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")  # ConnectionBlocked is two words
_LONGEST = 120
_NEGATIONS = frozenset({"not", "no", "unable", "failed", "cannot", "could"})
_BLOCKED_WORDS = (
    "block blocked blocks blocking deny denied denies drop dropped drops dropping reject rejected rejects prevent prevented reset"
    " resets quarantine quarantined sinkhole sinkholed refuse refused discard discarded terminated killed deleted disinfected"
    " cleaned cured removed lockout shun shunned redirect redirected isolated denying rollback disallowed unauthorized stopped"
    " contained moved"
)
_BLOCKED = frozenset(_BLOCKED_WORDS.split())
_ALLOWED_WORDS = (
    "allow allowed allows accept accepted accepts permit permitted pass passed alert alerted detect detected detects monitor"
    " monitored encrypt encrypted decrypt decrypted bypass bypassed inspect inspected trust trusted fastpath forward forwarded log"
    " logged continue override authcrypt established built succ success successful succeeded authorize proxied retained ignored"
    " passive"
)
_ALLOWED = frozenset(_ALLOWED_WORDS.split())


@lru_cache(maxsize=4096)
def action_of(text: str | None) -> Action:
    """The action that a verb means; UNKNOWN for what is no verb of a firewall, a filter or an antivirus."""
    words = {word.lower() for word in _WORD.findall(text[:_LONGEST])} if text else set()
    if words & _NEGATIONS:
        return Action.UNKNOWN
    if "would" in words and words & _BLOCKED:
        return Action.ALLOWED
    if words & _BLOCKED:
        return Action.BLOCKED
    return Action.ALLOWED if words & _ALLOWED and "failure" not in words else Action.UNKNOWN


def first_action(*texts: str | None) -> Action:
    """The action of the first of these texts that tells one."""
    for text in texts:
        action = action_of(text)
        if action is not Action.UNKNOWN:
            return action
    return Action.UNKNOWN

"""An observer's action, from the verb or sentence in its log.

Source of the verbs: Check Point's "Log fields", Palo Alto's "Syslog Field Descriptions", Cisco's "Syslog
Messages" guides, the CEF key `act`, and the export formats of Kaspersky Security Center and ESET PROTECT.
Traps: `block-url`, `reset-both`, `Block with reset` have extra words; `not blocked` is no block, `Would have
dropped` allows; `detect` and `alert` let the contact pass.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from lamsach.logs.mappings.column_names import plain
from lamsach.logs.text.values import among
from lamsach.model import Action

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")  # ConnectionBlocked is two words
_LONGEST = 120
_NEGATIONS = frozenset({"not", "no", "unable", "failed", "cannot", "could"})
_BLOCKED = among(
    "block blocked blocks blocking deny denied denies drop dropped drops dropping reject rejected rejects "
    "rej prevent prevented reset resets quarantine quarantined sinkhole sinkholed refuse refused discard "
    "discarded terminated killed deleted disinfected cleaned cured removed lockout shun shunned redirect "
    "redirected isolated denying rollback disallowed unauthorized stopped contained moved"
)
_ALLOWED = among(
    "allow allowed allows accept accepted accepts permit permitted pass passed alert alerted detect "
    "detected detects monitor monitored encrypt encrypted decrypt decrypted bypass bypassed inspect "
    "inspected trust trusted fastpath forward forwarded log logged continue override authcrypt established "
    "built succ success successful succeeded authorize proxied retained ignored passive"
)

BLOCKED_ABROAD = among(
    "拒绝 阻断 拦截 丢弃 禁止 chan cam tuchoi dachan bichan diet dadiet xoa daxoa cachly dacachly"
)
ALLOWED_ABROAD = among("chophep 允许 放行 通过 duocphep thanhcong")
"""Whole texts in Vietnamese and Chinese, as `plain` writes them."""


def verdict(blocked: object, allowed: object) -> Action:
    """Return BLOCKED if `blocked` is true, else ALLOWED if `allowed` is, else UNKNOWN."""
    return Action.BLOCKED if blocked else Action.ALLOWED if allowed else Action.UNKNOWN


@lru_cache(maxsize=4096)
def action_of(text: str | None) -> Action:
    """Return the action of a verb; UNKNOWN unless a firewall, filter or antivirus uses it."""
    words = {word.lower() for word in _WORD.findall(text[:_LONGEST])} if text else set()
    if words & _NEGATIONS:
        return Action.UNKNOWN
    if "would" in words and words & _BLOCKED:
        return Action.ALLOWED
    words.add(plain(text or ""))
    return verdict(
        words & (_BLOCKED | BLOCKED_ABROAD), words & (_ALLOWED | ALLOWED_ABROAD) and "failure" not in words
    )


def first_action(*texts: str | None) -> Action:
    """Return the first known action of these texts."""
    for text in texts:
        action = action_of(text)
        if action is not Action.UNKNOWN:
            return action
    return Action.UNKNOWN


# `was blocked by policy`, `blocked: true`, `bị chặn`, `từ chối kết nối`; not `blocked.example` ..
_REFUSED_IN_TEXT = re.compile(
    r"(?i)(?<![\w./@-])(?:blocked|denied|dropped|refused|rejected|forbidden|deny|denies|drops|rejects"
    r"|blocks|bị chặn|đã chặn|ngăn chặn|chặn|từ chối|bị cấm|cấm|hủy|huỷ|bi chan|da chan|tu choi"
    r"|(?-i:BLOCK|DROP|Drop|REJECT)|quarantined|not (?:allowed|permitted)|không (?:cho phép|được phép))"
    r"(?![\w/@-]|\.\w)(?![\"']?\s{0,2}[=:]\s{0,2}"
    r"[\"']?(?:0|no|false|none|null|never)\b)|\b(?:action|act|disposition|verdict|result|status"
    r"|decision)[\"']?\s{0,2}[=:]\s{0,2}[\"']?(?:block|deny|drop|reject|refuse)\b"
)
# `not blocked`, `was never denied`, `would have been dropped`, `không bị chặn`, `bỏ chặn`
_NOT_REFUSED = re.compile(
    r"(?i)(?:\b(?:not|never|no|without|would|unable|cannot)\b|n't|không|chưa|bỏ|gỡ)(?: (?:be|been|have"
    r"|being|get|bị|hề|bao giờ)){0,3} ?$"
)
_LET_THROUGH = re.compile(
    r"(?i)(?<![\w./@-])(?:allowed|permitted|accepted|passed|cho phép|được phép)(?![\w/@-]|\.\w)"
)
_LONGEST_TEXT = 65536
_BEFORE = 40


def refusal_in(text: str) -> Action:
    """Return BLOCKED for prose (English or Vietnamese) that only reports a refusal; else UNKNOWN."""
    text = text[:_LONGEST_TEXT] if text.isascii() else unicodedata.normalize("NFC", text[:_LONGEST_TEXT])
    refused, rest = False, text
    for match in _REFUSED_IN_TEXT.finditer(text):
        if _NOT_REFUSED.search(text, max(0, match.start() - _BEFORE), match.start()):
            return Action.UNKNOWN
        refused, rest = True, rest.replace(match[0], " ")
    return Action.BLOCKED if refused and not _LET_THROUGH.search(rest) else Action.UNKNOWN

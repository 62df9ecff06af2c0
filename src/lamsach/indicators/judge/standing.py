"""What a record says of its values' standing: a source's list of what it took back, an import file's entry that allows, a role, verdict or note that
is nothing but `whitelist`, `benign` or `victim`.

abuse.ch's false positives (https://hunting.abuse.ch/): `time_stamp, platform, entry_type, entry_value, removed_by, removal_notes`. Indicators of
Microsoft Defender for Endpoint and CrowdStrike Falcon: an `Action` of `Allow` or `Allowed` beside an expiry; a log's `Action` says what a firewall did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from lamsach.documents.headings import plain_key
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry
from lamsach.model import Refusal

_REMOVED = frozenset({"entry_value", "removed_by"})
_ACTION, _EXPIRES = "action", "expir"
_ALLOWS = frozenset({"allow", "allowed"})


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()) for word in text.split("|"))


_EXCEPTIONS = _words("""
    whitelist|whitelisted|white list|white-list|allowlist|allowlisted|allow list|allow-list|safelist|safe list|exception|excluded|exclusion|do not block|not to be blocked|no block
    |ngoai le|ngoai tru|loai tru|danh sach trang|danh sach ngoai le|danh sach cho phep|cho phep|khong chan|khong duoc chan""")
_BENIGN = _words("""
    benign|benign traffic|legitimate traffic|normal traffic|legit|legitimate|legitimate site|legitimate website|legitimate domain|legitimate service|goodware|known good|not malicious|non-malicious|false positive|false-positive|falsepositive|fp
    |luu luong hop le|luu luong binh thuong|hop le|hop phap|chinh thong|lanh tinh|khong doc hai|duong tinh gia|canh bao nham|bao nham""")
_VERDICTS = _words(
    "clean|safe|trusted|harmless|good|white|ignore|ignored|sach|an toan|tin cay|whitelist candidate"
)
"""Words that say so only under a heading that promises a verdict."""
_VERDICT_KEYS = _words("""
    verdict|role|disposition|classification|reputation|assessment|conclusion|judgement|judgment|result|vai tro|phan loai|ket luan|danh gia|ket qua|ket qua danh gia|tinh chat""")
_VICTIM = _words("""
    victim|victims|victim ip|victim host|victim machine|infected host|infected machine|infected device|nan nhan|may nan nhan|ip nan nhan|dia chi nan nhan|may bi nhiem|may nhiem""")
_RECOMMENDED = _words("""
    recommended|recommended resolver|recommended dns|dns server to use|resolver to use|partner|our partner|trusted partner|khuyen nghi|khuyen dung|nen dung|dns khuyen nghi|may chu dns khuyen nghi|doi tac
    |don vi phoi hop""")
_FLAGS = _words("""
    whitelist|whitelisted|is_whitelisted|allowlist|allowlisted|allowed|false positive|false_positive|is_false_positive|is false positive|fp|benign|is_benign|is benign|excluded|ngoai le|ngoai tru
    |loai tru|duong tinh gia""")
_DETECTS = "to_ids"
_BLAMES = _words("is_malicious|is malicious|ismalicious|malicious|doc hai|is_ioc|is ioc")
_JUDGING = (
    _VERDICT_KEYS
    | _FLAGS
    | _BLAMES
    | {_DETECTS, "status", "note", "comment", "category", "tag", "label", "type", "ghi chu"}
)
"""Keys of a record whose text may say it."""
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "co", "dung", "\u2713", "\u2714", "\u221a"})
_NO = frozenset({"no", "n", "false", "f", "0", "khong"})
_AROUND = " \t()[]{}<>-–—:;,|*_`\"'#"
_MAY_JUDGE = re.compile(
    r"\W{0,4}(?:rec|res|our|part|trust|norm|n.{1,3}n |l.{1,3}u l|white|allow|safe|excep|exclu|do not|not |no b|ngo|lo|da|cho|kh|ben|legit|good|known|non|false|fp|h.{1,3}p |ch.{1,3}nh|l.{1,3}nh|d|\u0111|c.{1,3}nh|b.{1,3}o |vict|infect|n.{1,3}n |m.{1,3}y |ip n)",
    re.IGNORECASE,
)
"""How the words begin that judge a value, with or without accents: most cells begin otherwise."""
_LONGEST = 40
"""How many characters a cell has at most that is nothing but a verdict."""


def takes_back(keys: Iterable[str]) -> bool:
    """Whether the headings of a table are those of a list of what its source took back."""
    return {plain_key(key) for key in keys} >= _REMOVED


def action_column(headings: Mapping[int, str]) -> int | None:
    """The column that says what is done with a row's values; None where the table is no list of indicators with an expiry."""
    keys = {place: plain_key(text) for place, text in headings.items()}
    if not any(_EXPIRES in key for key in keys.values()):
        return None
    return next((place for place, key in keys.items() if key == _ACTION), None)


def allows(action: str) -> bool:
    """Whether an action lets the value pass."""
    return plain_key(action) in _ALLOWS


def judging_columns(headings: Mapping[int, str]) -> dict[int, str]:
    """The columns whose cells judge their row's values: the plain keys of their headings by their places."""
    keys = {place: plain_key(text) for place, text in headings.items()}
    return {place: key for place, key in keys.items() if key in _VERDICT_KEYS | _FLAGS | _BLAMES | {_DETECTS}}


@lru_cache(4096)
def judged(text: str, heading: str = "") -> str | None:
    """Why a value is none of which a cell of its row says this under a heading (its plain key), or None: the cell is nothing but
    `whitelist`, `benign` or `victim`, or answers a heading's question (`false positive`: `yes`)."""
    key = plain_key(text)
    if key in _EXCEPTIONS or (heading in _FLAGS and key in _YES):
        return refusals.ALLOWED
    if (
        key in _BENIGN
        or (heading in _VERDICT_KEYS and key in _VERDICTS)
        or (heading in _BLAMES and key in _NO)
    ):
        return refusals.BENIGN
    if key in _RECOMMENDED:
        return refusals.RECOMMENDED
    if heading == _DETECTS and key in _NO:
        return refusals.NOT_FOR_DETECTION
    return refusals.VICTIM if key in _VICTIM else None


def row_reason(cells: Mapping[int, str], judging: Mapping[int, str]) -> str | None:
    """Why the values of a row are none by what one of these cells, which hold no values, says; or None. `judging` as of `judging_columns`."""
    for place, cell in cells.items():
        if len(cell) > _LONGEST or (place not in judging and _MAY_JUDGE.match(cell) is None):
            continue
        if (reason := judged(_first_part(cell), judging.get(place, ""))) is not None:
            return reason
    return None


def verdict_beside(token: str, line: str) -> str | None:
    """Why the one value of a line is none, where all else that the line says is such a word: `good.example (legitimate)`; or None."""
    if len(line) > len(token) + _LONGEST:
        return None
    rest = line.replace(token, "", 1).strip(_AROUND)
    return judged(rest) if len(rest) > 1 else None


def _first_part(cell: str) -> str:
    """`Hợp lệ - không chặn`: what stands before the dash says it all."""
    return re.split(r"\s[-–—]\s|[,;(]", cell, maxsplit=1)[0]


def reason_of(record: Mapping[Any, Any]) -> str | None:
    """Why the values of a record with named keys are none, or None."""
    if record.keys() >= _REMOVED:
        return refusals.WITHDRAWN
    action = record.get("action", record.get("Action"))
    if isinstance(action, str) and allows(action) and any(_EXPIRES in str(key).lower() for key in record):
        return refusals.ALLOWED
    for name, said in record.items():
        if isinstance(said, (str, bool)) and len(str(said)) <= _LONGEST:
            key = plain_key(str(name))
            if key in _JUDGING and (reason := judged(str(said), key)) is not None:
                return reason
    return None


def refused(item: Entry, reason: str) -> Entry:
    """What stands in a record or under a key that says why its values are none."""
    if isinstance(item, Refusal) or item.reference is None:
        return item
    return Refusal(item.reference, item.value, reason, item.type)

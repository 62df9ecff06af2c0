"""Rules for numbers that look like hashes and are keys, licence codes, or digests of something else than a file."""

from __future__ import annotations

import re

from lamsach.indicators.judge.rule import (
    ADDRESS,
    FILE_HASHES,
    REFUSED,
    WORD,
    WRITTEN,
    Place,
    Rule,
    any_case,
    near,
)
from lamsach.indicators.values import refusals
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGESTS

# "key": "0123..", RC4 key = 0123..
_KEY = any_case(
    r"(?:\b|_)(?:key|salt|nonce|iv|secret|password|passwd|pwd|token|mật khẩu|mã xác thực|build[_ -]?id|bot[_ -]?net[_ -]?id|campaign)[\"']?\s{0,3}(?:[:=]|is|là)\s{0,3}[\"'`]?$"
)
# strings are decrypted with the key 0123..
_KEY_IN_SENTENCE = any_case(
    r"\b(?:with|using|the|rc4|xor|aes|des|encryption|decryption|hard-?coded|static|session|shared)\s{1,3}key\s{1,3}[\"'`(]?$"
)
# d41d..    .text    81920    6.5: the sections of a program, as CISA's reports list them
_SECTION_ROW = re.compile(r"\s{1,12}(?:header|\.\w{1,8})\s{1,12}\d{1,10}\s{1,12}\d\.\d{1,8}\b")
_LICENCE = any_case(
    r"\b(?:licen[cs]e|serial|product|activation|encryption|rc4|xor|aes|botnet|campaign)[ _-]{0,3}(?:code|key|number|id|iv)\b|\bmã bản quyền|\bkhóa"
)
_OTHER_DIGEST = any_case(
    r"\b(?:ja3s?|ja4\w{0,4}|jarm|hassh|imp(?:ort)?[ _-]?hash|imphash|authenti[ _-]?hash|pe[ _-]?hash|rich[ _-]?(?:header|pe)(?:[ _-]?hash)?|vhash|telfhash|gimphash|typelib id"
    r"|thumb ?print|(?:certificate|cert|ssl|tls|x\.?509)[ _-]{0,3}(?:fingerprint|thumbprint|serial(?:[ _-]?number)?|sha-?1|sha-?256|md5|hash)|fingerprint|serial(?:[ _-]?number)?|exit ?node|mutex|mvid|guid|uuid"
    r"|commit(?:[ _-]?(?:hash|sha-?1))?|urn:btih|public[_ ]?key|spawn[_ ]?to(?:_x\d\d)?|(?:commit|session|bot|user|campaign|victim|machine|client|device)[ _-]?id)"
    r"[\s_]{0,3}(?:hash|fingerprint|md5|sha-?1|sha-?256|value|\(md5\))?[\"']?\s{0,3}(?:[:=|–-]|is|là)?\s{0,3}[\"'`(\[]?$"
)
# where SHA256 in ("0f4c..", "1a2b..")    md5 == '0f4c..'    let hashes = dynamic(["0f4c..", "1a2b.."])
_NAMED_HASH = any_case(
    r"(?:(?:\b|_)(?:md5|sha-?1|sha-?256)\b[\"']?\s{0,3}(?:[=!]=|=~|=|:|\bin~?|\bhas_any)|=\s{0,3}dynamic)\s{0,3}[\"'(\[]{0,3}(?:[0-9a-f]{32,64}[\"']\s?,\s{0,3}[\"']){0,16}$"
)
_FIELDS_OF_DUMP = 8


def is_dump(text: str) -> bool:
    """Return whether a line shows a program's memory, its many fields parted by `|...|`: a long number in it is seldom a file's hash."""
    return text.count("|...|") >= _FIELDS_OF_DUMP


def _in_code(place: Place) -> bool:
    line = place.line
    return line.code and not line.alone and _NAMED_HASH.search(place.before(1200)) is None


def _is_key(place: Place) -> bool:
    return _KEY.search(place.near) is not None or _KEY_IN_SENTENCE.search(place.near) is not None


_ALL_DIGESTS = frozenset(DIGESTS)

RULES = (
    Rule("other_digest", _ALL_DIGESTS, WORD, near(_OTHER_DIGEST), REFUSED, refusals.OTHER_DIGEST, 30,
        taken=["MD5: 0123456789abcdef0123456789abcdef"],
        refused=["imphash: 0123456789abcdef0123456789abcdef",
            "JA3 fingerprint 0123456789abcdef0123456789abcdef", "mutex 0123456789abcdef0123456789abcdef"]),
    Rule("part_of_a_program", frozenset({IndicatorType.MD5}), WRITTEN,
        lambda place: _SECTION_ROW.match(place.text, place.end) is not None, REFUSED, refusals.OTHER_DIGEST,
        53, taken=["0123456789abcdef0123456789abcdef    sample    81920"],
        refused=["0123456789abcdef0123456789abcdef    .text    81920    6.5"]),
    Rule("key", _ALL_DIGESTS, WRITTEN, _is_key, REFUSED, refusals.CODE_HASH, 54,
        taken=["sample: 0123456789abcdef0123456789abcdef"],
        refused=["RC4 key = 0123456789abcdef0123456789abcdef",
            "strings are decrypted with the key 0123456789abcdef0123456789abcdef"]),
    Rule("key_with_dots", ADDRESS, WRITTEN, near(_KEY), REFUSED, refusals.CODE, 53,
        taken=["c2: 203.0.113.58"], refused=["bot_net_id = 203.0.113.58", "campaign: 203.0.113.58"]),
    Rule("hash_in_code", FILE_HASHES, WRITTEN, _in_code, REFUSED, refusals.CODE_HASH, 60,
        taken=['| where SHA256 == "" or md5 == "0123456789abcdef0123456789abcdef'],
        refused=['var x = "0123456789abcdef0123456789abcdef']),
    Rule("memory_dump", FILE_HASHES, WRITTEN, lambda place: is_dump(place.text), REFUSED, refusals.CODE_HASH,
        60, taken=["a|...|b|...|0123456789abcdef0123456789abcdef"],
        refused=["|...||...||...||...||...||...||...||...||...|0123456789abcdef0123456789abcdef"]),
    Rule("licence", FILE_HASHES, WRITTEN, near(_LICENCE, 80), REFUSED, refusals.CODE_HASH, 60,
        taken=["sample 0123456789abcdef0123456789abcdef"],
        refused=["product key of it 0123456789abcdef0123456789abcdef",
            "mã bản quyền 0123456789abcdef0123456789abcdef"]),
)  # fmt: skip

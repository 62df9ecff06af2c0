"""Rules for numbers that look like values: versions, headings, articles; keys, licence codes, digests of
something else than a file.
"""

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

_STATED_VERSION = any_case(
    r"(?:version|phiên bản|\bver\.?|\bbuild|firmware)[\"']?\s{0,3}[=:]?\s{0,3}[\"']?v?(?:\d+"
    r"(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\bvà\b|\bđến\b)"
    r"\s{0,2}v?){0,4}$"
)
_PRODUCTS = """
    kernel|openssl|openssh|log4j2?|struts|tomcat|nginx|apache|httpd|php|java|jre|jdk
    |oracle(?: database)?|weblogic|mysql|mariadb|postgresql|windows|exchange(?: server)?
    |sharepoint(?: server)?|office|outlook|\\.net(?: framework)?|chrome|chromium|firefox|edge|safari
    |android|ios(?: xe|xr)?|macos|wordpress|drupal|joomla|confluence|jira|gitlab|jenkins|zimbra
    |forti[a-z]{2,12}|pan-?os|routeros|junos|big-ip|netscaler|citrix adc|vmware|esxi|vcenter|winrar|7-zip
    |acrobat|reader|flash(?: player)?|teamviewer|anydesk|patch|update|release|bản vá|bản cập nhật
"""
_PRODUCT_VERSION = any_case(
    rf"(?:\b(?:{'|'.join(word.strip() for word in _PRODUCTS.split('|'))}|before|prior to|earlier "
    rf"than|older than|up to|trước|cũ "
    rf"hơn)|(?:(?<![-=])[<≤≥]|(?<=[\w:,(])\s?(?<![-=a-z/\"'])>)=?)\s{{0,3}}v?"
    r"(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$"
)
# the version number of the latest sample was 1.0.0.9, other version numbers were 1.0.0.1 and 1.0.0.8
_TOLD_VERSION = any_case(
    r"(?:versions?|phiên bản)(?: numbers?| số)?\b[^.:;()]{0,60}?\b(?:was|were|is|are|là|numbered)\s{1,3}v?"
    r"(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$"
)
_SMALL = re.compile(r"(?:1?\d|20)(?:\.\d{1,2}){3}", re.ASCII)
_SERVERS = any_case(
    r"(?:openssl|openssh|tomcat|nginx|php|mysql|mariadb|postgresql|weblogic|drupal|joomla"
    r"|confluence|jira|gitlab|jenkins|zimbra|forti[a-z]{2,12}|pan-?os|routeros|junos|vcenter"
    r"|esxi)\b"
)
_SECTION = re.compile(
    r"\s{0,8}((?:1?\d|20)(?:\.\d){3})\.?\s{1,4}(?=[^\W\d_a-z])[^\W\d_][^.:;\d]{3,100}", re.UNICODE
)
"""A heading with its number: `1.2.3.4 Technical analysis`."""
_ARTICLE = any_case(
    r"\b(?:điểm|khoản|mục|điều|chương|phần|tiểu mục|bước|bảng|hình|phụ lục|section|sections"
    r"|clause|article|chapter|paragraph|exhibit|part|step|table|figure|appendix|annex|§)\s{0,3}$"
)
_FEW_DIGITS = re.compile(r"(?:1?\d|20)(?:\.\d{1,2}){3}")


def _version(place: Place) -> bool:
    return ":" not in place.value and _STATED_VERSION.search(place.near) is not None


def _version_of_product(place: Place) -> bool:
    """Numbers behind a product's name; small ones behind that of a server or device: `FortiOS 7.4.1.2`."""
    product = _PRODUCT_VERSION.search(place.near) if ":" not in place.value else None
    if product is None:
        return False
    small = _SMALL.fullmatch(place.value) is not None and _SERVERS.match(product[0]) is not None
    return ".0" in place.value or ".0" in product[0] or small


# "key": "0123..", RC4 key = 0123..
_KEY = any_case(
    r"(?:\b|_)(?:key|salt|nonce|iv|secret|password|passwd|pwd|token|mật khẩu|mã xác thực"
    r"|build[_ -]?id|bot[_ -]?net[_ -]?id|campaign)[\"']?\s{0,3}(?:[:=]|is|là)\s{0,3}[\"'`]?$"
)
# strings are decrypted with the key 0123..
_KEY_IN_SENTENCE = any_case(
    r"\b(?:with|using|the|rc4|xor|aes|des|encryption|decryption|hard-?coded|static|session"
    r"|shared)\s{1,3}key\s{1,3}[\"'`(]?$"
)
# d41d..    .text    81920    6.5: the sections of a program, as CISA's reports list them
_SECTION_ROW = re.compile(r"\s{1,12}(?:header|\.\w{1,8})\s{1,12}\d{1,10}\s{1,12}\d\.\d{1,8}\b")
_LICENCE = any_case(
    r"\b(?:licen[cs]e|serial|product|activation|encryption|rc4|xor|aes|botnet|campaign)[ "
    r"_-]{0,3}(?:code|key|number|id|iv)\b|\bmã bản quyền|\bkhóa"
)
_OTHER_DIGEST = any_case(
    r"\b(?:ja3s?|ja4\w{0,4}|jarm|hassh|imp(?:ort)?[ _-]?hash|imphash|authenti[ _-]?hash|pe[ "
    r"_-]?hash|rich[ _-]?(?:header|pe)(?:[ _-]?hash)?|vhash|telfhash|gimphash|typelib id"
    r"|thumb ?print|(?:certificate|cert|ssl|tls|x\.?509)[ _-]{0,3}(?:fingerprint|thumbprint"
    r"|serial(?:[ _-]?number)?|sha-?1|sha-?256|md5|hash)|fingerprint|serial(?:[ _-]?number)?"
    r"|exit ?node|mutex|mvid|guid|uuid"
    r"|commit(?:[ _-]?(?:hash|sha-?1))?|urn:btih|public[_ ]?key|spawn[_ ]?to(?:_x\d\d)?|"
    r"(?:commit|session|bot|user|campaign|victim|machine|client|device)[ _-]?id)"
    r"[\s_]{0,3}(?:hash|fingerprint|md5|sha-?1|sha-?256|value|\(md5\))?[\"']?\s{0,3}(?:[:=|–-]"
    r"|is|là)?\s{0,3}[\"'`(\[]?$"
)
# where SHA256 in ("0f4c..", "1a2b..")    md5 == '0f4c..'    let hashes = dynamic(["0f4c..", "1a2b.."])
_NAMED_HASH = any_case(
    r"(?:(?:\b|_)(?:md5|sha-?1|sha-?256)\b[\"']?\s{0,3}(?:[=!]=|=~|=|:|\bin~?|\bhas_any)|="
    r"\s{0,3}dynamic)\s{0,3}[\"'(\[]{0,3}(?:[0-9a-f]{32,64}[\"']\s?,\s{0,3}[\"']){0,16}$"
)
_FIELDS_OF_DUMP = 8


def is_dump(text: str) -> bool:
    """Return whether a line is a dump of memory (`|...|` between fields): a number in it is seldom a hash."""
    return text.count("|...|") >= _FIELDS_OF_DUMP


def _in_code(place: Place) -> bool:
    line = place.line
    return line.code and not line.alone and _NAMED_HASH.search(place.before(1200)) is None


_ALL_DIGESTS = frozenset(DIGESTS)


RULES = (
    Rule("version", ADDRESS, WORD, _version, REFUSED, refusals.VERSION, 30,
        taken=["version 2 of it connects to 203.0.113.58", "version: 1.2.3[.]4"],
        refused=["version 1.2.3.4", "phiên bản 5.6.7.8"]),
    Rule("told_version", ADDRESS, WORD,
        lambda place: _SMALL.fullmatch(place.value) is not None
        and _TOLD_VERSION.search(place.near) is not None, REFUSED, refusals.VERSION, 30,
        taken=["the address was 1.2.3.4"], refused=["the version number of the latest sample was 1.2.0.9"]),
    Rule("version_of_product", ADDRESS, WORD, _version_of_product, REFUSED, refusals.VERSION, 30,
        taken=["OpenSSL and 203.0.113.58"], refused=["FortiOS 7.4.1.2", "Exchange Server 15.0.1.2"]),
    Rule("heading_number", ADDRESS, WRITTEN,
        lambda place: (heading := _SECTION.fullmatch(place.text.rstrip())) is not None
        and heading.start(1) == place.start, REFUSED, refusals.VERSION, 54,
        taken=["C2 1.2.3.4"], refused=["1.2.3.4 Technical analysis"]),
    Rule("article", ADDRESS, WRITTEN,
        lambda place: _FEW_DIGITS.fullmatch(place.token.rstrip(".")) is not None
        and _ARTICLE.search(place.before(24)) is not None, REFUSED, refusals.VERSION, 54,
        taken=["address 1.2.3.4"], refused=["theo khoản 1.2.3.4"]),
    Rule("other_digest", _ALL_DIGESTS, WORD, near(_OTHER_DIGEST), REFUSED, refusals.OTHER_DIGEST, 30,
        taken=["MD5: 0123456789abcdef0123456789abcdef"],
        refused=["imphash: 0123456789abcdef0123456789abcdef",
            "JA3 fingerprint 0123456789abcdef0123456789abcdef", "mutex 0123456789abcdef0123456789abcdef"]),
    Rule("part_of_a_program", frozenset({IndicatorType.MD5}), WRITTEN,
        lambda place: _SECTION_ROW.match(place.text, place.end) is not None, REFUSED, refusals.OTHER_DIGEST,
        53, taken=["0123456789abcdef0123456789abcdef    sample    81920"],
        refused=["0123456789abcdef0123456789abcdef    .text    81920    6.5"]),
    Rule("key", _ALL_DIGESTS, WRITTEN,
        lambda place: _KEY.search(place.near) is not None or _KEY_IN_SENTENCE.search(place.near) is not None,
        REFUSED, refusals.CODE_HASH, 54,
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

"""What the text around a value says that it is no indicator: a version, the fingerprint of something else than a file, a scanner's name of a threat.

Only windows of fixed length before a value are looked at, so the time stays linear in the text's length.
"""

from __future__ import annotations

import re

from lamsach.indicators.values import refusals
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGESTS

_BEFORE = 96
"""How many characters before a value are looked at."""
_STATED_VERSION = re.compile(
    r"(?:version|phiên bản|\bver\.?|\bbuild|firmware)[\"']?\s{0,3}[=:]?\s{0,3}[\"']?v?(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$",
    re.IGNORECASE,
)
_PRODUCTS = """
    kernel|openssl|openssh|log4j2?|struts|tomcat|nginx|apache|httpd|php|java|jre|jdk|oracle(?: database)?|weblogic|mysql|mariadb|postgresql
    |windows|exchange(?: server)?|sharepoint(?: server)?|office|outlook|\\.net(?: framework)?|chrome|chromium|firefox|edge|safari|android|ios(?: xe| xr)?|macos
    |wordpress|drupal|joomla|confluence|jira|gitlab|jenkins|zimbra|forti[a-z]{2,12}|pan-?os|routeros|junos|big-ip|netscaler|citrix adc|vmware|esxi|vcenter
    |winrar|7-zip|acrobat|reader|flash(?: player)?|teamviewer|anydesk|patch|update|release|bản vá|bản cập nhật
"""
_PRODUCT_VERSION = re.compile(
    rf"(?:\b(?:{'|'.join(word.strip() for word in _PRODUCTS.split('|'))}|before|prior to|earlier than|older than|up to|trước|cũ hơn)|(?:(?<![-=])[<≤≥]|(?<=[\w:,(])\s?(?<![-=a-z/\"'])>)=?)\s{{0,3}}v?"
    r"(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$",
    re.IGNORECASE,
)
_OTHER_DIGEST = re.compile(
    r"\b(?:ja3s?|ja4\w{0,4}|jarm|hassh|imp(?:ort)?[ _-]?hash|imphash|authenti[ _-]?hash|pe[ _-]?hash|rich[ _-]?(?:header|pe)(?:[ _-]?hash)?|vhash|telfhash|gimphash|typelib id"
    r"|thumb ?print|(?:certificate|cert|ssl|tls|x\.?509)[ _-]{0,3}(?:fingerprint|thumbprint|serial(?:[ _-]?number)?|sha-?1|sha-?256|md5|hash)|fingerprint|serial(?:[ _-]?number)?|exit ?node|mutex|mvid|guid|uuid"
    r"|commit(?:[ _-]?(?:hash|sha-?1))?|urn:btih|public[_ ]?key|spawn[_ ]?to(?:_x\d\d)?|(?:commit|session|bot|user|campaign|victim|machine|client|device)[ _-]?id)"
    r"[\s_]{0,3}(?:hash|fingerprint|md5|sha-?1|sha-?256|value|\(md5\))?[\"']?\s{0,3}(?:[:=|–-]|is|là)?\s{0,3}[\"'`(\[]?$",
    re.IGNORECASE,
)
# the version number of the latest sample was 1.0.0.9, other version numbers were 1.0.0.1 and 1.0.0.8
_TOLD_VERSION = re.compile(
    r"(?:versions?|phiên bản)(?: numbers?| số)?\b[^.:;()]{0,60}?\b(?:was|were|is|are|là|numbered)\s{1,3}v?"
    r"(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$",
    re.IGNORECASE,
)
_SMALL = re.compile(r"(?:1?\d|20)(?:\.\d{1,2}){3}", re.ASCII)
_SERVERS = re.compile(
    r"(?:openssl|openssh|tomcat|nginx|php|mysql|mariadb|postgresql|weblogic|drupal|joomla|confluence|jira|gitlab|jenkins|zimbra|forti[a-z]{2,12}|pan-?os|routeros|junos|vcenter|esxi)\b",
    re.IGNORECASE,
)
# Trojan.Win32.Agent.xyz, HEUR:Backdoor.Linux.Mirai.b, Ransom.MSIL.Hidden.one
_DETECTION = re.compile(
    r"(?:(?:HEUR|UDS|PDM|VHO|not-a-virus):)?(?:Trojan(?:-\w{2,20})?|Backdoor|Worm|Virus|Ransom(?:ware)?|Exploit|Downloader|Dropper|Rootkit|HackTool|RiskTool|Riskware|AdWare|PUA|PUP"
    r"|Spyware|TrojanSpy|TrojanDownloader|TrojanDropper|Infostealer|Stealer|Packed|Gen|Variant|W32|W64|Win32|Win64|MSIL|Linux|JS|VBS|HTML|Android(?:OS)?|OSX)\.[A-Z][\w-]*\.[\w.-]+",
)


def doubt(kind: IndicatorType, value: str, text: str, start: int) -> str | None:
    """Why the value that begins at `start` of a text is none, or None."""
    if kind is IndicatorType.IP and ":" not in value:
        before = text[max(0, start - _BEFORE) : start]
        if _STATED_VERSION.search(before):
            return refusals.VERSION
        if _SMALL.fullmatch(value) and _TOLD_VERSION.search(before):
            return refusals.VERSION
        product = _PRODUCT_VERSION.search(before)
        if product is not None and (".0" in value or ".0" in product[0] or _named_version(product[0], value)):
            return refusals.VERSION
    elif kind in DIGESTS and _OTHER_DIGEST.search(text[max(0, start - _BEFORE) : start]):
        return refusals.OTHER_DIGEST
    return None


def _named_version(product: str, value: str) -> bool:
    """Whether small numbers stand behind the name of a server or device: `FortiOS 7.4.1.2`."""
    return _SMALL.fullmatch(value) is not None and _SERVERS.match(product) is not None


def is_detection(name: str) -> bool:
    """Whether a word with dots is what a scanner calls a threat, as the letters' case shows."""
    return _DETECTION.fullmatch(name) is not None

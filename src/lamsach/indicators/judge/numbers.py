"""Rules for dotted numbers that are versions of programs, or number a heading or an article."""

from __future__ import annotations

import re

from lamsach.indicators.judge.rule import ADDRESS, REFUSED, WORD, WRITTEN, Place, Rule, any_case
from lamsach.indicators.values import refusals

_STATED_VERSION = any_case(
    r"(?:version|phiên bản|\bver\.?|\bbuild|firmware)[\"']?\s{0,3}[=:]?\s{0,3}[\"']?v?(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$"
)
_PRODUCTS = """
    kernel|openssl|openssh|log4j2?|struts|tomcat|nginx|apache|httpd|php|java|jre|jdk|oracle(?: database)?|weblogic|mysql|mariadb|postgresql
    |windows|exchange(?: server)?|sharepoint(?: server)?|office|outlook|\\.net(?: framework)?|chrome|chromium|firefox|edge|safari|android|ios(?: xe| xr)?|macos
    |wordpress|drupal|joomla|confluence|jira|gitlab|jenkins|zimbra|forti[a-z]{2,12}|pan-?os|routeros|junos|big-ip|netscaler|citrix adc|vmware|esxi|vcenter
    |winrar|7-zip|acrobat|reader|flash(?: player)?|teamviewer|anydesk|patch|update|release|bản vá|bản cập nhật
"""
_PRODUCT_VERSION = any_case(
    rf"(?:\b(?:{'|'.join(word.strip() for word in _PRODUCTS.split('|'))}|before|prior to|earlier than|older than|up to|trước|cũ hơn)|(?:(?<![-=])[<≤≥]|(?<=[\w:,(])\s?(?<![-=a-z/\"'])>)=?)\s{{0,3}}v?"
    r"(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$"
)
# the version number of the latest sample was 1.0.0.9, other version numbers were 1.0.0.1 and 1.0.0.8
_TOLD_VERSION = any_case(
    r"(?:versions?|phiên bản)(?: numbers?| số)?\b[^.:;()]{0,60}?\b(?:was|were|is|are|là|numbered)\s{1,3}v?"
    r"(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$"
)
_SMALL = re.compile(r"(?:1?\d|20)(?:\.\d{1,2}){3}", re.ASCII)
_SERVERS = any_case(
    r"(?:openssl|openssh|tomcat|nginx|php|mysql|mariadb|postgresql|weblogic|drupal|joomla|confluence|jira|gitlab|jenkins|zimbra|forti[a-z]{2,12}|pan-?os|routeros|junos|vcenter|esxi)\b"
)
_SECTION = re.compile(
    r"\s{0,8}((?:1?\d|20)(?:\.\d){3})\.?\s{1,4}(?=[^\W\d_a-z])[^\W\d_][^.:;\d]{3,100}", re.UNICODE
)
"""A heading with its number: `1.2.3.4 Technical analysis`."""
_ARTICLE = any_case(
    r"\b(?:điểm|khoản|mục|điều|chương|phần|tiểu mục|bước|bảng|hình|phụ lục|section|sections|clause|article|chapter|paragraph|exhibit|part|step|table|figure|appendix|annex|§)\s{0,3}$"
)
_FEW_DIGITS = re.compile(r"(?:1?\d|20)(?:\.\d{1,2}){3}")


def _version(place: Place) -> bool:
    return ":" not in place.value and _STATED_VERSION.search(place.near) is not None


def _told_version(place: Place) -> bool:
    return _SMALL.fullmatch(place.value) is not None and _TOLD_VERSION.search(place.near) is not None


def _version_of_product(place: Place) -> bool:
    """Numbers behind a product's name; small ones behind that of a server or device: `FortiOS 7.4.1.2`."""
    product = _PRODUCT_VERSION.search(place.near) if ":" not in place.value else None
    if product is None:
        return False
    small = _SMALL.fullmatch(place.value) is not None and _SERVERS.match(product[0]) is not None
    return ".0" in place.value or ".0" in product[0] or small


def _number_of_heading(place: Place) -> bool:
    heading = _SECTION.fullmatch(place.text.rstrip())
    return heading is not None and heading.start(1) == place.start


def _number_of_article(place: Place) -> bool:
    return (
        _FEW_DIGITS.fullmatch(place.token.rstrip(".")) is not None
        and _ARTICLE.search(place.before(24)) is not None
    )


RULES = (
    Rule("version", ADDRESS, WORD, _version, REFUSED, refusals.VERSION, 30,
        taken=["version 2 of it connects to 203.0.113.58", "version: 1.2.3[.]4"],
        refused=["version 1.2.3.4", "phiên bản 5.6.7.8"]),
    Rule("told_version", ADDRESS, WORD, _told_version, REFUSED, refusals.VERSION, 30,
        taken=["the address was 1.2.3.4"], refused=["the version number of the latest sample was 1.2.0.9"]),
    Rule("version_of_product", ADDRESS, WORD, _version_of_product, REFUSED, refusals.VERSION, 30,
        taken=["OpenSSL and 203.0.113.58"], refused=["FortiOS 7.4.1.2", "Exchange Server 15.0.1.2"]),
    Rule("heading_number", ADDRESS, WRITTEN, _number_of_heading, REFUSED, refusals.VERSION, 54,
        taken=["C2 1.2.3.4"], refused=["1.2.3.4 Technical analysis"]),
    Rule("article", ADDRESS, WRITTEN, _number_of_article, REFUSED, refusals.VERSION, 54,
        taken=["address 1.2.3.4"], refused=["theo khoản 1.2.3.4"]),
)  # fmt: skip

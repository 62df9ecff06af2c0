"""Role of a machine as type and note of its inventory row state it, in Vietnamese or English.

A phrase counts within a clause of a few words that does not refer to another machine: `Máy chủ tên miền nội
bộ, DNS và DHCP` states a DNS server, `Truy cập qua proxy`, `DNS: 10.0.0.53` and `Windows Firewall: on` state
nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lamsach.documents.headings import plain_words

ENDPOINT = "endpoint"
"""Workstation, printer, camera or telephone: a machine that speaks for itself."""
_MOST_WORDS = 12

_PHRASES: dict[str, tuple[str, ...]] = {
    "nat": (
        *("router", "bo dinh tuyen", "thiet bi dinh tuyen"),
        *("dinh tuyen", "modem", "gateway", "gateway internet"),
        *("cong mang", "cong ket noi", "cong ra internet", "cong internet"),
        *("nat gateway", "thiet bi nat", "may chu nat", "bo nat"),
        *("cgnat", "cgn", "firewall", "tuong lua", "utm", "ngfw"),
    ),
    "proxy": (
        *("proxy", "proxy server", "reverse proxy", "may chu uy nhiem", "uy nhiem", "web gateway", "swg"),
        *("load balancer", "can bang tai", "bo can bang tai", "haproxy", "squid"),
    ),
    "dns": (
        *("dns", "dns server", "name server"),
        *("nameserver", "resolver", "phan giai ten", "phan giai ten mien"),
        *("may chu ten mien", "ten mien noi bo", "dich vu ten mien"),
        *("he thong ten mien", "may chu ad", "ad server"),
        *("domain controller", "active directory", "ad ds"),
        *("dieu khien mien", "quan ly mien", "quan tri mien", "quan ly ten mien"),
        *("kiem soat mien", "may chu dc", "may chu dieu khien vung", "pdc", "rodc"),
    ),
}  # fmt: skip
_WHOLE = {"nat": "nat", "dc": "dns", "ad": "dns"}
"""Words that count only as the whole cell: in a sentence they concern an address or another machine."""
_ENDPOINTS = (
    *("may tinh", "may tram", "may ca nhan", "may in"),
    *("may quet", "may photocopy", "dien thoai", "may tinh bang", "camera"),
    *("pc", "laptop", "notebook", "desktop", "workstation"),
    *("client", "endpoint", "printer", "scanner", "phone", "smartphone"),
    *("tablet", "thin client", "ip phone", "may khach"),
)  # fmt: skip
_ABOUT_OTHERS = (
    *("via", "through", "behind", "using", "uses", "use"),
    *("qua", "sau", "dung", "su dung", "phia sau", "truy cap", "bypass"),
    *("bat", "tat", "on", "off", "enabled", "disabled"),
    *("cai", "cai dat", "installed", "phan mem", "software", "agent", "windows"),
    *("khong", "without", "chua", "tu dong", "auto", "static", "admin", "administrator", "quan tri"),
    *("nguoi", "giam sat", "monitoring", "console", "management", "thu nghiem"),
    *("test", "mail", "email", "sms", "voip", "thoai", "iot"),
    *("ho tro", "support", "ky su", "engineer", "log", "nhat ky", "sao luu"),
)  # fmt: skip
_SETTINGS = ("dns dong", "dns tinh")
_CLAUSE = re.compile(r"[,;/\n\r()|+&.]+(?!\d)|\s+[-\u2013]\s+|\s+(?:v\u00e0|and|ki\u00eam)\s+", re.IGNORECASE)
# 10.0.0.53 in plain words: 10 0 0 53
_ADDRESS = re.compile(r"(?:^| )\d{1,3} \d{1,3} \d{1,3} \d{1,3}(?: |$)")


@lru_cache(maxsize=4096)
def stated_role(kind: str | None, note: str | None) -> str | None:
    """Return `nat`, `proxy`, `dns`, or ENDPOINT for a machine that speaks for itself; None if not stated."""
    by_kind = _role(kind or "")
    if by_kind is not None:
        return by_kind
    if _has(plain_words(kind or ""), _ENDPOINTS):
        return ENDPOINT
    return _role(note or "")


def _role(text: str) -> str | None:
    whole = plain_words(text)
    found = {_WHOLE[whole]} if whole in _WHOLE else set()
    for clause in _CLAUSE.split(text[:1000]):
        found |= _roles_in(plain_words(clause))
    return next((role for role in _PHRASES if role in found), None)


def _roles_in(clause: str) -> set[str]:
    if not clause or clause.count(" ") >= _MOST_WORDS or _ADDRESS.search(clause) or _has(clause, _SETTINGS):
        return set()
    found = set()
    rest = f" {clause} "
    for role, phrases in _PHRASES.items():
        for phrase in sorted(phrases, key=len, reverse=True):
            if f" {phrase} " in rest:
                found.add(role)
                rest = rest.replace(f" {phrase} ", "  ")
    return set() if _has(rest, _ABOUT_OTHERS) or _begins(clause, _ENDPOINTS) else found


def _begins(clause: str, phrases: tuple[str, ...]) -> bool:
    return any(f"{clause} ".startswith(f"{phrase} ") for phrase in phrases)


def _has(clause: str, phrases: tuple[str, ...]) -> bool:
    return any(f" {phrase} " in f" {clause} " for phrase in phrases)

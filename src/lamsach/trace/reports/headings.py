"""What the columns of an authority's list are called, in Vietnamese and English, in Shadowserver's and in n6's reports.

Sources: https://www.shadowserver.org/what-we-do/network-reporting/ (columns of `botnet_drone`, `event4_sinkhole`, `event4_honeypot_*`,
`scan_*`: `timestamp`, `ip` or `src_ip`, `port` or `src_port`, `protocol`, `tag`, `infection`, `dst_ip`, `dst_port`); n6's data model,
https://n6.readthedocs.io/ (`time`, `ip`, `sport`, `dip`, `dport`, `proto`, `name`, `category`).
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import lru_cache

from lamsach.documents.headings import plain_key


class Column(Enum):
    """What a column holds."""

    IP = "ip"
    PORT = "port"
    TIME = "time"
    DATE = "date"
    CLOCK = "clock"
    PROTOCOL = "protocol"
    THREAT = "threat"
    THREAT_CLASS = "threat_class"
    DESTINATION = "destination"
    DESTINATION_PORT = "destination_port"


_FAR = r"dst|dest|dip|dport|destination|remote|target|dich|dieu khien|may chu|may dich|c2|cc|c&c|cnc|server|controller|sinkhole|doc hai|ket noi den|ket noi toi"
_IS_FAR = re.compile(rf"(?:\b|_)(?:{_FAR})(?:\b|_)")
_NEAR = re.compile(
    r"(?:\b|_)(?:src|source|nguon|infected|nhiem|victim|nan nhan|public|cong cong|cong khai|local|client|bot|sip|sport|may tram|nat|wan)(?:\b|_)"
)
_IP = re.compile(
    r"(?:\b|_)(?:ip|ips|ipv4|ipv6|address|addr|dia chi|ip_address|sip|dip|ipaddr|ipaddress)(?:\b|_)|^host$"
)
_NO_IP = re.compile(
    r"mac\b|e-?mail|website|\burl\b|ten mien|domain|hostname|ip_?count|so luong|tru so|lien he|asn|address_type|(?<!ip )(?<!ip cua )don vi"
)
_PORT = re.compile(r"(?:\b|_)(?:port|ports|sport|dport|srcport|dstport|port_?no|portnumber)(?:\b|_)")
# `cổng` without its accents is also `công`, as in `công cộng` (public) and `công ty` (company)
_CONG = re.compile(
    r"(?:so |so hieu )?cong(?: (?:nguon|dich|ket noi|dich vu|nat|public|mang|tcp|udp|tcp/udp|ip|may chu|c&c|tcp udp|cua ip nguon|giao tiep))?"
)
_CONG_ACCENTED = re.compile(r"(?<!\w)cổng(?!\w)")
_PROTOCOL = re.compile(r"(?:\b|_)(?:protocol|proto|giao thuc|transport|l4_?proto|ip_?protocol)(?:\b|_)")
_NOT_TIME = re.compile(
    r"han xu ly|thoi han|het han|deadline|expire|expir|bao cao|uptime|timezone|mui gio|time zone|so lan|den ngay|ngay sinh|duration|thoi luong|ket thuc|end|last"
)
_TIME = re.compile(
    r"(?:\b|_)(?:time|timestamp|datetime|date_?time|thoi gian|thoi diem|first[ _]?seen|observed|eventtime|event[ _]?time|detected|detection|ngay gio|gio ngay|ngay,? gio|ngay thang|seen|luc|log[ _]?time|when)(?:\b|_)"
)
_LAST = re.compile(
    r"(?:\b|_)(?:last[ _]?seen|last[ _]?time|lan cuoi|cuoi cung|ket thuc|end[ _]?time|time[ _]?end|until)(?:\b|_)"
)
_DATE = re.compile(r"(?:date|ngay|ngay phat hien|ngay ghi nhan|ngay ket noi|day|ngay thang|ngay xay ra)")
_CLOCK = re.compile(
    r"(?:gio|clock|hour|time of day|gio phut|gio phat hien|gio ghi nhan|gio ket noi|time|thoi gian)"
)
_THREAT = re.compile(
    r"(?:\b|_)(?:infection|malware|threat|botnet|bot_?name|trojan|trojan_?family|virus|family|malware_?name|ma doc|mang bot|mang botnet|loai ma doc|ten ma doc|nguy co|dong ma doc|nhan dang|phan mem doc hai|moi de doa|de doa|loai virus|ten virus|chung ma doc|bien the|name)(?:\b|_)"
)
_THREAT_CLASS = re.compile(
    r"(?:\b|_)(?:tag|tags|type|category|loai|loai hinh|hanh vi|chien dich|mo ta|description|noi dung|dau hieu|signature|event|su kien|loai su kien|ghi chu|note|classification|phan loai)(?:\b|_)"
)
_NO_THREAT = re.compile(
    r"host|device_|user|don vi|co quan|ten may|file|org|to chuc|nguoi|machine|asn?_?name|\basn\b|domain|dns|sector|city|region|model|vendor|version|source_url|server|nha mang|isp|device"
)
_ZONE = re.compile(
    r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?|\b(utc|gmt|zulu)\b|(gio viet nam|gio vn|gio ha noi|vietnam time|viet nam time|\bict\b)"
)


@lru_cache(4096)
def column_of(heading: str) -> Column | None:
    """What a column with this heading holds, or None when the heading does not tell."""
    key = plain_key(" ".join(heading.split()))
    if not key or len(key) > 60:
        return None
    accented = unicodedata.normalize("NFC", heading.lower())
    is_far = bool(_IS_FAR.search(key)) and not _NEAR.search(key)
    is_port = bool(_PORT.search(key) or _CONG.fullmatch(key) or _CONG_ACCENTED.search(accented))
    if (
        _IP.search(key)
        and not _NO_IP.search(key)
        and not key.startswith(("port", "src_port", "dst_port"))
        and not accented.startswith("cổng")
    ):
        return Column.DESTINATION if is_far else Column.IP
    if is_port:
        return Column.DESTINATION_PORT if is_far else Column.PORT
    if is_far and not _TIME.search(key) and _alone_far(key):
        return Column.DESTINATION
    return _time_of(key) or _words_of(key)


def _alone_far(key: str) -> bool:
    """Whether the heading means the far side's address without saying so: `Máy chủ C&C`, `Đích kết nối`."""
    return (
        re.fullmatch(
            r"(?:may chu )?(?:c&c|c2|cnc|may chu dieu khien|dich|dich ket noi|destination|may chu)(?: server)?",
            key,
        )
        is not None
    )


def _time_of(key: str) -> Column | None:
    plain = re.split(r"\s*[(\[]", key, maxsplit=1)[0].strip()
    if _NOT_TIME.search(plain) and not _LAST.search(plain):
        return None
    if _DATE.fullmatch(plain):
        return Column.DATE
    if plain in ("gio", "clock", "hour", "gio phut", "gio phat hien", "gio ghi nhan", "gio ket noi"):
        return Column.CLOCK
    return Column.TIME if _TIME.search(plain) or _LAST.search(plain) or plain.startswith("ngay ") else None


def _words_of(key: str) -> Column | None:
    if _PROTOCOL.search(key):
        return Column.PROTOCOL
    if _NO_THREAT.search(key):
        return None
    if _THREAT.search(key):
        return Column.THREAT
    return Column.THREAT_CLASS if _THREAT_CLASS.search(key) else None


def is_later(heading: str) -> bool:
    """Whether a column of times holds the last one of several: taken only when there is no other."""
    return _LAST.search(plain_key(heading)) is not None


def offset_minutes(text: str) -> int | None:
    """The offset from UTC that a heading or a sentence states (`Thời gian (UTC+7)`, `timestamp (GMT)`, `giờ Việt Nam`); None when it states none."""
    match = _ZONE.search(plain_key(text))
    if match is None:
        return None
    if match[4]:
        return 0
    if match[5]:
        return 420
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return -minutes if match[1] == "-" else minutes


def is_international(headings: frozenset[str]) -> bool:
    """Whether these headings (plain keys) are those of a Shadowserver or n6 report, whose times are UTC."""
    shadowserver = "timestamp" in headings and bool(headings & {"asn", "src_asn", "geo", "src_geo"})
    n6 = (
        "time" in headings
        and bool(headings & {"restriction", "confidence", "category"})
        and bool(headings & {"id", "source", "cc", "asn"})
    )
    return shadowserver or n6

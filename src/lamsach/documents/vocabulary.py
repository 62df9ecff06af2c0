"""Readers' names of columns, without accents and case: a section each, of rows `name: words`."""

from __future__ import annotations

import re

from lamsach.documents.headings import Of, Section, Within, plain_words, section, whole, words

_INVENTORY = section(
    {
        "ip": "ip|ipv4|ipv6|dia chi|dia chi mang|address|network address|ip tinh|ip lan|dc ip",
        "mac": "mac|dia chi vat ly|physical address|hardware address|ethernet|hwaddr|hw address",
        "name": "name|ten|may|may tinh|thiet bi|device|computer|host|machine|hostname|fqdn|netbios",
        "user": "user|username|login|owner|ho ten|ho va ten|can bo|nhan vien|cbccvc|chu so huu|account",
        "department": "don vi|phong|phong ban|bo phan|khoa|ban|co quan|department|dept|unit|division|office",
        "kind": "loai|loai may|loai thiet bi|chung loai|kind|type|device type|category",
        "note": """
            ghi chu|note|notes|mo ta|description|chuc nang|vai tro|muc dich|nhiem vu|role|function|purpose
            |muc dich su dung|dich vu|service|services|comment|remarks""",
        "ignored": "stt|tt|so tt|so thu tu|no|id|email|os",
    }
)
_PHRASES = section(
    {
        "mac": "dia chi mac|mac address",
        "ip": "dia chi ip|ip address",
        "ignored": "he dieu hanh|so dien thoai",
        "user": "nguoi su dung|nguoi dung|nguoi quan ly|nguoi phu trach|ho va ten|ho ten|tai "
        "khoan|user name|assigned to|full name|can bo",
        "name": "ten may|ten thiet bi|host name|hostname|computer name|device name|machine name|pc name",
        "department": "phong ban|don vi|bo phan|department",
    }
) | section({"mac": "vat ly"})
_ALONE = {"mac": "mac", "ip": "ip", "ipv4": "ip", "ipv6": "ip", "user": "user"}
INVENTORY = Section(
    _INVENTORY,
    [
        Within(name, re.compile(rf"(?<!\S){phrase}(?!\S)"))
        for phrase, name in [*_PHRASES.items(), *_ALONE.items()]
    ],
    key=plain_words,
    longest=48,
)
"""A unit's list of its machines. Names of columns within longer headings: phrases first, then single words.
"""
UNITS = Section(
    section(
        {
            "code": "ma|ma don vi|ma dv|ma co quan|ma dinh danh|ma dinh danh don vi|ma dinh danh dien "
            "tu|ma dinh danh co quan|code|unit code",
            "name": "ten|ten don vi|ten dv|ten co quan|co quan|don vi|name|unit|unit name",
            "parent": """
            ma cap tren|ma don vi cap tren|ma co quan cap tren|ma co quan chu quan|ma don vi chu quan
            |don vi cap tren|co quan cap tren|don vi chu quan|co quan chu quan|truc thuoc|don vi truc thuoc
            |cap tren|parent|parent code|parent unit|reports to""",
            "email": "email|e-mail|mail|dia chi email|email don vi|thu dien tu|dia chi thu dien tu|hop "
            "thu|hom thu",
            "contact": "dau moi|ten dau moi|dau moi lien he|nguoi lien he|can bo dau moi|nguoi phu "
            "trach|contact|contact person|contact name",
            "phone": "dien thoai|so dien thoai|dien thoai lien he|sdt|so dt|dt|di "
            "dong|phone|telephone|tel|mobile",
            "closed": "ngay giai the|giai the|ngay ket thuc|closed|closed on",
            "successor": "don vi ke thua|ma ke thua|ma don vi ke thua|successor",
        }
    )
)
INVITED = Section(
    section(
        {
            "name": "ho ten|ho va ten|ten|name|full name",
            "email": "email|e-mail|mail|dia chi email|thu dien tu|dia chi thu dien tu",
            "role": "vai tro|quyen|role",
            "unit": "ma|ma don vi|ma dv|ma co quan|ma dinh danh|don vi|unit|unit code|code",
        }
    )
)
PEOPLE = Section(
    section(
        {
            "name": "ho ten|ho va ten|ten|name|full name",
            "email": "email|e-mail|thu dien tu",
            "department": "phong|phong ban|bo phan|department",
        }
    )
)

# An authority's list of public addresses, in Vietnamese and English, in Shadowserver's reports (columns of
# `botnet_drone`, `event4_sinkhole`, `event4_honeypot_*`, `scan_*`;
# https://www.shadowserver.org/what-we-do/network-reporting/) and in n6's (https://n6.readthedocs.io/).
_NO_IP = re.compile(
    r"mac\b|e-?mail|website|\burl\b|ten mien|domain|hostname|ip_?count|so luong|tru so|lien he"
    r"|asn|address_type|(?<!ip )(?<!ip cua )don vi|^(?:src_|dst_)?port"
)
_LAST = r"last[ _]?seen|last[ _]?time|lan cuoi|cuoi cung|ket thuc|end[ _]?time|time[ _]?end|until"
_NO_TIME = re.compile(
    r"han xu ly|thoi han|het han|deadline|expire|expir|bao cao|uptime|timezone|mui gio|time "
    r"zone|so lan|den ngay|ngay sinh|duration|thoi luong|ket thuc|end|last"
)
_NO_THREAT = re.compile(
    r"host|device_|user|don vi|co quan|ten may|file|org|to chuc|nguoi|machine|asn?_?name"
    r"|\basn\b|domain|dns|sector|city|region|model|vendor|version|source_url|server|nha mang"
    r"|isp|device"
)
FAR = Section(
    {},
    [
        Within("far", words(r"dst|dest|dip|dport|destination|remote|target|dich|dieu khien|may chu|may dich"
            r"|c2|cc|c&c|cnc|server|controller|sinkhole|doc hai|ket noi den|ket noi toi"), words(
            r"src|source|nguon|infected|nhiem|victim|nan nhan|public|cong cong|cong khai"
            r"|local|client|bot|sip|sport|may tram|nat|wan"))
    ],
)  # fmt: skip
"""Whether a column of addresses or ports is that of the far side."""
LATER = Section({}, [Within("later", words(_LAST))])
"""Whether a column of times holds the last one of several."""
REPORTS = Section(
    {},
    [
        # `cổng` without its accents is also `công`, as in `công cộng` (public) and `công ty` (company)
        Within("port", re.compile(r"^cổng(?!\w)"), of=Of.ACCENTED),
        Within(
            "ip", words(r"ip|ips|ipv4|ipv6|address|addr|dia chi|ip_address|sip|dip|ipaddr|ipaddress"), _NO_IP
            ),
        Within("ip", whole("host")),
        Within("port", words(r"port|ports|sport|dport|srcport|dstport|port_?no|portnumber")),
        Within("port", whole(r"(?:so |so hieu )?cong(?: (?:nguon|dich|ket noi|dich vu|nat|public|mang|tcp"
            r"|udp|tcp/udp|ip|may chu|c&c|tcp udp|cua ip nguon|giao tiep))?")),
        Within("port", re.compile(r"(?<!\w)cổng(?!\w)"), of=Of.ACCENTED),
        Within("destination", whole(
            r"(?:may chu )?(?:c&c|c2|cnc|may chu dieu khien|dich|dich ket noi|destination"
            r"|may chu)(?: server)?")),
        Within("time", words(_LAST), of=Of.BEGINNING),
        Within("date",
            whole(r"date|ngay|ngay phat hien|ngay ghi nhan|ngay ket noi|day|ngay thang|ngay xay ra"),
            of=Of.BEGINNING),
        Within(
            "clock", whole("gio|clock|hour|gio phut|gio phat hien|gio ghi nhan|gio ket noi"), of=Of.BEGINNING
            ),
        Within("time", words(r"time|timestamp|datetime|date_?time|thoi gian|thoi diem|first[ _]?seen"
            r"|observed|eventtime|event[ _]?time|detected|detection|ngay gio|gio ngay"
            r"|ngay,? gio|ngay thang|seen|luc|log[ _]?time|when|^ngay .*"), _NO_TIME, Of.BEGINNING),
        Within("protocol", words(r"protocol|proto|giao thuc|transport|l4_?proto|ip_?protocol")),
        Within("threat", words(
            r"infection|malware|threat|botnet|bot_?name|trojan|trojan_?family|virus|family"
            r"|malware_?name|ma doc|mang bot|mang botnet|loai ma doc|ten ma doc|nguy co"
            r"|dong ma doc|nhan dang|phan mem doc hai|moi de doa|de doa|loai virus|ten "
            r"virus|chung ma doc|bien the|name"), _NO_THREAT),
        Within("threat_class", words(
            r"tag|tags|type|category|loai|loai hinh|hanh vi|chien dich|mo ta|description"
            r"|noi dung|dau hieu|signature|event|su kien|loai su kien|ghi chu|note"
            r"|classification|phan loai"), _NO_THREAT),
    ],
    longest=60,
)  # fmt: skip

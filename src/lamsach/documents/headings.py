"""What the columns of people's tables are called: one vocabulary for each who reads them, found without accents, case and decoration.

A section is rows of `name: words`, parted by `|`. Lists have theirs in `lamsach.indicators.tables.fields`, the authority's lists in `lamsach.trace.reports.headings`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_EDGES = " \t\r\n\u00a0\ufeff\"'*:.#()[]"
_LONGEST = 80


def folded(text: str) -> str:
    """Lower case without accents, with single blanks: `Mã  đơn vị` is `ma don vi`."""
    lowered = text.lower().replace("đ", "d")
    if not lowered.isascii():
        decomposed = unicodedata.normalize("NFKD", lowered)
        lowered = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(lowered.split())


def plain_key(text: str) -> str:
    """A heading without accents, case, line breaks and decoration: `Địa chỉ\\nIP (*)` is `dia chi ip`. Empty for what is too long for one."""
    return " ".join(folded(text).strip(_EDGES).split()) if len(text) <= _LONGEST else ""


def plain_words(text: str) -> str:
    """Letters and figures alone, words parted by one blank: `Người sử dụng/User` is `nguoi su dung user`."""
    return " ".join(re.findall(r"[a-z0-9]+", folded(text)))


def section(words: Mapping[str, str]) -> dict[str, str]:
    """The name for each word of a section."""
    return {" ".join(word.split()): name for name, group in words.items() for word in group.split("|")}


INVENTORY = section(
    {
        "ip": "ip|ipv4|ipv6|dia chi|dia chi mang|address|network address|ip tinh|ip lan|dc ip",
        "mac": "mac|dia chi vat ly|physical address|hardware address|ethernet|hwaddr|hw address",
        "name": "name|ten|may|may tinh|thiet bi|device|computer|host|machine|hostname|fqdn|netbios",
        "user": "user|username|login|owner|ho ten|ho va ten|can bo|nhan vien|cbccvc|chu so huu|account",
        "department": "don vi|phong|phong ban|bo phan|khoa|ban|co quan|department|dept|unit|division|office",
        "kind": "loai|loai may|loai thiet bi|chung loai|kind|type|device type|category",
        "note": """ghi chu|note|notes|mo ta|description|chuc nang|vai tro|muc dich|nhiem vu|role|function|purpose|muc dich su dung|dich vu|service
            |services|comment|remarks""",
        "ignored": "stt|tt|so tt|so thu tu|no|id|email|os",
    }
)
INVENTORY_PHRASES = section(
    {
        "mac": "dia chi mac|mac address",
        "ip": "dia chi ip|ip address",
        "ignored": "he dieu hanh|so dien thoai",
        "user": "nguoi su dung|nguoi dung|nguoi quan ly|nguoi phu trach|ho va ten|ho ten|tai khoan|user name|assigned to|full name|can bo",
        "name": "ten may|ten thiet bi|host name|hostname|computer name|device name|machine name|pc name",
        "department": "phong ban|don vi|bo phan|department",
    }
) | section({"mac": "vat ly"})
"""What stands for a column within a longer heading; `mac`, `ip` and `user` do as words of it."""
UNITS = section(
    {
        "code": "ma|ma don vi|ma dv|ma co quan|ma dinh danh|ma dinh danh don vi|ma dinh danh dien tu|ma dinh danh co quan|code|unit code",
        "name": "ten|ten don vi|ten dv|ten co quan|co quan|don vi|name|unit|unit name",
        "parent": """ma cap tren|ma don vi cap tren|ma co quan cap tren|ma co quan chu quan|ma don vi chu quan|don vi cap tren|co quan cap tren
            |don vi chu quan|co quan chu quan|truc thuoc|don vi truc thuoc|cap tren|parent|parent code|parent unit|reports to""",
        "email": "email|e-mail|mail|dia chi email|email don vi|thu dien tu|dia chi thu dien tu|hop thu|hom thu",
        "contact": "dau moi|ten dau moi|dau moi lien he|nguoi lien he|can bo dau moi|nguoi phu trach|contact|contact person|contact name",
        "phone": "dien thoai|so dien thoai|dien thoai lien he|sdt|so dt|dt|di dong|phone|telephone|tel|mobile",
        "closed": "ngay giai the|giai the|ngay ket thuc|closed|closed on",
        "successor": "don vi ke thua|ma ke thua|ma don vi ke thua|successor",
    }
)
INVITED = section(
    {
        "name": "ho ten|ho va ten|ten|name|full name",
        "email": "email|e-mail|mail|dia chi email|thu dien tu|dia chi thu dien tu",
        "role": "vai tro|quyen|role",
        "unit": "ma|ma don vi|ma dv|ma co quan|ma dinh danh|don vi|unit|unit code|code",
    }
)
PEOPLE = section(
    {
        "name": "ho ten|ho va ten|ten|name|full name",
        "email": "email|e-mail|thu dien tu",
        "department": "phong|phong ban|bo phan|department",
    }
)


def columns_of(cells: list[str], words: Mapping[str, str]) -> dict[int, str]:
    """The columns of a row of headings that a section knows, by their 0-based place."""
    return {place: words[key] for place, cell in enumerate(cells) if (key := plain_key(cell)) in words}

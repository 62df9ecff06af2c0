r"""What the text of an antivirus product's message names: the file's hashes, the site, the user.

Source: Kaspersky, "Events of Kaspersky Endpoint Security" (`Event type: ...\nUser: UNIT\an (Active user)\nObject path: C:\Users\an\nSHA256: ...`), in
English, Vietnamese and Russian; ESET PROTECT, "Events exported to JSON format". A path stays in the line, which is the evidence.
"""

from __future__ import annotations

import re

from lamsach.logs.text.values import hash_of, stated

_HASH = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")
# Object: https://bad.example/a   Web address: bad.example/a   Địa chỉ web: ...
_SITE = re.compile(
    r"(?:Object(?: name| path)?|Web address|URL|Link|Address|Объект|Веб-адрес|Địa chỉ web|Đối tượng)\s{0,8}[:=]\s{0,8}((?:https?|ftp)://[^\s\"'<>]{1,2048})",
    re.IGNORECASE,
)
_USER = re.compile(
    r"(?:^|[\s;,])(?:User|Account|Пользователь|Người dùng|Tài khoản)(?: name)?\s{0,8}[:=]\s{0,8}([^\r\n;,()]{1,128}?)\s*(?:\(|[\r\n;,]|  |$|\\[nr](?=[\\\s]|$|[^\W\da-z_]))"
)
_MOST_HASHES = 8
_LOOKED_AT = 8192


def hashes_in(text: str) -> tuple[str, ...]:
    """The MD5, SHA-1 and SHA-256 values in a text, each once."""
    found: dict[str, None] = {}
    for match in _HASH.finditer(text[:_LOOKED_AT]):
        digest = hash_of(match[0])
        if digest and digest.strip("0"):
            found.setdefault(digest)
        if len(found) == _MOST_HASHES:
            break
    return tuple(found)


def site_in(text: str) -> str | None:
    """The URL that a message names as what was detected or stopped; others (links to an encyclopedia) do not count."""
    match = _SITE.search(text[:_LOOKED_AT])
    return match[1].rstrip(".,") if match else None


def user_in(text: str) -> str | None:
    """The user that a message names."""
    match = _USER.search(text[:_LOOKED_AT])
    return stated(match[1]) if match else None

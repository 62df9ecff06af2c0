"""Domain names, file names and URLs: canonical text and refusals.

Canonical form: scheme and host in lower case, the host an address in canonical text or A-labels, no user name
and password, no default port, no fragment, no `/` at the end of a path without a query. A value listed
without a scheme (`evil.example/x`) stays without: it means any scheme. Path and query stay byte for byte.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from urllib.parse import unquote

from lamsach.indicators.values import refusals
from lamsach.indicators.values.addresses import host_address, internal_reason, span_of
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType

_SPECIAL_TOP_LEVELS = (
    "example", "test", "invalid", "onion", "i2p", "bit", "bazar", "coin", "emc", "lib", "eth", "alt",
)  # fmt: skip
"""Last labels outside the root zone that lists still use.

Reserved for examples (RFC 2606), overlays, and alternative roots that malware queries.
"""

INTERNAL_TOP_LEVELS = frozenset({
    "local", "localhost", "localdomain", "lan", "home", "corp", "internal", "intranet", "private", "domain",
    "workgroup", "arpa",
})  # fmt: skip
"""Last labels with another meaning in every network (RFC 6762 G, RFC 8375, `.internal`), and `arpa`."""


def _ascii(label: str) -> str:
    """Encode a label of the list (RFC 3492), which is normalised already."""
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


class Suffixes:
    """Rules of the public suffix list's first part: registries, not companies that rent out names."""

    def __init__(self, text: str) -> None:
        self.exact: set[str] = set()
        self.wildcard_parents: set[str] = set()
        self.exceptions: set[str] = set()
        for line in text.partition("===END ICANN DOMAINS===")[0].splitlines():
            rule = line.strip()
            if rule and not rule.startswith("//"):
                self._add(rule)
        last_labels = {rule.rpartition(".")[2] for rule in self.exact | self.wildcard_parents}
        self.top_levels = (last_labels | set(_SPECIAL_TOP_LEVELS)) - INTERNAL_TOP_LEVELS

    def _add(self, rule: str) -> None:
        name = rule.lstrip("!*.")
        if not name.isascii():
            name = ".".join(map(_ascii, name.split(".")))
        if rule.startswith("!"):
            self.exceptions.add(name)
        elif rule.startswith("*."):
            self.wildcard_parents.add(name)
        else:
            self.exact.add(name)

    def registered(self, name: str) -> str:
        """Return the registered name, `evil.com.vn` of `a.b.evil.com.vn`; a suffix or address is its own."""
        while not self.is_public(name):
            above = name.partition(".")[2]
            if not above or self.is_public(above):
                break
            name = above
        return name

    def is_public(self, name: str) -> bool:
        """Return whether a name is a public suffix (`com.vn`), which strangers' names are under."""
        if name in self.exact or name in self.top_levels or name in self.wildcard_parents:
            return True
        return name.partition(".")[2] in self.wildcard_parents and name not in self.exceptions


@cache
def suffixes() -> Suffixes:
    """Return the list of the `publicsuffixlist` package, read once."""
    return Suffixes(_text())


def private_rules() -> Iterator[str]:
    """Yield the rules of the list's second part (names given away by companies), with `*.` if any."""
    for line in _text().partition("===BEGIN PRIVATE DOMAINS===")[2].splitlines():
        rule = line.strip()
        if rule and not rule.startswith(("//", "!")):
            yield rule


def _text() -> str:
    return (files("publicsuffixlist") / "public_suffix_list.dat").read_text(encoding="utf-8")


LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
"""A label as found in practice: underscores are allowed anywhere (RFC 2181 section 11, RFC 8552)."""

_ASCII_NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*", re.ASCII)
_FILE_ENDINGS = """
    exe dll sys scr bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta jar apk ipa msi msix lnk iso img vhd vhdx cpl
    ocx drv bin dat  tmp log txt csv xml json yml yaml ini cfg conf inf reg doc docx docm dot dotm xls xlsx
    xlsm xlsb xlam ppt pptx pptm rtf pdf  htm html php asp aspx jsp cgi css png jpg jpeg gif bmp ico svg mp3
    mp4 avi wav 7z rar gz tgz tar bz2 xz cab ace arj elf dylib  deb rpm dmg pkg chm eml msg db sqlite bak old
    class pdb rsrc ttf woff pyc py sh pl rb go rs md c h cpp cs java lua so zip mov  evtx pcap swf vmdk ova
    asar nsi msp ps1xml xsl xll wll mof sct mui nls aut au3 a3x yar yara ioc
"""
_LAST_LABEL_OF_FILES = frozenset(_FILE_ENDINGS.split())
"""File extensions of malware."""
FILE_LIKE_ENDINGS = frozenset({"zip", "mov"})
"""Top-level domains that are mostly file extensions: a bare `order.zip` is a file unless stated."""
MAY_END_FILES = FILE_LIKE_ENDINGS | {"py", "so", "md"}
"""Endings of names that may be files even without a path."""
_SURELY_FILES = re.compile(
    # names directly under .py are not registered; libcrypto.so, README.md
    r"[\w-]{1,60}\.py|lib[\w-]{1,40}\.so|(?:readme|changelog|license|contributing|index)\.md",
    re.ASCII,
)
_AMBIGUOUS_ENDINGS = frozenset({"py", "sh", "cab", "so"})
_PICTURE = "[\u2600-\u27bf\U0001f300-\U0001faff]"
_BETWEEN_NAMES = re.compile(f"[‐-―←-⇿➔➜➡➤►▶「」『』]|^{_PICTURE}\ufe0f?(?=[a-z0-9])", re.IGNORECASE)
"""Dashes, arrows and quotes that no name holds; a picture that marks a list item before a name."""
_PICTURES_BEFORE = re.compile(f"(?:{_PICTURE}|[\ufe0f\u200d])+(?=[a-z0-9])", re.IGNORECASE)
_FILE_NAMES = re.compile(r"\w{1,40}\.(?:class|java|rs)", re.ASCII)


def may_be_file_name(name: str, *, in_sentence: bool) -> bool:
    """Return whether a canonical name is likely a file's; `install.sh` too in running text."""
    last = name.rpartition(".")[2]
    if last in FILE_LIKE_ENDINGS:
        return name.count(".") == 1 or not name.startswith("www.")
    if last in MAY_END_FILES and _SURELY_FILES.fullmatch(name):
        return True
    return (
        in_sentence
        and name.count(".") == 1
        and (last in _AMBIGUOUS_ENDINGS or _FILE_NAMES.fullmatch(name) is not None)
    )


def to_ascii_domain(text: str) -> str | None:
    """Return a name in lower-case A-labels without a trailing dot, or None if it is no domain name.

    Accepts either IDNA form; non-ASCII names are mapped by UTS 46 (https://www.unicode.org/reports/tr46/),
    non-transitional.
    """
    name = text.lower().rstrip(".") if text.isascii() else _from_unicode(text)
    if name is None or not name or len(name) > 253 or not _ASCII_NAME.fullmatch(name):
        return None
    return name


def _from_unicode(text: str) -> str | None:
    import idna

    name = text.rstrip(".。．")
    if len(name) > 253 or _BETWEEN_NAMES.search(name):
        return None
    try:
        return idna.encode(name, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        pass
    try:
        labels = idna.uts46_remap(name, std3_rules=False).split(".")
        return ".".join(map(_ascii, labels))
    except (idna.IDNAError, UnicodeError):
        return None


def without_picture(word: str) -> str:
    """Strip the pictures (emoji) before a word with which posts mark their items."""
    match = None if word.isascii() else _PICTURES_BEFORE.match(word)
    return word[match.end() :] if match else word


def is_file_extension(last: str) -> bool:
    """Return whether an ending is a file extension, even if a top-level domain."""
    return last in _LAST_LABEL_OF_FILES


def canonical_domain(text: str, *, strict: bool = True) -> str:
    """Return a domain indicator's canonical name; `*.evil.example` and `.evil.example` lose the prefix.

    `strict` refuses names whose last label is no top-level domain; a list that states the type is believed.
    Raises Refused.
    """
    bare = text.strip()
    while bare.startswith(("*.", ".", "%.")):
        bare = bare.partition(".")[2]
    name = to_ascii_domain(bare)
    if name is None:
        raise Refused(
            refusals.BAD_NAME if re.fullmatch(r"[^\s\\/]+\.[^\s\\/]+", bare) else refusals.NOT_A_VALUE
        )
    known = suffixes()
    last = name.rpartition(".")[2]
    if "." not in text.strip():
        raise Refused(refusals.NOT_A_VALUE)
    if last in INTERNAL_TOP_LEVELS:
        raise Refused(refusals.INTERNAL_NAME, name, IndicatorType.DOMAIN)
    if last not in known.top_levels:
        _refuse_unknown(name, last, strict=strict)
    elif known.is_public(name):
        raise Refused(refusals.PUBLIC_SUFFIX, name, IndicatorType.DOMAIN)
    return name


def _refuse_unknown(name: str, last: str, *, strict: bool) -> None:
    if last in _LAST_LABEL_OF_FILES:
        raise Refused(refusals.FILE_NAME, name)
    if strict or not last[:1].isalpha():
        raise Refused(refusals.UNKNOWN_SUFFIX, name, IndicatorType.DOMAIN if last.isalpha() else None)


DEFAULT_PORTS = {
    "http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443", "ftps": "990", "sftp": "22",
}  # fmt: skip
"""Default ports of the accepted schemes (WHATWG URL, "special scheme")."""

MAX_URL_LENGTH = 8192

_URL = re.compile(
    r"(?:([a-z][a-z0-9+.-]{1,20}):/{2,4})?([^/?#\\]{1,512})([^#]*)", re.IGNORECASE | re.ASCII | re.DOTALL
)
_ENDS = "/\"'`‘’“”«».,;"
"""Characters stripped from a path's end: a slash, quotes and a sentence's marks."""
_CLOSING = ("]", ")", "}", ">")
"""Brackets stripped from the end of a path that opens none."""
_ENCODED_DOT = re.compile("%2e", re.IGNORECASE)
_HOST_PORT = re.compile(r"(\[[0-9a-f:.]{2,45}(?:%25?\w{1,20})?\]|[^:\[\]]+)(?::([0-9]{0,5}))?", re.IGNORECASE)


def split_url(value: str) -> tuple[str, str, str]:
    """Split a canonical URL: scheme (or empty), host with port, rest (empty, or from `/` or `?` on)."""
    scheme, separator, rest = value.partition("://")
    if not separator or "/" in scheme or "?" in scheme:
        scheme, rest = "", value
    cut = min((place for place in (rest.find("/"), rest.find("?")) if place >= 0), default=len(rest))
    return scheme, rest[:cut], rest[cut:]


def host_of(url: str) -> str:
    """Return the host of a canonical URL without its port; an IPv6 address with its brackets."""
    host = split_url(url)[1]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def canonical_url(text: str, *, strict: bool = True) -> str:
    """Return a URL's canonical text; `strict` requires a host with a top-level domain. Raises Refused."""
    cleaned = text.strip().translate({9: None, 10: None, 13: None})
    match = _URL.fullmatch(cleaned.partition("#")[0])
    if match is None or len(cleaned) > MAX_URL_LENGTH:
        raise Refused(refusals.BAD_URL)
    scheme = (match[1] or "").lower()
    if not scheme and match[3][:2].replace("\\", "/") == "//":
        raise Refused(refusals.BAD_URL)
    if scheme and scheme not in DEFAULT_PORTS:
        raise Refused(refusals.URL_SCHEME)
    host_port = _HOST_PORT.fullmatch(match[2].rpartition("@")[2])
    if host_port is None:
        raise Refused(refusals.BAD_URL)
    port = (host_port[2] or "").lstrip("0")
    if port and int(port) > 65535:
        raise Refused(refusals.BAD_URL)
    if port == DEFAULT_PORTS.get(scheme):
        port = ""
    host, reason = _host(_ENCODED_DOT.sub(".", host_port[1]), strict=strict)
    value = (f"{scheme}://" if scheme else "") + host + (f":{port}" if port else "") + _path(match[3])
    if reason is not None:
        raise Refused(reason, value, IndicatorType.URL)
    return value


def _path(rest: str) -> str:
    path, mark, query = rest.replace(" ", "%20").partition("?")
    path = path.replace("\\", "/")
    if mark:
        return (path or "/") + mark + query
    path = path.rstrip(_ENDS)
    if path.endswith(_CLOSING) and not any(mark in path for mark in "[({<"):
        path = path.rstrip(_ENDS + "".join(_CLOSING))
    return path


def _host(host: str, *, strict: bool) -> tuple[str, str | None]:
    """Return the canonical host, and the reason of its refusal (or None)."""
    host = host.strip().lower()
    address = host_address(host)
    if address is not None:
        text = f"[{address}]" if address.version == 6 else str(address)
        return text, internal_reason(span_of(address))
    name = to_ascii_domain(host)
    if name is None:
        raise Refused(refusals.BAD_URL)
    last = name.rpartition(".")[2]
    if last in INTERNAL_TOP_LEVELS or "." not in name:
        return name, refusals.INTERNAL_NAME
    if last not in suffixes().top_levels and (strict or not last[:1].isalpha()):
        return name, refusals.UNKNOWN_SUFFIX
    return name, None


MAX_FILE_NAME = 255
"""Maximum length of a file name in common file systems."""
_FORM = re.compile(r"[\w .+()\[\]{}@#$~&=!'-]*[\w)\]}-]")
# 2024.exe in "hóa đơn 2024.exe": the part that the sieve and an archive's filter read as a host name; nothing
# in "công văn.doc"
_SEARCHED = re.compile(
    r"(?:^|(?<=[^0-9a-z_.\x80-\U0010ffff-]))[0-9a-z_-]+(?:\.[0-9a-z_-]+)*\.(?=[0-9_-]*[a-z])[0-9a-z_-]{1,16}$"
)
_KELVIN = "\u212a"
"""The one letter that composes into an ASCII one, which the sieve would miss."""


def fold_file_name(name: str) -> str:
    """Fold a name for comparison: composed (NFC), lower case by letter, none turned into ASCII."""
    if name.isascii():
        return name.lower()
    composed = _KELVIN.join(unicodedata.normalize("NFC", part) for part in name.split(_KELVIN))
    return "".join(map(_lower, composed))


def _lower(letter: str) -> str:
    low = letter.lower()
    return low if len(low) == 1 and low.isascii() == letter.isascii() else letter


def base_name(path: str) -> str:
    """Return the last part of a path of any system, without a stream's name (`a.exe:Zone.Identifier`)."""
    last = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return last.partition(":")[0].strip()


def stated_names(text: str) -> Iterator[str]:
    """Yield the folded file names that a record's field may mean, of a path or a URL with its query."""
    yield fold_file_name(base_name(text))
    if "%" in text or "?" in text:
        yield fold_file_name(base_name(unquote(text.partition("?")[0], errors="replace")))


def canonical_file_name(text: str) -> str:
    """Return a file name as a list states it, with or without its path. Raises Refused."""
    name = fold_file_name(base_name(text.replace("[.]", ".")))
    if (
        not name
        or "://" in text.replace("[", "").replace("]", "")
        or len(name) > MAX_FILE_NAME
        or not _FORM.fullmatch(name)
    ):
        raise Refused(refusals.WRONG_TYPE, text[: refusals.MAX_VALUE])
    if _SEARCHED.search(name) is None:
        raise Refused(refusals.FILE_FORM, text[: refusals.MAX_VALUE])
    return name


def searched_part(name: str) -> str:
    """Return the end of a canonical name by which the sieve finds the lines that may hold it."""
    found = _SEARCHED.search(name)
    return found[0] if found else name

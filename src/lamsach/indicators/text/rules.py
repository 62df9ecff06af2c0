"""Values named in sensor and scanner rules.

Suricata and Snort (https://docs.suricata.io/en/latest/rules/intro.html): addresses of the header, contents of
DNS questions, TLS names and HTTP hosts, file hashes, and the sample's hash in `reference:md5`. The other
contents are parts of payloads, which logs do not show.

YARA (https://yara.readthedocs.io/): hashes of metadata and conditions. A text of the strings section is
refused: it is in clean programs too (connectivity checks, namespaces, authorities), and only the rule's
condition makes it a sign. An analyst decides whether it is the attacker's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from lamsach.indicators.tables.fields import read_date
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import refuse_value
from lamsach.indicators.values.records import Facts, read_text
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType

# alert tcp $HOME_NET any -> [203.0.113.5,198.51.100.0/24] 443 (msg:"ET CNC .."; sid:2404300; rev:1;)
HEADER = re.compile(
    r"\s*(?P<action>alert|drop|reject(?:src|dst|both)?|block|pass|log|sdrop)\s+"
    r"(?P<protocol>[a-z0-9_-]{1,20})\s+(?P<rest>[^(]{3,100000}?)\s*\((?P<options>.*)\)\s*"
)
_ADDRESSES = re.compile(
    r"(?<![!\w.$:])(?:\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?"
    r"|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]{2,40}(?:/\d{1,3})?)(?![\w.])"
)
_NEGATED = re.compile(r"!\[[^\]]*\]|![^\s,\]]+")
_OPTION = re.compile(
    r"\s*([a-z0-9_.-]{1,40})\s*(?::\s*((?:\"(?:[^\"\\]|\\.)*\"|[^;\"\\]|\\.)*))?;", re.DOTALL
)
_NAME_BUFFERS = frozenset({
    "dns.query", "dns_query", "tls.sni", "tls_sni", "http.host", "http_host", "http.host.raw",
    "http_raw_host", "quic.sni", "dns.query.name", "dns.queries.rrname",
})  # fmt: skip
_MODIFIERS = frozenset({"tls_sni", "http_host", "http_raw_host"})
_CERTIFICATE_BUFFERS = frozenset({"tls.cert_subject", "tls_cert_subject", "tls.subject"})
_STICKY = re.compile(
    r"(?:dns|tls|http|http2|file|ssh|smb|ja3|ja3s|quic|smtp|krb5|sip|mqtt|snmp|ftp|rfb"
    r"|app-layer)[._][\w.-]+|file_data|pkt_data|base64_data|http_\w+|dns_query|sdp_\w+"
)
_HEX_PART = re.compile(r"\|([0-9a-fA-F\s]*)\|")
# content:"Host|3a 20|evil.example|0d 0a|" and content:"Host: evil.example"; http_header
_HOST_LINE = re.compile(r"(?:\r\n)?Host: ?([\w.-]{4,253})(?:\r\n)*", re.IGNORECASE)
_NAME = re.compile(r"\.?[\w-]{1,63}(?:\.[\w-]{1,63}){1,20}\.?")


def rule_values(text: str) -> tuple[list[Found], Facts] | None:
    """Return the values of one rule (refused for a `pass` rule) and its facts; None for no rule."""
    match = HEADER.fullmatch(text)
    if match is None:
        return None
    options = [(name, value or "") for name, value in _OPTION.findall(match["options"])]
    message = next((value.strip('"') for name, value in options if name == "msg"), "")
    found = [
        item for address in _ADDRESSES.findall(_NEGATED.sub("", match["rest"])) for item in read_text(address)
    ]
    found += _contents(options)
    if match["action"] == "pass":
        found = [refuse_value(item, refusals.ALLOWED) for item in found]
    return found, Facts.of(message, valid_from=_created(options))


def _created(options: list[tuple[str, str]]) -> datetime | None:
    metadata = next((value for name, value in options if name == "metadata"), "")
    match = re.search(r"created_at[ :]+(\d{4})[_-](\d\d)[_-](\d\d)", metadata)
    return read_date("-".join(match.groups())) if match else None


def _contents(options: list[tuple[str, str]]) -> list[Found]:
    """Return the names and hashes of a rule's options.

    A buffer applies to the contents after it, an old modifier to the content before it.
    """
    found: list[Found] = []
    buffer, last = "", ""
    for name, value in options:
        if name == "content" and buffer in _CERTIFICATE_BUFFERS and value.lstrip(' "').startswith("CN="):
            found += _name(_content(value)[3:])
        elif name == "content":
            last = "" if value.lstrip().startswith("!") else _content(value)
            if host := _HOST_LINE.fullmatch(last):
                found += _name(host[1])
            elif last and (buffer in _NAME_BUFFERS or _is_dns_encoded(value)):
                found += _name(last)
        elif name in _MODIFIERS and last and buffer not in _NAME_BUFFERS:
            found += _name(last)
        elif name in ("filemd5", "filesha1", "filesha256") or (
            name == "reference" and value.strip().lower().startswith(("md5,", "sha1,", "sha256,"))
        ):
            text = value.rpartition(",")[2].strip().strip('"')
            found += [item for item in read_text(text) if not isinstance(item, Refused)]
        if name in _NAME_BUFFERS or _STICKY.fullmatch(name):
            buffer = name
    return found


def _is_dns_encoded(value: str) -> bool:
    """Return whether a content is a question as in a DNS packet: `|04|evil|07|example|00|`."""
    return re.search(r"\|0[1-9a-f]\|[\w-]{1,63}\|", value, re.IGNORECASE) is not None and "|00" in value


def _content(value: str) -> str:
    text = value.strip().strip('"')
    if _is_dns_encoded(value):
        labels = re.sub(r"\|(?:00[\s0-9a-fA-F]*)\|.*$", "", text)
        return _HEX_PART.sub(".", labels).strip(".")

    def plain(match: re.Match[str]) -> str:
        digits = "".join(match[1].split())
        return "" if len(digits) % 2 else bytes.fromhex(digits).decode("latin-1")

    return re.sub(r"\\(.)", r"\1", _HEX_PART.sub(plain, text))


def _name(text: str) -> list[Found]:
    if not _NAME.fullmatch(text):
        return []
    return read_text(text, IndicatorType.DOMAIN) if not re.fullmatch(r"[\d.]+", text) else read_text(text)


RULE = re.compile(
    r"(?m)^[ \t]*(?:(?:private|global)[ \t]+){0,2}rule[ \t]+(\w{1,128})[ \t]*(?::[^{\n]{0,200})?\s{0,4}\{?"
)
_META = re.compile(r"(?<!\w)(\w{1,64})\s*=\s*\"((?:[^\"\\]|\\.){0,2000})\"")
_STRING = re.compile(r"\$\w{0,64}\s*=\s*\"((?:[^\"\\]|\\.){4,2000})\"")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_HASH_KEY = re.compile(
    r"(?:.*_)?(?:hash(?:es)?|md5|sha_?1|sha_?256|sample|reference_(?:hash|sample)"
    r"|original_sample)(?:_?\w{0,20})?",
    re.IGNORECASE,
)
# hash.sha256(0, filesize) == "2cf2..."
_CONDITION = re.compile(r"\bhash\.(?:md5|sha1|sha256)\([^()]{0,80}\)\s*==\s*\"([0-9a-fA-F]{32,64})\"")
DIGEST = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-zA-Z])")
_SECTION = re.compile(r"\s*(meta|strings|condition|variables)\s*:")
_SECTION_WITHIN = re.compile(r"(?<![\w$#@!])(?:meta|strings|condition|variables)\s{0,8}:")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*+(\"?)")
"""A quoted text, or an unclosed one up to the line's end, so that none begins within another."""
_LONGEST_RULE = 64 * 1024
"""Maximum length of a line that is searched for sections."""


@dataclass(slots=True)
class YaraRule:
    """One rule: name, first line, named values with their lines, texts of its meta section by key."""

    name: str
    line: int
    found: list[tuple[int, Found]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    @property
    def lists(self) -> bool:
        """Return whether the rule names a hash."""
        return any(not isinstance(item, Refused) for _, item in self.found)

    @property
    def facts(self) -> Facts:
        """Return the facts of its meta section."""
        keys = ("malware_family", "family", "malware", "threat_name", "actor")
        threat = next((self.meta[key] for key in keys if self.meta.get(key)), self.name)
        return Facts.of(threat, self.meta.get("author"), valid_from=read_date(self.meta.get("date", "")))


def yara_rules(lines: Iterable[tuple[int, str | None]]) -> Iterator[YaraRule]:
    """Yield the rules of numbered lines, in order; lines outside rules are skipped.

    Overlong ones (None) are refused, before the first rule in one without a name.
    """
    rule, section = YaraRule("", 0), ""
    for number, line in lines:
        if line is None:
            rule.found.append((number, Refused(refusals.TOO_LONG)))
            continue
        if match := RULE.match(line):
            yield rule
            rule, section = YaraRule(match[1], number), ""
            line = line[match.end() :]
        for piece in _pieces(line) if rule.name else ():
            section = match[1] if (match := _SECTION.match(piece)) else section
            texts: list[str] = []
            if section == "condition":
                texts = _CONDITION.findall(piece)
            elif section == "meta":
                for key, text in _META.findall(piece):
                    rule.meta.setdefault(key.lower(), text)
                    texts += DIGEST.findall(text) if _HASH_KEY.fullmatch(key) else []
            found = _searched(piece) if section == "strings" else []
            found += [item for text in texts for item in read_text(text)]
            rule.found += [(number, item) for item in found]
    yield rule


def yara_values(text: str) -> list[Found]:
    """Return the values that the rules of a text name, in order."""
    return [item for rule in yara_rules(enumerate(text.splitlines(), 1)) for _, item in rule.found]


def _searched(piece: str) -> list[Found]:
    """Refuse the values of the texts that a rule searches files for; drop untyped ones."""
    texts = (_ESCAPE.sub(_unescaped, text) for text in _STRING.findall(piece))
    found = [item for text in texts for item in scan(text)]
    typed = (item for item in found if not isinstance(item, Refused) or item.type is not None)
    return [refuse_value(item, refusals.SEARCHED_FOR) for item in typed]


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[2] if match[2] in '\\"' else " "


def _pieces(line: str) -> list[str]:
    """Split a line before each section that begins on it: a whole rule may be on one line."""
    if ":" not in line or len(line) > _LONGEST_RULE:
        return [line]
    bare = _QUOTED.sub(lambda match: "\0" * len(match[0]) if match[1] else match[0], line)
    places = [0, *(match.start() for match in _SECTION_WITHIN.finditer(bare)), len(line)]
    return [line[start:end] for start, end in pairwise(places) if end > start]

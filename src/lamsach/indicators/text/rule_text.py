"""What one rule of Suricata or Snort names (https://docs.suricata.io/en/latest/rules/intro.html).

Taken: addresses of the header, contents of DNS questions, TLS names and HTTP hosts, file hashes, and the sample's hash that a
`reference:md5` names. The other contents are parts of payloads, which logs do not show.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.indicators.tables.fields import read_date
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused
from lamsach.indicators.values.records import Facts, read_text, shortened
from lamsach.model import IndicatorType

# alert tcp $HOME_NET any -> [203.0.113.5,198.51.100.0/24] 443 (msg:"ET CNC .."; sid:2404300; rev:1;)
HEADER = re.compile(
    r"\s*(?P<action>alert|drop|reject(?:src|dst|both)?|block|pass|log|sdrop)\s+(?P<protocol>[a-z0-9_-]{1,20})\s+(?P<rest>[^(]{3,100000}?)\s*\((?P<options>.*)\)\s*"
)
_ADDRESSES = re.compile(
    r"(?<![!\w.$:])(?:\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]{2,40}(?:/\d{1,3})?)(?![\w.])"
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
    r"(?:dns|tls|http|http2|file|ssh|smb|ja3|ja3s|quic|smtp|krb5|sip|mqtt|snmp|ftp|rfb|app-layer)[._][\w.-]+|file_data|pkt_data|base64_data|http_\w+|dns_query|sdp_\w+"
)
_HEX_PART = re.compile(r"\|([0-9a-fA-F\s]*)\|")
# content:"Host|3a 20|evil.example|0d 0a|" and content:"Host: evil.example"; http_header
_HOST_LINE = re.compile(r"(?:\r\n)?Host: ?([\w.-]{4,253})(?:\r\n)*", re.IGNORECASE)
_NAME = re.compile(r"\.?[\w-]{1,63}(?:\.[\w-]{1,63}){1,20}\.?")


def rule_values(text: str) -> tuple[list[Found], Facts] | None:
    """The values of one rule (refused ones for a `pass` rule) and what it says of them; None when it is no rule."""
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
        found = [
            item if isinstance(item, Refused) else Refused(refusals.ALLOWED, item[1], item[0])
            for item in found
        ]
    return found, Facts(threat=shortened(message) or None, valid_from=_created(options))


def _created(options: list[tuple[str, str]]) -> datetime | None:
    metadata = next((value for name, value in options if name == "metadata"), "")
    match = re.search(r"created_at[ :]+(\d{4})[_-](\d\d)[_-](\d\d)", metadata)
    return read_date("-".join(match.groups())) if match else None


def _contents(options: list[tuple[str, str]]) -> list[Found]:
    """The names and hashes of a rule's options; a buffer holds for the contents after it, an old modifier for the one before it."""
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
    """`|04|evil|07|example|00|`: a question as it stands in a DNS packet."""
    return re.search(r"\|0[1-9a-f]\|[\w-]{1,63}\|", value, re.IGNORECASE) is not None and "|00" in value


def _content(value: str) -> str:
    text = value.strip().strip('"')
    if _is_dns_encoded(value):
        labels = re.sub(r"\|(?:00[\s0-9a-fA-F]*)\|.*$", "", text)
        return _HEX_PART.sub(".", labels).strip(".")

    def plain(match: re.Match[str]) -> str:
        return (
            bytes.fromhex("".join(match[1].split())).decode("latin-1")
            if len("".join(match[1].split())) % 2 == 0
            else ""
        )

    return re.sub(r"\\(.)", r"\1", _HEX_PART.sub(plain, text))


def _name(text: str) -> list[Found]:
    if not _NAME.fullmatch(text):
        return []
    return read_text(text, IndicatorType.DOMAIN) if not re.fullmatch(r"[\d.]+", text) else read_text(text)

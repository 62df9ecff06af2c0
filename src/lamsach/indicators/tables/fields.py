"""What the columns of a list are called, in Vietnamese and English, and how their cells are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from lamsach.documents.headings import plain_key
from lamsach.indicators.tables.field_words import FURTHER_WORDS, further_field
from lamsach.indicators.tables.type_words import UNSUPPORTED_WORDS
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import ROWS, STATED_ONLY


class Field(StrEnum):
    """What a column (or the key of a record) holds."""

    VALUE = "value"
    TYPE = "type"
    THREAT = "threat"
    THREAT_CLASS = "threat_class"
    """What kind of threat it is (`botnet_cc`), where no name is given."""
    NOTE = "note"
    SOURCE = "source"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"
    CONFIDENCE = "confidence"
    TLP = "tlp"
    VICTIM = "victim"
    """The address of a machine that a report calls infected or open: not an attacker's."""
    CONTEXT = "context"
    """Something that may look like an indicator and is none: a link to read, a version, a file's name."""


_WORDS: dict[Field, str] = {
    Field.VALUE: """
        indicator|indicator value|indicators|entry value|ioc|iocs|ioc value|ioc_value|observable|value|values|attribute value|artifact|artefact|data
        |ip|ips|ip address|ip addresses|ipaddress|ip_address|ipv4|ipv6|address|addresses|ip addr|ipaddr|src ip|dst ip|source ip|destination ip
        |source address|destination address|srcip|dstip|dest_ip|remote ip|c2 ip|cnc ip|c&c ip|host ip|dst_ip|src_ip|ip dst|ip src|ip range|range|cidr
        |network|networks|subnet|netblock|prefix|ip:port|ip port
        |domain|domains|domain name|domain names|domain_name|fqdn|hostname|host name|host|hosts|c2 domain|c2|c&c|cnc|c2 server|c2 address|site|website|dns
        |url|urls|uri|uris|url address|malicious url|phishing url|download url|link tai
        |hash|hashes|file hash|filehash|md5|md5 hash|md5sum|md5_hash|filehash-md5|sha1|sha-1|sha1 hash|sha1_hash|filehash-sha1|sha256|sha-256|sha256 hash
        |sha256_hash|filehash-sha256|hash md5|hash sha1|hash sha256|checksum|digest
        |dau hieu|dau hieu nhan biet|chi bao|gia tri|ioc (dau hieu)|dia chi|dia chi ip|dia chi doc hai|ip doc hai|dia chi ip doc hai|dia chi may chu
        |dia chi may chu dieu khien|may chu dieu khien|may chu|dai ip|dai dia chi|dai mang|mang|ten mien|ten mien doc hai|domain doc hai|dia chi ten mien
        |duong dan|lien ket|duong dan doc hai|lien ket doc hai|dia chi url|dia chi website|trang web|website doc hai|ma bam|ma hash|gia tri bam|gia tri hash
        |ip/domain|ip/ten mien|ten mien/ip|ten mien/dia chi ip|dia chi ip/ten mien|danh sach ip|danh sach ten mien|dia chi ip/domain|ip, domain""",
    Field.TYPE: """
        type|entry type|indicator type|indicator_type|ioc type|ioc_type|kind|attribute type|observable type|data type|loai|loai dau hieu|kieu|phan loai dau hieu|loai ioc|dang""",
    Field.THREAT: """
        threat|threat name|malware|malware family|malware name|malware_printable|family|malware_family|botnet|botname|campaign|actor
        |threat actor|signature|virusname|virus name|listingreason|detection|tool|trojanfamily|ma doc|ten ma doc|loai ma doc|ho ma doc|nhom ma doc|dong ma doc|nhom tan cong|chien dich
        |moi de doa|nguy co|mang botnet|ten botnet""",
    Field.THREAT_CLASS: "threat type|threat_type|attack type|threat class|loai tan cong|kieu tan cong|loai moi de doa|activity",
    Field.NOTE: """
        note|notes|sblid|description|desc|comment|comments|remark|remarks|context|details|info|tags|tag|label|labels|category|classification|ghi chu|mo ta|chu thich
        |dien giai|noi dung|thong tin|chi tiet|phan loai|nhan""",
    Field.SOURCE: """
        source|sources|provider|feed|feed name|reporter|origin|author|nguon|nguon tin|nguon cung cap|don vi cung cap|nguon goc""",
    Field.VALID_FROM: """
        submission time|time stamp|first seen|first_seen|firstseen|first_seen_utc|listingdate|timestamp|time|detected|valid from|valid_from|start|start date|created|date added|dateadded|date_added|date|added|ngay|ngay phat hien
        |thoi gian phat hien|ngay bat dau|ngay ghi nhan|tu ngay|lan dau|lan dau phat hien|thoi gian|ngay cap nhat|phat hien lan dau""",
    Field.VALID_UNTIL: """
        valid until|valid_until|expires|expiry|expiration|expiration date|valid to|end|expiration time|end date|expire|het han|ngay het han|den ngay|hieu luc den|ngay ket thuc|han su dung""",
    Field.CONFIDENCE: "confidence|confidence level|confidence_level|score|do tin cay|muc do tin cay|tin cay",
    Field.TLP: "tlp|marking|muc chia se|tlp marking",
    Field.CONTEXT: """
        reference|references|ref|link|links|report|report url|urlhaus_link|urlhaus link|threatfox link|details url|virustotal|permalink|phish detail url|detail url|cert link|links html|external references|screenshot|image|anonymous|tham khao
        |tai lieu tham khao|lien ket tham khao|bao cao|version|phien ban|useragent|user agent|user_agent|file name|filename|file_name|file|file path|path|ten tep|ten file
        |mime type|email|e-mail|sender|from|mail|thu dien tu|asn|as|as name|as number|country|country code|quoc gia|port|ports|cong|dst_port|c2 port|protocol|giao thuc
        |size|filesize|dung luong|stt|tt|so tt|so thu tu|id|uuid|guid|no|no.|#|row|event_id|event id|object_id|object id|attribute_tag|object_uuid|object_relation
        |object_name|object_meta_category|to_ids|status|trang thai|url_status|last_online|last online|last seen|last_seen|last_seen_utc|lastseen|lan cuoi|package name|package
        |package_name|imphash|ssdeep|tlsh|ja3|ja3s|ja3_md5|ja3_fingerprint|ns1|ns2|ns3|ns4|ns5|review|inetnum|netname|descr|whois|registrar|serial number|thumbprint|asn_name|as_name|asname|longitude|latitude
        |fk_malware|malware_alias|malware alias|malware_malpedia|urlhaus_reference|gimphash|telfhash|dhash_icon|sha3_384_hash|terms|copyright|license|licence|homepage
        |malware_bazaar|malware bazaar|phish id|phish_id|verified|verification time|online|target|_id|_index|_type|_score|tracking|certificate thumbprint|recommended actions|rbac groups|mitre techniques|generate alert
        |subject|subjects|subject cn|issuer|issuer cn|subject name|issuer name|company|company name|product|product name|original filename|original file name|meaningful name|internal name|legal copyright|publisher|certificate subject|certificate issuer
        |removed by|removal notes|table|words|bang|severity|action|platforms|more_info|info_url|threat_type_desc|ioc_type_desc|credits|terms of use|documentation|contact|blacklists|surbl|spamhaus_dbl""",
}


def _spaced(key: str) -> str:
    return key.replace("_", " ").replace("-", " ")


def _index(groups: str) -> list[str]:
    return [" ".join(word.split()) for word in groups.split("|")]


_FIELDS = {
    **{plain_key(word): Field(name) for name, words in FURTHER_WORDS.items() for word in _index(words)},
    **{word: found for found, words in _WORDS.items() for word in _index(words)},
}
_TYPES: dict[str, IndicatorType | None] = {
    **{plain_key(word): row.type for row in ROWS for word in _index(row.words)},
    **dict.fromkeys(_index(UNSUPPORTED_WORDS)),
}
_SPACED_TYPES = {_spaced(word): found for word, found in _TYPES.items()}


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GEO = "_geo_"
"""How keys begin under which a sensor says where an address is (AnubisNetworks)."""


_DOTTED = re.compile(
    r"(source|destination|time|feed|classification|malware|protocol|event_description|extra)\.(\w{1,40})(?:\.\w{1,40}){0,3}"
)
"""IntelMQ's names of an event's fields (https://docs.intelmq.org/latest/user/event/)."""
_DOTTED_FIELDS = {
    "ip": Field.VALUE,
    "fqdn": Field.VALUE,
    "url": Field.VALUE,
    "network": Field.VALUE,
    "hash": Field.VALUE,
    "malware.name": Field.THREAT,
    "classification.type": Field.THREAT_CLASS,
    "time.source": Field.VALID_FROM,
    "feed.name": Field.SOURCE,
    "feed.accuracy": Field.CONFIDENCE,
    "feed.url": Field.CONTEXT,
    "event_description.url": Field.CONTEXT,
    "event_description.text": Field.NOTE,
}


# IP (IPv4)    Domain/URL    Mã băm [SHA-256]    Loại: tên    and no value: mail[.]evil.example    data(.)evil.example    url://evil.example
_BESIDE = re.compile(r"\s*(?:[(\[](?!\.|dot\b|:)|/|:(?!//))")


@lru_cache(4096)
def field_of(heading: str) -> Field | None:
    """What a column with this heading holds, or None when the heading is not known."""
    found = _field_of(heading)
    if found is None and len(heading) <= 40 and _HUMP.search(heading):
        return _field_of(_HUMP.sub(" ", heading))
    return found


def _field_of(heading: str) -> Field | None:
    if heading.startswith(_GEO):
        return Field.CONTEXT
    key = plain_key(heading)
    if key in _FIELDS:
        return _FIELDS[key]
    if "." in key and (match := _DOTTED.fullmatch(key)) is not None:
        return _DOTTED_FIELDS.get(match[0], _DOTTED_FIELDS.get(match[2], Field.CONTEXT))
    spaced = _spaced(key)
    if spaced in _FIELDS:
        return _FIELDS[spaced]
    if (further := further_field(spaced)) is not None:
        return Field(further)
    start = _BESIDE.split(key, maxsplit=1)[0]
    return _FIELDS.get(start, _FIELDS.get(_spaced(start)))


_REPORT_COLUMNS = (
    frozenset({"timestamp", "ip", "asn", "geo"}),
    frozenset({"timestamp", "src_ip", "src_asn", "src_geo"}),
)
_VICTIM_COLUMNS = frozenset({"ip", "hostname", "src_ip", "src_hostname"})


def victims(headings: Mapping[int, str]) -> frozenset[int]:
    """The columns of a Shadowserver report (https://www.shadowserver.org/what-we-do/network-reporting/) that name the reported
    machine, which stands in the reader's own network; empty for any other table."""
    keys = {place: plain_key(text) for place, text in headings.items()}
    known = any(set(keys.values()) >= columns for columns in _REPORT_COLUMNS)
    if not known or not {"tag", "infection", "region", "src_region"} & set(keys.values()):
        return frozenset()
    return frozenset(place for place, key in keys.items() if key in _VICTIM_COLUMNS)


def type_of_heading(heading: str) -> IndicatorType | None:
    """The type of value that a heading promises (`Tên miền` a domain), or None when it says nothing of it."""
    key = plain_key(heading)
    return _TYPES.get(key, _TYPES.get(key.replace("_", " ")))


@lru_cache(4096)
def stated_type(text: str) -> tuple[IndicatorType | None, bool]:
    """The type that a type column's cell states, and whether it is one that is not supported at all.

    Composite MISP types (`filename|sha256`, `domain|ip`) state none: their parts are read by content.
    """
    key = plain_key(text)
    if "|" in key:
        parts = key.removesuffix("|value").split("|")
        return None, all(part in _TYPES and _TYPES[part] is None for part in parts)
    known, word = (_TYPES, key) if key in _TYPES else (_SPACED_TYPES, _spaced(key))
    return known.get(word), word in known and known[word] is None


def is_no_text_value(text: str) -> bool:
    """Whether what a text calls a kind is one whose values are never taken from running text: not supported, or read only where a list states it."""
    kind, unsupported = stated_type(text)
    return unsupported or kind in STATED_ONLY


def supported_part(kind: str, value: str) -> str:
    """The parts of a composite value (`filename|md5`) that may be met in logs; any other value as it is."""
    key = plain_key(kind).replace("malware-sample", "filename|md5")
    kinds, parts = key.split("|"), value.split("|")
    if len(kinds) < 2 or len(kinds) != len(parts):
        return value
    return "|".join(part for name, part in zip(kinds, parts, strict=True) if not stated_type(name)[1])


_DATE_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%d-%b-%Y",
)  # fmt: skip
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


@lru_cache(4096)
def read_date(text: str) -> datetime | None:
    """A date or time as lists write it (ISO 8601, day first, seconds since the epoch, an Excel serial number), in UTC; None otherwise."""
    text = text.strip().strip("\"'")
    if not text or len(text) > 40:
        return None
    try:
        if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII) and len(text) != 8:
            return _from_number(float(text))
        if len(text) >= 10 and text[4] == "-":
            found = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _from_number(number: float) -> datetime | None:
    if 20000 < number < 80000:
        return _EXCEL_EPOCH + timedelta(days=number)
    for unit in (1, 1000, 1_000_000):
        if 3e8 < number / unit < 5e9:
            return datetime.fromtimestamp(number / unit, UTC)
    return None


_CONFIDENCE_WORDS = {
    "high": 85,
    "medium": 50,
    "low": 15,
    "cao": 85,
    "trung binh": 50,
    "thap": 15,
    "none": 0,
    "moderate": 50,
    "very high": 95,
    "rat cao": 95,
}


def read_confidence(text: str) -> int | None:
    """0 to 100 from a number, a percentage, a fraction below 1 or a word (STIX 2.1 appendix A); None otherwise."""
    key = plain_key(text).removesuffix("%").strip()
    if key in _CONFIDENCE_WORDS:
        return _CONFIDENCE_WORDS[key]
    try:
        number = float(key.replace(",", "."))
    except ValueError:
        return None
    if 0 < number < 1:
        number *= 100
    return round(number) if 0 <= number <= 100 else None


_TLP = re.compile(r"(?:tlp)?\s*[:\-]?\s*(red|amber\+strict|amber|green|clear|white)", re.IGNORECASE)


def read_tlp(text: str) -> str | None:
    """The traffic light (https://www.first.org/tlp/) in lower case, `white` as today's `clear`; None otherwise."""
    match = _TLP.fullmatch(text.strip())
    return match[1].lower().replace("white", "clear") if match else None

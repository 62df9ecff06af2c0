"""Table of the indicator types: one row for each, with its properties in every list, log and output.

Code that reads, matches, writes or names values of a type queries this table;
`lamsach.indicators.values.normalise` builds the canonical forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lamsach.model.indicators import IndicatorType


class TokenKind(Enum):
    """Kind of token that a value is in a log line, as the sieve sees it."""

    ADDRESS = "address"
    NAME = "name"
    DIGEST = "digest"
    FINGERPRINT = "fingerprint"
    """Parts joined by underscores, the last two with twelve hexadecimal digits each."""
    FILE = "file"
    """Name with an extension; the sieve sees its last part as a host name, only file-name fields match it."""


class Held(Enum):
    """Part of a value that an output retains."""

    WHOLE = "whole"
    NAME_ONLY = "name_only"
    HOST_AND_PATH = "host_and_path"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """Properties of one indicator type.

    `label`: English name (Vietnamese in the catalogue). `token`: token kind in a line; `fields`: the fields
    of an `Event` that may hold it. `digits`: hexadecimal digits of a digest; `form`: regular expression of a
    fingerprint. `stated_only`: read only where the list states the type, because it looks like others.
    `words`: names in type columns and attributes, in any language. `stix`: object path (addresses have two);
    `misp`: attribute type and category; `openioc`: document, search and content type; `zeek`: `Intel` type;
    `checkpoint`: observable. `whole`, `name_only`, `host_and_path`: the outputs that hold it, by the part
    retained.
    """

    type: IndicatorType
    label: str
    token: TokenKind
    fields: tuple[str, ...]
    digits: int = 0
    form: str = ""
    stated_only: bool = False
    words: str
    stix: str = ""
    misp: tuple[str, str] = ("", "")
    openioc: tuple[str, str, str] = ("", "", "")
    zeek: str = ""
    checkpoint: str = ""
    whole: str
    name_only: str = ""
    host_and_path: str = ""

    @property
    def exports(self) -> Mapping[str, Held]:
        """Part of a value that each output retains, by output name."""
        return {name: held for held in Held for name in str(getattr(self, held.value)).split()}


_EVERY = " stix misp openioc csv text sigma"
_OF_ADDRESSES = (
    "rpz fortigate_address fortigate_cli edl checkpoint pf_table mikrotik squid haproxy nginx nftables "
    "iptables ip6tables ipset suricata suricata_datasets snort zeek kql elastic" + _EVERY
)
_OF_DIGESTS = "checkpoint suricata_datasets zeek kql elastic wazuh yara" + _EVERY
_ADDRESS_FIELDS = ("source_ip", "destination_ip", "domain", "url", "answers", "mentioned")

ROWS: tuple[TypeRow, ...] = (
    TypeRow(
        type=IndicatorType.IP,
        label="address",
        token=TokenKind.ADDRESS,
        fields=_ADDRESS_FIELDS,
        words="""
            ip|ips|ipv4|ipv6|ip address|ipaddress|address|addr|ip-dst|ip-src|ip dst|ip src|ipv4-addr
            |ipv6-addr|ip-dst/port|ip-src/port|ip:port|ip port|intel::addr|dia chi ip|dia chi|ipv4 address
            |ipv6 address|ip_address|c2 ip|ip地址|恶意ip|恶意ip地址|ip位址|ipアドレス|ip 주소|ip주소
            |ip-адрес|ip адрес|adresse ip|địa chỉ ip máy chủ điều khiển|ip máy chủ điều khiển|ip c2
            |malicious ip""",
        misp=("ip-dst", "Network activity"),
        openioc=("PortItem", "PortItem/remoteIP", "IP"),
        zeek="addr",
        checkpoint="IP",
        whole=_OF_ADDRESSES + " wazuh",
    ),
    TypeRow(
        type=IndicatorType.NETWORK,
        label="network",
        token=TokenKind.ADDRESS,
        fields=_ADDRESS_FIELDS,
        words="network|cidr|subnet|netblock|ip range|ip-range|range|intel::subnet|dai ip|dai "
        "mang|mang|ipv4-cidr|ip network|prefix",
        misp=("ip-dst", "Network activity"),
        openioc=("PortItem", "PortItem/remoteIP", "IP"),
        zeek="subnet",
        checkpoint="IP Range",
        whole=_OF_ADDRESSES,
    ),
    TypeRow(
        type=IndicatorType.DOMAIN,
        label="domain",
        token=TokenKind.NAME,
        fields=("domain", "url", "answers", "mentioned"),
        words="""
            domain|onion-address|domains|domain name|domain-name|domain_name|hostname|host|fqdn|host name
            |intel::domain|ten mien|c2 domain|dns|domain:port|域名|恶意域名|c2域名|網域|惡意網域|ドメイン
            |ドメイン名|ホスト名|도메인|악성 도메인|домен|доменное имя|nom de domaine|domaine|tên miền c2
            |tên miền giả mạo|tên miền lừa đảo|tên miền máy chủ điều khiển|malicious domain""",
        stix="domain-name:value",
        misp=("domain", "Network activity"),
        openioc=("Network", "Network/DNS", "string"),
        zeek="domain",
        checkpoint="Domain",
        whole="rpz unbound dnsmasq adblock windows_dns fortigate_domain fortigate_url fortigate_cli "
        "edl_domain edl_url checkpoint mikrotik squid haproxy nginx suricata snort kql" + _EVERY,
        name_only="hosts suricata_datasets zeek elastic wazuh",
    ),
    TypeRow(
        type=IndicatorType.URL,
        label="URL",
        token=TokenKind.NAME,
        fields=("url", "domain", "mentioned"),
        words="""
            url|urls|uri|intel::url|duong dan|lien ket|url address|恶意url|恶意链接|网址|恶意网址|惡意網址
            |악성 url|url-адрес|url адрес|đường dẫn url|đường link|malicious url""",
        stix="url:value",
        misp=("url", "Network activity"),
        openioc=("UrlHistoryItem", "UrlHistoryItem/URL", "string"),
        zeek="url",
        checkpoint="URL",
        whole="squid elastic" + _EVERY,
        host_and_path="fortigate_url fortigate_cli edl_url checkpoint zeek kql",
    ),
    TypeRow(
        type=IndicatorType.SHA256,
        label="SHA-256",
        token=TokenKind.DIGEST,
        fields=("hashes",),
        digits=64,
        words="""
            sha256|sha-256|filehash-sha256|sha256 hash|hash-sha256|hash sha256|sha256_hash|hash.sha256
            |file sha256|filesha256|sha256值|mã băm sha256|giá trị sha256""",
        stix="file:hashes.'SHA-256'",
        misp=("sha256", "Payload delivery"),
        openioc=("FileItem", "FileItem/Sha256sum", "sha256"),
        zeek="file_hash",
        checkpoint="SHA256",
        whole=_OF_DIGESTS + " clamav_hsb",
    ),
    TypeRow(
        type=IndicatorType.SHA1,
        label="SHA-1",
        token=TokenKind.DIGEST,
        fields=("hashes",),
        digits=40,
        words="sha1|sha-1|filehash-sha1|sha1 hash|hash-sha1|hash sha1|sha1_hash|hash.sha1|file "
        "sha1|filesha1|sha1值|mã băm sha1|giá trị sha1",
        stix="file:hashes.'SHA-1'",
        misp=("sha1", "Payload delivery"),
        openioc=("FileItem", "FileItem/Sha1sum", "sha1"),
        zeek="file_hash",
        checkpoint="SHA1",
        whole=_OF_DIGESTS + " clamav_hsb",
    ),
    TypeRow(
        type=IndicatorType.MD5,
        label="MD5",
        token=TokenKind.DIGEST,
        fields=("hashes",),
        digits=32,
        words="md5|file-md5|filehash-md5|md5 hash|hash-md5|hash md5|md5_hash|hash.md5|file "
        "md5|filemd5|md5值|样本md5|mã băm md5|giá trị md5",
        stix="file:hashes.MD5",
        misp=("md5", "Payload delivery"),
        openioc=("FileItem", "FileItem/Md5sum", "md5"),
        zeek="file_hash",
        checkpoint="MD5",
        whole=_OF_DIGESTS + " clamav_hdb",
    ),
    TypeRow(
        type=IndicatorType.JA3,
        label="JA3 fingerprint",
        token=TokenKind.DIGEST,
        fields=(),
        digits=32,
        stated_only=True,
        words="ja3|ja3-fingerprint-md5|ja3 hash|ja3 fingerprint|intel::ja3",
        stix="network-traffic:extensions.'x-tls-ext'.ja3",
        misp=("ja3-fingerprint-md5", "Network activity"),
        zeek="ja3",
        whole="stix misp csv elastic",
    ),
    TypeRow(
        type=IndicatorType.JA4,
        label="JA4 fingerprint",
        token=TokenKind.FINGERPRINT,
        fields=(),
        form="[tqd](?:[0-9]{2}|[sd][1-3])[di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}",
        stated_only=True,
        words="ja4|ja4-fingerprint|ja4 hash|ja4 fingerprint",
        stix="network-traffic:extensions.'x-tls-ext'.ja4",
        whole="stix csv",
    ),
    TypeRow(
        type=IndicatorType.EMAIL,
        label="e-mail address",
        token=TokenKind.NAME,
        fields=(),
        stated_only=True,
        words="email|e-mail|email-src|email address|email-addr|intel::email|dia chi email|thu dien tu",
        stix="email-addr:value",
        misp=("email-src", "Payload delivery"),
        openioc=("Email", "Email/From", "string"),
        zeek="email",
        whole="zeek stix misp openioc csv",
    ),
    TypeRow(
        type=IndicatorType.FILE_NAME,
        label="file name",
        token=TokenKind.FILE,
        fields=("file_names",),
        stated_only=True,
        words="filename|file name|file-name|ten tep|ten file|intel::file_name",
        stix="file:name",
        misp=("filename", "Payload delivery"),
        openioc=("FileItem", "FileItem/FileName", "string"),
        zeek="file_name",
        whole="zeek stix misp openioc csv sigma kql",
    ),
)
BY_TYPE: Mapping[IndicatorType, TypeRow] = {row.type: row for row in ROWS}
FORMS: Mapping[IndicatorType, str] = {
    row.type: row.form or f"[0-9a-f]{{{row.digits}}}" for row in ROWS if row.form or row.digits
}
"""Regular expressions of digests and fingerprints, lower case."""


def types_of(*tokens: TokenKind) -> tuple[IndicatorType, ...]:
    """Return the types that appear as such tokens in a line, in the table's order."""
    return tuple(row.type for row in ROWS if row.token in tokens)


FIELDS = tuple(dict.fromkeys(name for row in ROWS for name in row.fields))
"""All fields of an event that are searched for values."""
ADDRESSES = types_of(TokenKind.ADDRESS)
STATED_ONLY = frozenset(row.type for row in ROWS if row.stated_only)
"""Types that are read only where the list states them."""
DIGESTS = tuple(kind for kind in types_of(TokenKind.DIGEST) if kind not in STATED_ONLY)
"""Digests of files."""
DIGEST_TYPES: Mapping[int, IndicatorType] = {BY_TYPE[kind].digits: kind for kind in DIGESTS}
"""File digest type by its count of hexadecimal digits."""

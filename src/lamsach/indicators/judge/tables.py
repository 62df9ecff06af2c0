"""Rules by the row, the record or the key that a value is in, and by what a document shows beside what it
lists.

abuse.ch's false positives (https://hunting.abuse.ch/): `time_stamp, platform, entry_type, entry_value,
removed_by, removal_notes`. Indicators of Microsoft Defender for Endpoint and CrowdStrike Falcon: an `Action`
of `Allow` or `Allowed` beside an expiry; a log's `Action` says what a firewall did.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from lamsach.documents.headings import plain_key
from lamsach.indicators.judge.references import host_of, is_cited, published
from lamsach.indicators.judge.rule import (
    ALL,
    BESIDE,
    CELL,
    DOMAIN,
    KEY,
    MENTIONED,
    NAMES,
    RECORD,
    REFUSED,
    ROW,
    TAKEN,
    Rule,
)
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.vocabulary import vocabulary
from lamsach.indicators.tables.fields import Field, field_of
from lamsach.indicators.values import refusals
from lamsach.indicators.values.names import suffixes
from lamsach.model import IndicatorType

REMOVED = frozenset({"entry_value", "removed_by"})
_ALLOWS = frozenset({"allow", "allowed"})
_FILES = frozenset({"file", "files", "tep", "tap tin", "stixfile", "executable", "dll"})
# {"blacklist": [..], "whitelist": [..]}, {"allowed_domains": [..]}, {"bool": {"must_not": [..]}}
_PARTS = re.compile(r"[^a-z]+")
_RESOLVERS = frozenset({"resolver", "resolvers"})
_ALLOWING_KEYS = vocabulary("allowing_keys")
"""Words of keys under which a list names what is not to be blocked."""


class Row(NamedTuple):
    """Statements about all values of a row: taken back, its action, what sheet or title announces."""

    withdraws: bool = False
    action: str = ""
    section: Section | None = None


class Cell(NamedTuple):
    """A value in a cell or under a key: the column's field, what the row states as its type, whether it is in
    a sentence, the row states where the list comes from, the cell describes what others list, or its author
    struck it out; and the sites of the list's publisher where several values are in a row.
    """

    kind: IndicatorType
    value: str = ""
    field: Field | None = None
    stated: str = ""
    in_sentence: bool = False
    of_source: bool = False
    describes: bool = False
    struck: bool = False
    sites: Collection[str] | None = None


class Key(NamedTuple):
    """A key with values below it, its record, and whether the record's other keys make it a description."""

    name: str
    record: Mapping[Any, Any]
    describes: bool = False


class Beside(NamedTuple):
    """A value beside the listed ones: where, and whether the text may list what its author defanged."""

    kind: IndicatorType
    value: str
    defanged: bool = False
    may_list: bool = False
    where: Field | Section | None = None


def _of_publisher(cell: Cell) -> bool:
    if cell.sites is None:
        return False
    host = host_of(cell.kind, cell.value)
    return is_cited(host) or suffixes().registered(host) in cell.sites


def _record_allows(record: Mapping[Any, Any]) -> bool:
    action = record.get("action", record.get("Action"))
    allows = isinstance(action, str) and plain_key(action) in _ALLOWS
    return allows and any("expir" in str(key).lower() for key in record)


RULES = (
    Rule("type_says_file", DOMAIN, CELL, lambda cell: cell.stated and plain_key(cell.stated) in _FILES,
        REFUSED, refusals.FILE_NAME, 40, taken=["type,value\ndomain,evil-a.site"],
        refused=["type,value\nfile,setup.com"]),
    Rule("withdrawn_list", ALL, ROW, lambda row: row.withdraws, MENTIONED, refusals.WITHDRAWN, 10,
        taken=["entry_value,added_by\nevil-a.site,x"], refused=["entry_value,removed_by\ngood-a.site,x"]),
    Rule("row_allows", ALL, ROW, lambda row: plain_key(row.action) in _ALLOWS, MENTIONED, refusals.ALLOWED,
        20, taken=["indicator,action,expiration\nevil-a.site,block,2027-01-01"],
        refused=["indicator,action,expiration\ngood-a.site,allow,2027-01-01"]),
    Rule("sheet_of_exceptions", ALL, ROW, lambda row: row.section is Section.ALLOWED, MENTIONED,
        refusals.ALLOWED, 30, taken=["domain,note\nDomains,\nevil-a.site,x"],
        refused=["domain,note\nevil-b.site,x\nWhitelist,\ngood-a.site,x"]),
    Rule("sheet_of_recommended", ALL, ROW, lambda row: row.section is Section.RECOMMENDED, MENTIONED,
        refusals.RECOMMENDED, 30, refused=["domain,note\nevil-b.site,x\nOur partners,\ngood-a.site,x"]),
    Rule("struck_out", ALL, CELL, lambda cell: cell.struck, MENTIONED, refusals.WITHDRAWN, 5,
        taken=["<html><p>C2: 203.0.113.5 evil-a.site</p></html>"],
        refused=["<html><p>C2: 203.0.113.5 <s>good-a.site</s></p></html>"]),
    Rule("describes_the_listed", ALL, CELL, lambda cell: cell.describes, MENTIONED, refusals.BESIDE, 10,
        taken=['{"url": "http://evil-a.site/x", "ip": "203.0.113.5"}'],
        refused=['{"ip_address": "203.0.113.5", "as_number": 1, "hostname": "host-a.site"}']),
    Rule("publishers_site", NAMES, CELL, _of_publisher, MENTIONED, refusals.BESIDE, 20,
        taken=["203.0.113.5;evil-a.site;x\n203.0.113.6;evil-b.site;x"],
        refused=["# lists-a.site\n203.0.113.5;https://lists-a.site/1;x\n203.0.113.6;https://lists-a.site;x"]),
    Rule("record_withdrawn", ALL, RECORD, lambda record: record.keys() >= REMOVED, MENTIONED,
        refusals.WITHDRAWN, 10, taken=['[{"entry_value": "evil-a.site", "added_by": "x"}]'],
        refused=['[{"entry_value": "good-a.site", "removed_by": "x"}]']),
    Rule("record_allows", ALL, RECORD, _record_allows, MENTIONED, refusals.ALLOWED, 20,
        taken=['[{"indicator": "evil-a.site", "action": "Block", "expiration": "2027-01-01"}]'],
        refused=['[{"indicator": "good-a.site", "action": "Allow", "expiration": "2027-01-01"}]']),
    Rule("key_takes_back", ALL, KEY, lambda key: key.name == "deleted" and "new" in key.record, MENTIONED,
        refusals.WITHDRAWN, 10, taken=['{"added": [], "new": [{"value": "203.0.113.58"}]}'],
        refused=['{"new": [], "deleted": [{"value": "203.0.113.58"}]}']),
    Rule("key_allows", ALL, KEY, lambda key: not _ALLOWING_KEYS.isdisjoint(_PARTS.split(key.name.lower())),
        MENTIONED, refusals.ALLOWED, 20, taken=['{"blacklist": ["evil-a.site"]}'],
        refused=['{"bool": {"must_not": ["good-a.site"]}}', '{"allowed_domains": ["good-a.site"]}']),
    Rule("key_of_victims", ALL, KEY, lambda key: field_of(key.name) is Field.VICTIM, MENTIONED,
        refusals.VICTIM, 15,
        refused=['{"c2": ["evil-a.site"], "victims": [{"org": "x", "ip": "203.0.113.58"}]}']),
    Rule("key_of_resolvers", ALL, KEY, lambda key: not _RESOLVERS.isdisjoint(_PARTS.split(key.name.lower())),
        MENTIONED, refusals.BESIDE, 15,
        refused=['{"c2": ["evil-a.site"], "resolvers_used": ["203.0.113.53"]}']),
    Rule("key_describes", ALL, KEY, lambda key: key.describes, MENTIONED, refusals.BESIDE, 30,
        refused=['[{"ipAddress": "203.0.113.5", "abuseConfidenceScore": 9, "hostnames": ["host-a.site"]}]']),
    Rule("beside_victim", ALL, BESIDE, lambda shown: shown.where is Field.VICTIM, MENTIONED, refusals.VICTIM,
        10, refused=["victim ip,threat\nmáy 203.0.113.58 của đơn vị,Mirai"]),
    Rule("beside_margin", ALL, BESIDE, lambda shown: shown.where is Section.MARGIN, MENTIONED,
        refusals.MARGIN, 10, refused=["<html><p>C2: 203.0.113.5</p><footer>unit-a.site</footer></html>"]),
    Rule("defanged_beside", ALL, BESIDE,
        lambda shown: shown.may_list and shown.defanged
        and not (shown.kind in NAMES and published(host_of(shown.kind, shown.value))), TAKEN, "", 10,
        taken=["ip,comment\n203.0.113.5,also at evil-a[.]site"]),
    Rule("not_listed", ALL, BESIDE, lambda shown: True, MENTIONED, refusals.NOT_LISTED, 20,
        taken=["ip,domain\n203.0.113.5,evil-a.site"],
        refused=["ip,source\n203.0.113.5,https://vendor-a.site/post"]),
)  # fmt: skip

"""Rules about the row, record or key of a value, and about values outside what a document lists.

abuse.ch's false positives (https://hunting.abuse.ch/): `time_stamp, platform, entry_type, entry_value,
removed_by, removal_notes`. Indicators of Microsoft Defender for Endpoint and CrowdStrike Falcon: an `Action`
of `Allow` or `Allowed` together with an expiry; a log's `Action` is a firewall's decision.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from lamsach.documents.headings import plain_key
from lamsach.indicators.judge.references import host_of, is_cited, is_publisher
from lamsach.indicators.judge.rule import ALL, CELL, DOMAIN, KEY, NAMES, NO_DIGESTS, ROW, UNLISTED, Rule
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
_BREAK = re.compile(r"[^a-z]+")
_RESOLVERS = frozenset({"resolver", "resolvers"})
_ALLOWING_KEYS = vocabulary("allowing_keys")
"""Words of keys over values that are not to be blocked."""


class Row(NamedTuple):
    """Statements about all values of a row or record: withdrawal, action, section of its sheet or title."""

    withdraws: bool = False
    action: str = ""
    section: Section | None = None


class Cell(NamedTuple):
    """A value in a cell or under a key, with its context.

    `field` is the column's; `stated` is the type that the row states; `of_source`: the row states the list's
    source; `describes`: the cell describes listed values; `struck`: its author struck it out; `sites` are the
    publisher's where a row has several values.
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
    """A key with values below it, its record, and whether other keys make the record a description."""

    name: str
    record: Mapping[Any, Any]
    describes: bool = False


class Unlisted(NamedTuple):
    """A value outside the listed ones: its place, and whether a defanged one may be accepted there."""

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


RULES = (
    Rule("type_says_file", DOMAIN, CELL, lambda cell: cell.stated and plain_key(cell.stated) in _FILES,
        refusals.FILE_NAME, 40, accepted=["type,value\ndomain,evil-a.site"],
        refused=["type,value\nfile,setup.com"]),
    Rule("withdrawn_list", ALL, ROW, lambda row: row.withdraws, refusals.WITHDRAWN, 10,
        accepted=["entry_value,added_by\nevil-a.site,x", '[{"entry_value": "evil-a.site", "added_by": "x"}]'],
        refused=["entry_value,removed_by\ngood-a.site,x",
            '[{"entry_value": "good-a.site", "removed_by": "x"}]']),
    Rule("row_allows", ALL, ROW, lambda row: plain_key(row.action) in _ALLOWS, refusals.ALLOWED, 20,
        accepted=["indicator,action,expiration\nevil-a.site,block,2027-01-01"],
        refused=["indicator,action,expiration\ngood-a.site,allow,2027-01-01",
            '[{"indicator": "good-a.site", "action": "Allow", "expiration": "2027-01-01"}]']),
    Rule("sheet_of_exceptions", ALL, ROW, lambda row: row.section is Section.ALLOWED, refusals.ALLOWED, 30,
        accepted=["domain,note\nDomains,\nevil-a.site,x"],
        refused=["domain,note\nevil-b.site,x\nWhitelist,\ngood-a.site,x"]),
    Rule("sheet_of_recommended", ALL, ROW, lambda row: row.section is Section.RECOMMENDED,
        refusals.RECOMMENDED, 30, refused=["domain,note\nevil-b.site,x\nOur partners,\ngood-a.site,x"]),
    Rule("sheet_of_victims", NO_DIGESTS, ROW, lambda row: row.section is Section.VICTIMS, refusals.VICTIM, 30,
        refused=["domain,note\nevil-b.site,x\nInfected machines,\ngood-a.site,x"]),
    Rule("struck_out", ALL, CELL, lambda cell: cell.struck, refusals.WITHDRAWN, 5,
        accepted=["<html><p>C2: 203.0.113.5 evil-a.site</p></html>"],
        refused=["<html><p>C2: 203.0.113.5 <s>good-a.site</s></p></html>"]),
    Rule("describes_the_listed", ALL, CELL, lambda cell: cell.describes, refusals.BESIDE, 10,
        accepted=['{"url": "http://evil-a.site/x", "ip": "203.0.113.5"}'],
        refused=['{"ip_address": "203.0.113.5", "as_number": 1, "hostname": "host-a.site"}']),
    Rule("publishers_site", NAMES, CELL, _of_publisher, refusals.BESIDE, 20,
        accepted=["203.0.113.5;evil-a.site;x\n203.0.113.6;evil-b.site;x"],
        refused=["# lists-a.site\n203.0.113.5;https://lists-a.site/1;x\n203.0.113.6;https://lists-a.site;x"]),
    Rule("key_takes_back", ALL, KEY, lambda key: key.name == "deleted" and "new" in key.record,
        refusals.WITHDRAWN, 10, accepted=['{"added": [], "new": [{"value": "203.0.113.58"}]}'],
        refused=['{"new": [], "deleted": [{"value": "203.0.113.58"}]}']),
    Rule("key_allows", ALL, KEY, lambda key: not _ALLOWING_KEYS.isdisjoint(_BREAK.split(key.name.lower())),
        refusals.ALLOWED, 20, accepted=['{"blacklist": ["evil-a.site"]}'],
        refused=['{"bool": {"must_not": ["good-a.site"]}}', '{"allowed_domains": ["good-a.site"]}']),
    Rule("key_of_victims", ALL, KEY, lambda key: field_of(key.name) is Field.VICTIM, refusals.VICTIM, 15,
        refused=['{"c2": ["evil-a.site"], "victims": [{"org": "x", "ip": "203.0.113.58"}]}']),
    Rule("key_of_resolvers", ALL, KEY, lambda key: not _RESOLVERS.isdisjoint(_BREAK.split(key.name.lower())),
        refusals.BESIDE, 15, refused=['{"c2": ["evil-a.site"], "resolvers_used": ["203.0.113.53"]}']),
    Rule("key_describes", ALL, KEY, lambda key: key.describes, refusals.BESIDE, 30,
        refused=['[{"ipAddress": "203.0.113.5", "abuseConfidenceScore": 9, "hostnames": ["host-a.site"]}]']),
    Rule("beside_victim", ALL, UNLISTED, lambda shown: shown.where is Field.VICTIM, refusals.VICTIM, 10,
        refused=["victim ip,threat\nmáy 203.0.113.58 của đơn vị,Mirai"]),
    Rule("beside_margin", ALL, UNLISTED, lambda shown: shown.where is Section.MARGIN, refusals.MARGIN, 10,
        refused=["<html><p>C2: 203.0.113.5</p><footer>unit-a.site</footer></html>"]),
    Rule("defanged_beside", ALL, UNLISTED,
        lambda shown: shown.may_list and shown.defanged and not (shown.kind in NAMES
        and is_publisher(host_of(shown.kind, shown.value))), "", 10,
        accepted=["ip,comment\n203.0.113.5,also at evil-a[.]site"]),
    Rule("not_listed", ALL, UNLISTED, lambda shown: True, refusals.NOT_LISTED, 20,
        accepted=["ip,domain\n203.0.113.5,evil-a.site"],
        refused=["ip,source\n203.0.113.5,https://vendor-a.site/post"]),
)  # fmt: skip

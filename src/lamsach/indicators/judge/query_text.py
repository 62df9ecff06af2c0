"""Search queries within a text: what a clause excludes, and what a field is called.

Kusto: `RemoteUrl !in ("a.example", "b.example")`, `!has`, `!contains`, `!=`. Splunk: `NOT query="a.example"`, `query!="*.a.example"`. Kibana and
Lucene: `not dns.question.name : ("a.example" or "b.example")`. Names of fields: Elastic Common Schema (https://www.elastic.co/docs/reference/ecs).
"""

from __future__ import annotations

import re

from lamsach.indicators.judge.clauses import excluded_spans

_BEFORE = 600
_NEGATION = re.compile(r"!|<>|\bnot\b", re.IGNORECASE)
_VALUE = r"[\"']?[^\s\"'(),]{1,253}[\"']?"
_EXCLUDED = re.compile(
    r"(?:!(?:contains|hasprefix|hassuffix|has|in|startswith|endswith)(?:_cs|_any|~)?\b~?|[\w\])]\s?!=|[\w\])]\s<>|\bNOT\s+\w[\w.]{0,60}\s?=|\bNOT\s+\w[\w.]{0,60}\s+IN\b"
    r"|\b[Nn][Oo][Tt]\s+[a-z0-9]\w{0,30}[._]\w[\w.]{0,60}\s?:|\b(?i:not in)\s?(?=\())"
    rf"\s{{0,3}}(?:[(\[]\s{{0,3}}(?:{_VALUE}(?:\s?,\s{{0,3}}|\s(?i:or)\s)){{0,24}})?[\"']?[*.]{{0,2}}$",
)
# | where RemoteUrl has_any (..)    let c2 = dynamic([..])    SELECT * FROM dns    index=proxy dest IN (..)
_QUERY = re.compile(
    r"\s{0,20}(?:\|\s?(?:where|project|extend|summarize|join|union|search|distinct|stats|eval|mv-expand)\s[^|]*$|let\s+\w{1,60}\s?=\s?\S|SELECT\s.{1,300}\sFROM\s|index\s?=\s?\w)",
)
_FIELD = re.compile(
    r"(?:dns|destination|source|host|process|tls|network|event|client|server|winlog|observer|related|agent|user|file|threat|registry|rule|container|organization)"
    r"(?:\.[a-z_]{2,20}){0,3}\.(?:name|id|group|email|company)"
)


def is_excluded(text: str, place: int) -> bool:
    """Whether the clause in which a value stands takes it out of what the query finds."""
    if any(start < place < end for start, end in excluded_spans(text)):
        return True
    before = text[max(0, place - _BEFORE) : place]
    return _NEGATION.search(before) is not None and _EXCLUDED.search(before) is not None


def begins_query(line: str) -> bool:
    """Whether a line is one of a query and no row of a table, whatever commas and bars it holds."""
    return _QUERY.match(line) is not None


def is_field(name: str) -> bool:
    """Whether a name is that of a field in logs: `dns.question.name`."""
    return _FIELD.fullmatch(name) is not None

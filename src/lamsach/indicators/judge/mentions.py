"""What running text lists and what it only mentions: a document read line by line, with its headings remembered.

An advisory lists values and talks of others: the vendor's page, a file named `update.zip`, a call in a script, the subject of a
mail. What the author defanged is always meant as malicious; what is not defanged is judged by where it stands. A mention is
a Refused with its type and reason, so that a reviewer may take it after all. Linear in the text's length.
"""

from __future__ import annotations

import re

from lamsach.indicators.judge.cited import PLATFORMS, RESOLVERS, is_cited, published
from lamsach.indicators.judge.clauses import OpenClause
from lamsach.indicators.judge.code_lines import is_argument, is_code, is_dump, is_named_hash, without_seams
from lamsach.indicators.judge.labels import aside, is_imitated, is_of_a_footnote, is_signature, is_to_read
from lamsach.indicators.judge.query_text import is_excluded, is_field
from lamsach.indicators.judge.sections import (
    MENTIONS,
    SIGNATURE_LINES,
    Section,
    announced,
    begins_annex,
    begins_letter,
    begins_signature,
    is_title,
    is_title_line,
    labels_exceptions,
    may_be_heading,
)
from lamsach.indicators.judge.sigma_text import Excluded
from lamsach.indicators.judge.standing import verdict_beside
from lamsach.indicators.judge.unlisted import Account, value_of
from lamsach.indicators.tables.fields import is_no_text_value
from lamsach.indicators.text.extract import PIECE, Found, located, pieces
from lamsach.indicators.text.rule_text import HEADER, rule_values
from lamsach.indicators.text.yara_text import searched_for
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import declined
from lamsach.indicators.values.records import Facts
from lamsach.indicators.values.refusals import Refused
from lamsach.indicators.values.urls import split_url
from lamsach.model import IndicatorType

NAMES = frozenset({IndicatorType.DOMAIN, IndicatorType.URL})
HASHES = frozenset({IndicatorType.MD5, IndicatorType.SHA1, IndicatorType.SHA256})

_LICENCE = re.compile(
    r"\b(?:licen[cs]e|serial|product|activation|encryption|rc4|xor|aes|botnet|campaign)[ _-]{0,3}(?:code|key|number|id|iv)\b|\bmã bản quyền|\bkhóa",
    re.IGNORECASE,
)
# THREAT IDENTIFICATION: QAKBOT    Malware family: Mirai    Mã độc: Mozi
_THREAT_LINE = re.compile(
    r"\W{0,4}(?:threat(?: (?:identification|attribution|name|actor))?|malware(?: (?:family|name))?|family|campaign|(?:tên |họ |dòng )?mã độc|chiến dịch)"
    r"\s{0,3}[:=]\s{0,4}(\S.{1,100}?)\s*",
    re.IGNORECASE,
)
_FILE_ENDINGS = frozenset({"zip", "mov", "one", "test", "sh", "py", "rs", "md", "cab", "so", "ps", "app"})
"""Top-level domains that files under a heading of hashes end in."""
_PROGRAM_ROOTS = frozenset({"document", "window", "this", "navigator", "wscript", "console", "activexobject"})
"""Where names of members begin in scripts: `document.location.host`."""
_MAILBOX = re.compile(r"<[^<>\s]{1,64}@[^<>\s]{1,253}>")
# 0f4c..: com.example.bank.app: an app's name is a domain name turned round.
_PACKAGE = re.compile(
    r"(?:com|org|net|io|app)(?:\.[a-z][a-z0-9_]*){2,6}|[a-z]{2}(?:\.[a-z][a-z0-9_]*){1,5}\.[a-z][a-z0-9_]{3,}",
    re.IGNORECASE,
)
_PACKAGES = re.compile(
    r"\b(?:package|bundle)[ _-]?(?:names?|ids?)\b|\btên gói|(?:android )?packages?$", re.IGNORECASE
)
_HASH = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-zA-Z])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_LINK_BEFORE = re.compile(r"\]\(\s?$")
_NUMBER = re.compile(
    r"\bSố\s{0,3}:?\s{0,3}(\d{1,6}\s?/\s?(?:\d{4}/)?[A-ZĐ][A-ZĐ0-9&.-]{1,30}(?:/[A-ZĐ0-9&.-]{1,20})?)(?![\w/])"
)
_YARA_SECTION = re.compile(r"\s{0,40}(?:meta|strings|condition)\s{0,4}:\s{0,4}(?:[^=\"]{0,200})")
_HEAD_LINES = 40
"""In how many first lines without values a document's number is looked for."""
_SENTENCE = 120
"""How many characters before a value are looked at for what the sentence says."""
_WORDS_OF_SENTENCE = 4


class Prose:
    """Reads one document's text in order. `threat` is what its last line such as `Malware: Mirai` named; `plain` says
    whether a line that is nothing but a value may be taken without a closer look."""

    def __init__(self, *, advisory: bool = False, defangs: bool = False, marks: bool = False) -> None:
        self.defangs = defangs
        """Whether the author defangs what is malicious (`hxxp`, `[.]`), so that a link which can be clicked is meant to be."""
        self.advisory = advisory
        """Whether this is a document for readers and no bare list: a vendor's page is cited even where it stands alone on its line."""
        self.marks = marks or advisory or defangs
        """Whether some value of the document is defanged, so that a link after `see` is meant to be read."""
        self.defangs_links = False
        """Whether the author writes what is malicious as `hxxp`, so that a numbered link which can be clicked is a footnote's."""
        self.section = Section.LIST
        self.threat: str | None = None
        self._before = ""
        self._form: bool | None = None
        self._has_hash = self._has_mailbox = False
        """Whether the line that is read holds a hash, or an address of a mail in angle brackets."""
        self._packages = False
        """Whether the last heading announced names of apps' packages beside hashes."""
        self.number: str | None = None
        """The document's own number, as dispatches state it at their head (Decree 30/2020, annex I: `Số: 123/CATTT-NCSC`)."""
        self._lines = 0
        self._excluded = Excluded()
        self._clause = OpenClause()
        self._searched = False
        """Whether the lines are those of a YARA rule's strings section."""
        self._signed = 0
        """How many lines of a letter's signature may still come."""

    @property
    def facts(self) -> Facts:
        """What the text says of the values that it lists."""
        return Facts(threat=self.threat, source=self.number)

    @property
    def plain(self) -> bool:
        """Whether no heading or title asks for caution."""
        return self.section is Section.LIST and not self.advisory and not self._clause.open

    def line(self, text: str) -> list[Found]:
        """The values of one line, and as Refused what is only mentioned in it. A line as long as a book is read in pieces."""
        if len(text) > PIECE:
            return [found for piece in pieces(text) for found in self.line(piece)]
        if (
            "->" in text
            and HEADER.fullmatch(text.strip())
            and (rule := rule_values(text.strip())) is not None
        ):
            return [*rule[0], *Account().rest([text], set(map(value_of, rule[0])))]
        excluded = self._clause.take(text)
        self._sign(text)
        code = is_code(text)
        if code:
            text = without_seams(text)
        found = list(located(text))
        if not any(not isinstance(item, Refused) or item.type is not None for _, item in found):
            self.heading(text)
            return [item for _, item in found]
        if self._excluded.now:
            return [declined(item, refusals.ALLOWED) for _, item in found]
        if (reason := labels_exceptions(text)) is not None:
            return [declined(item, reason) for _, item in found]
        if self._searched and text.lstrip().startswith("$"):
            return [
                kept for token, item in found for kept in (searched_for([item]) if token in text else [item])
            ]
        self._name_threat(text)
        alone = len(found) == 1 and not _WORD.search(text.replace(found[0][0], "", 1))
        if self._form:
            return [declined(item, refusals.UNSUPPORTED_TYPE) for _, item in found]
        marked = any(token not in text for token, item in found if not isinstance(item, Refused))
        self._has_hash, self._has_mailbox = _HASH.search(text) is not None, _MAILBOX.search(text) is not None
        judged = [
            self._judged(token, item, text, code=code, alone=alone, marked=marked) for token, item in found
        ]
        if len(found) == 1 and (reason := verdict_beside(found[0][0], text)) is not None:
            return [declined(judged[0], reason)]
        if excluded:
            judged = [
                declined(item, refusals.ALLOWED) if text.find(token) < excluded else item
                for (token, _), item in zip(found, judged, strict=True)
            ]
        self._before = text
        return judged

    def follow(self, text: str) -> None:
        """Take note of a line of marks alone, which may close a query's clause."""
        self._sign(text)
        if self._clause.open:
            self._clause.take(text)

    def _sign(self, text: str) -> None:
        """Take note of where the signature of a letter begins and ends."""
        if self.section is Section.MARGIN:
            return
        if begins_signature(text, letter=self.advisory):
            self.section, self._signed = Section.SIGNATURE, SIGNATURE_LINES
        elif self.section is Section.SIGNATURE:
            self._signed -= 1
            if not self._signed or begins_letter(text):
                self.section = Section.LIST

    def heading(self, text: str) -> None:
        """Take note of a line without values, if it reads like a heading."""
        self._before = text
        self._lines += 1
        if self.number is None and self._lines <= _HEAD_LINES and (match := _NUMBER.search(text)):
            self.number = match[1]
        self._take_form(text.strip())
        if _YARA_SECTION.fullmatch(text):
            self._searched = "strings" in text
        self._excluded.heading(text)
        if self.section is Section.MARGIN:
            return
        self._name_threat(text)
        if is_title(text):
            self.advisory = True
        if not may_be_heading(text):
            return
        bare = text.strip(" \t=#*_-:")
        goes_on = self._packages and _PACKAGE.fullmatch(bare) is not None
        self._packages = goes_on or _PACKAGES.search(bare) is not None
        if self.section is not Section.SIGNATURE or begins_annex(bare):
            self.section = announced(text, bare) or self.section

    def _take_form(self, text: str) -> None:
        """Forms that give an attribute on lines of their own (MISP's reports): `Type`, `link`, `Value`, the value."""
        if text == "Type":
            self._form = False
        elif self._form is False and text:
            self._form = is_no_text_value(text) or None
        elif text in ("Tags", "UUID", "Category", "Comment") or text.startswith("Attribute #"):
            self._form = None

    def _name_threat(self, text: str) -> None:
        if ":" not in text or len(text) > 200:
            return
        match = _THREAT_LINE.fullmatch(text.strip(" \t*#_|`"))
        if match and all(isinstance(item, Refused) for _, item in located(match[1])):
            self.threat = match[1].strip(" *_`") or self.threat

    def _judged(self, token: str, found: Found, text: str, *, code: bool, alone: bool, marked: bool) -> Found:
        if isinstance(found, Refused):
            return found
        kind, value = found
        if self.section in (Section.ALLOWED, Section.RECOMMENDED):
            return Refused(MENTIONS[self.section], value, kind)
        place = text.find(token)
        if place < 0:
            return found  # the author defanged it
        if is_excluded(text, place) or token.startswith("!"):
            return Refused(refusals.ALLOWED, value, kind)
        reason = aside(kind, token, text, place)
        if self.section is Section.MARGIN or (self.section is Section.SIGNATURE and kind in NAMES):
            reason = MENTIONS[self.section]
        elif reason is not None:
            pass
        elif kind in HASHES:
            reason = (
                refusals.CODE_HASH
                if (code and not alone and not is_named_hash(text[:place]))
                or is_dump(text)
                or _LICENCE.search(text[max(0, place - 80) : place])
                else None
            )
        elif kind is IndicatorType.IP:
            reason = refusals.WELL_KNOWN if not alone and value in RESOLVERS else None
        elif kind is IndicatorType.DOMAIN:
            reason = self._domain_reason(token, value, text, code=code, alone=alone)
        elif kind is IndicatorType.URL:
            reason = self._url_reason(token, value, text[max(0, place - 4) : place], alone=alone)
        if reason is None and kind in NAMES:
            reason = refusals.TITLE if kind is IndicatorType.DOMAIN and is_title_line(text) else None
        if reason is None and kind in NAMES:
            reason = self._clickable_reason(kind, token, text, place, alone=alone or code)
            if reason is None and marked and is_imitated(text, place):
                reason = refusals.IN_SENTENCE
        return Refused(reason, value, kind) if reason is not None else found

    def _domain_reason(self, token: str, value: str, text: str, *, code: bool, alone: bool) -> str | None:
        if self.section is Section.FILES and alone and value.rpartition(".")[2] in _FILE_ENDINGS:
            return refusals.FILE_NAME
        if not alone and is_field(value):
            return refusals.CODE
        if value.partition(".")[0] in _PROGRAM_ROOTS or (code and not alone and not is_argument(token, text)):
            return refusals.CODE
        if alone and self._packages and _PACKAGE.fullmatch(token):
            return refusals.PACKAGE
        if not alone and self._has_hash:
            if self._packages or _PACKAGE.fullmatch(token):
                return refusals.PACKAGE
            if value.count(".") == 1 and value.rpartition(".")[2] in _FILE_ENDINGS - {"ps"}:
                return refusals.FILE_NAME
        if self.section is Section.MAIL or (not alone and self._has_mailbox):
            return refusals.IN_SENTENCE
        if published(value) if alone and self.advisory else not alone and is_cited(value):
            return refusals.WELL_KNOWN
        return None

    def _clickable_reason(
        self, kind: IndicatorType, token: str, text: str, place: int, *, alone: bool
    ) -> str | None:
        """Why a name or link that is not defanged is to be read and not hunted: the sentence says so, or its author defangs the others."""
        before, rest = text[max(0, place - _SENTENCE) : place], text.replace(token, "", 1)
        if self._goes_on(before):
            before = f"{self._before[-_SENTENCE:]} {before}"
            rest = f"{self._before} {rest}"
        if kind is IndicatorType.URL and self.marks:
            footnote = is_of_a_footnote(token, text, place, numbered=self.defangs_links)
            if footnote or is_to_read(before[-_SENTENCE:]):
                return refusals.REFERENCE
        if self.defangs and is_signature(text[:place]):
            return refusals.IN_SENTENCE
        if alone or not self.defangs or len(_WORD.findall(rest[: 4 * _SENTENCE])) < _WORDS_OF_SENTENCE:
            return None
        return refusals.REFERENCE if kind is IndicatorType.URL else refusals.IN_SENTENCE

    def _goes_on(self, before: str) -> bool:
        """Whether a line goes on with a sentence of the line above: nothing stands before the value, and that line is words without an end."""
        above = self._before.rstrip()
        ends = above[-1:] in ",(" or above[-1:].isalpha()
        return (
            not _WORD.search(before)
            and ends
            and len(_WORD.findall(above[-2 * _SENTENCE :])) >= _WORDS_OF_SENTENCE
        )

    def _url_reason(self, token: str, value: str, before: str, *, alone: bool) -> str | None:
        if self.section is Section.REFERENCES:
            return refusals.REFERENCE
        _, host, rest = split_url(value)
        host = host.partition(":")[0]
        if not rest and host.removeprefix("www.") in PLATFORMS:
            return refusals.WELL_KNOWN
        if not published(host):
            return None
        cites = self.advisory or not alone or "[" in token or _LINK_BEFORE.search(before)
        return refusals.REFERENCE if cites or not rest else None

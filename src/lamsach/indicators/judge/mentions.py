"""Judgement of running text line by line, with its headings remembered.

An advisory lists values and mentions others: the vendor's page, a file named `update.zip`, a call in a
script, a mail's subject. Defanged values are always listed; others are judged by their place. A mention is a
Refused with type and reason, so that a reviewer may accept it. Linear in the text's length.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from lamsach.indicators.judge.lookalikes import PACKAGE, SEAM, is_code
from lamsach.indicators.judge.loop import apply_rule, judge
from lamsach.indicators.judge.queries import OpenClause, SigmaFilter
from lamsach.indicators.judge.rule import Observable, Scope, any_case, has_word
from lamsach.indicators.judge.sections import (
    ALLOWED_SENTENCE,
    ANNEX,
    QUOTED_LETTER,
    SIGNATURE_LINES,
    TITLE,
    Section,
    begins_signature,
    label_section,
    may_be_heading,
    section_of,
)
from lamsach.indicators.judge.unlisted import Account, value_of
from lamsach.indicators.judge.verdicts import line_rule
from lamsach.indicators.tables.fields import is_never_in_text
from lamsach.indicators.text.extract import PIECE, Found, locate, pieces
from lamsach.indicators.text.rules import DIGEST, rule_values
from lamsach.indicators.values.records import Entry, Facts
from lamsach.indicators.values.refang import refang
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Refusal

# THREAT IDENTIFICATION: QAKBOT    Malware family: Mirai    Mã độc: Mozi
_THREAT_LINE = any_case(
    r"\W{0,4}(?:threat(?: (?:identification|attribution|name|actor))?|malware(?: (?:family"
    r"|name))?|family|campaign|(?:tên |họ |dòng )?mã độc|chiến dịch)"
    r"\s{0,3}[:=]\s{0,4}(\S.{1,100}?)\s*"
)
_MAILBOX = re.compile(r"<[^<>\s]{1,64}@[^<>\s]{1,253}>")
_PACKAGES = any_case(r"\b(?:package|bundle)[ _-]?(?:names?|ids?)\b|\btên gói|(?:android )?packages?$")
_NUMBER = re.compile(
    r"\bSố\s{0,3}:?\s{0,3}(\d{1,6}\s?/\s?(?:\d{4}/)?[A-ZĐ][A-ZĐ0-9&.-]{1,30}"
    r"(?:/[A-ZĐ0-9&.-]{1,20})?)(?![\w/])"
)
_YARA_SECTION = re.compile(r"\s{0,40}(?:meta|strings|condition)\s{0,4}:\s{0,4}(?:[^=\"]{0,200})")
_MARKS = " \t>*+•·-"
"""Characters that may precede a list's item."""
_HEAD_LINES = 40
"""Number of first lines without values in which a document's number is searched."""


def is_typed(item: Found) -> bool:
    """Return whether an item is a value, or was recognized as one before it was refused."""
    return not isinstance(item, Refused) or item.type is not None


class ProseLine:
    """A line of running text with values; `found` pairs each spelling with its value."""

    def __init__(self, prose: Prose, text: str, found: list[tuple[str, Found]], *, code: bool) -> None:
        self.prose, self.text, self.code = prose, text, code
        self.excluded = 0
        """End of the line's part that a clause opened above excludes (0: none)."""
        self.alone = len(found) == 1 and not has_word(text.replace(found[0][0], "", 1))
        """Whether the line is a single value."""
        self.marked = any(token not in text for token, item in found if not isinstance(item, Refused))
        """Whether the line's author defanged one of its values."""
        self.label = label_section(text)
        self.searched = prose.searches and text.lstrip().startswith("$")
        """Whether the line is a search string of a YARA rule."""

    @cached_property
    def has_hash(self) -> bool:
        """Return whether the line holds a hash."""
        return DIGEST.search(self.text) is not None

    @cached_property
    def has_mailbox(self) -> bool:
        """Return whether the line holds a mail address in angle brackets."""
        return _MAILBOX.search(self.text) is not None

    @property
    def is_apart(self) -> bool:
        """Return whether the line is outside the prose: no threat, no sentence that continues."""
        return self.prose.filtered or self.label is not None or self.searched

    def judge(self, token: str, item: Found) -> Found:
        """Return the verdict of the rules on a value of the line."""
        if isinstance(item, Refused):
            return item
        found = Observable(item[0], item[1], token, self.text, self.text.find(token))
        found.line = self
        return judge(Scope.LINE if found.start < 0 else Scope.WRITTEN, found)


class Prose:
    """Line-by-line reader of one document's text.

    `threat` is named by the last line such as `Malware: Mirai`; `plain` allows a line that is a single value
    to be accepted without further tests.
    """

    def __init__(
        self, *, advisory: bool = False, defangs: bool = False, marks: bool = False, links: bool = False
    ) -> None:
        self.defangs = defangs
        """Whether the author defangs (`hxxp`, `[.]`), so that a clickable link is meant to be followed."""
        self.advisory = advisory
        """Whether the text is for readers, so that a vendor's page is cited even alone on its line."""
        self.marks = marks or advisory or defangs
        """Whether any value of the document is defanged, so that a link after `see` is meant to be read."""
        self.defangs_links = links
        """Whether the author writes `hxxp`, so that a numbered clickable link is a footnote's."""
        self.section = Section.LIST
        self.threat: str | None = None
        self.before = ""
        """The previous line."""
        self.form: bool | None = None
        """Whether the form being read holds a value of an unsupported type; None outside of forms."""
        self.packages = False
        """Whether the last heading announced names of app packages with hashes."""
        self.number: str | None = None
        """Number at a dispatch's head (Decree 30/2020, annex I: `Số: 123/CATTT-NCSC`)."""
        self._lines = 0
        self._brief = False
        """Whether a sentence opened the section, which ends at a line that begins with no value."""
        self._filter = SigmaFilter()
        self._clause = OpenClause()
        self.searches = False
        """Whether the lines are those of a YARA rule's strings section."""
        self._signed = 0
        """Remaining lines of a letter's signature."""

    @property
    def facts(self) -> Facts:
        """Return the facts that the text states about the values it lists."""
        return Facts(threat=self.threat, source=self.number)

    def with_facts(self, item: Entry) -> Entry:
        """Return an entry; an indicator without a threat or source gets what the text states."""
        if isinstance(item, Refusal):
            return item
        return replace(item, threat=item.threat or self.threat, source=item.source or self.number)

    def another(self) -> Prose:
        """Return a reader of another text of the same author."""
        return Prose(advisory=self.advisory, defangs=self.defangs, links=self.defangs_links)

    @property
    def filtered(self) -> bool:
        """Return whether the current line is in a filter of a Sigma rule."""
        return self._filter.active

    @property
    def plain(self) -> bool:
        """Return whether no heading or title asks for caution."""
        return self.section is Section.LIST and not self.advisory and not self._clause.open

    def line(self, text: str) -> list[Found]:
        """Return the values of a line, mentions as Refused. Very long lines are read in pieces."""
        if len(text) > PIECE:
            return [found for piece in pieces(text) for found in self.line(piece)]
        if "->" in text and (rule := rule_values(text.strip())) is not None:
            return [*rule[0], *Account().unlisted([text], set(map(value_of, rule[0])))]
        excluded = self._clause.read(text)
        self._sign(text)
        code = is_code(text)
        if code:
            text = SEAM.sub("", text)
        found = list(locate(text))
        if not any(is_typed(item) for _, item in found):
            self.heading(text)
            return [item for _, item in found]
        if self._brief and not refang(text).lstrip(_MARKS).startswith(found[0][0]):
            self.section, self._brief = Section.LIST, False
        line = ProseLine(self, text, found, code=code)
        if not line.is_apart:
            self._name_threat(text)
        continues = not line.is_apart and not self.form
        verdict = line_rule(found[0][0], text) if continues and len(found) == 1 else None
        line.excluded = 0 if verdict else excluded
        if line.searched:  # only typed items of a search string
            found = [(token, item) for token, item in found if token not in text or is_typed(item)]
        verdicts = [apply_rule(line.judge(token, item), verdict) for token, item in found]
        if continues and verdict is None:
            self.before = text
        return verdicts

    def follow(self, text: str) -> None:
        """Read a line of marks alone, which may close a query's clause."""
        self._sign(text)
        if self._clause.open:
            self._clause.read(text)

    def _sign(self, text: str) -> None:
        """Track the beginning and end of a letter's signature."""
        if self.section is Section.MARGIN:
            return
        if begins_signature(text, letter=self.advisory):
            self.section, self._signed = Section.SIGNATURE, SIGNATURE_LINES
        elif self.section is Section.SIGNATURE:
            self._signed -= 1
            if not self._signed or QUOTED_LETTER.fullmatch(text.rstrip()):
                self.section = Section.LIST

    def heading(self, text: str) -> None:
        """Read a line without values, which may be a heading."""
        self.before = text
        self._lines += 1
        if self.number is None and self._lines <= _HEAD_LINES and (match := _NUMBER.search(text)):
            self.number = match[1]
        self._follow_form(text.strip())
        if _YARA_SECTION.fullmatch(text):
            self.searches = "strings" in text
        self._filter.heading(text)
        if self.section is Section.MARGIN:
            return
        self._name_threat(text)
        self.advisory |= TITLE.match(text) is not None
        if self._brief:
            self.section, self._brief = Section.LIST, False
        if len(text) < 300 and ALLOWED_SENTENCE.fullmatch(text):
            self.section, self._brief = Section.ALLOWED, not may_be_heading(text)
        if not may_be_heading(text):
            return
        bare = text.strip(" \t=#*_-:")
        continues = self.packages and PACKAGE.fullmatch(bare) is not None
        self.packages = continues or _PACKAGES.search(bare) is not None
        if self.section is not Section.SIGNATURE or ANNEX.match(bare):
            self.section = section_of(text, bare) or self.section

    def _follow_form(self, text: str) -> None:
        """Follow MISP's report forms, an attribute over lines: `Type`, `link`, `Value`, the value."""
        if text == "Type":
            self.form = False
        elif self.form is False and text:
            self.form = is_never_in_text(text) or None
        elif text in ("Tags", "UUID", "Category", "Comment") or text.startswith("Attribute #"):
            self.form = None

    def _name_threat(self, text: str) -> None:
        if ":" not in text or len(text) > 200:
            return
        match = _THREAT_LINE.fullmatch(text.strip(" \t*#_|`"))
        if match and all(isinstance(item, Refused) for _, item in locate(match[1])):
            self.threat = match[1].strip(" *_`") or self.threat

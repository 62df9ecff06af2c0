"""Terms into which OpenSearch and Elasticsearch split a field, and regular expressions over them.

An analysed field is no text: the standard analyser splits a line into `evil`, `site.example` and
`203.0.113.9,1`. The store itself reports how it splits a field (`_analyze`,
https://docs.opensearch.org/latest/api-reference/analyze-apis/), and a value is queried by a part that is in
one term with any neighbours. Where that cannot be shown, all documents are fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lamsach.stores.client import Failure, StoreClient, StoreError
from lamsach.stores.questions import BORDER, Question, packed

_ANALYSED = 500
"""Texts analysed in one request: the store returns at most 10,000 terms."""
_EXPRESSION = 900
"""Maximum characters of one regular expression; `index.max_regex_length` is 1000."""
_CLAUSES = 256
"""Maximum expressions of one question; `max_clause_count` is 1024 or more."""
_UNCUT, _MAX_REPEATS = 40_000, 1000
"""Length of text that reveals where the analyser cuts terms; maximum repeats in an expression."""
_CONTEXTS = ("{}", "k={},1 ", "x{}9", "<{}>:8", '"{}."')
_ESCAPED = "a%2Ec"


@dataclass(frozen=True, slots=True)
class _Analysis:
    """Analysis of a field: maximum term length, lower-casing, whole text or tokens."""

    cut: int
    lowers: bool
    whole: bool


class Terms:
    """Queries over one store's terms of fields."""

    def __init__(self, client: StoreClient) -> None:
        self.client = client
        self._analyses: dict[str, _Analysis] = {}

    def prepare(self, question: Question, field: str, indices: Sequence[str]) -> Sequence[Question]:
        """See `Store.prepare`.

        Each text becomes the longest term that the store extracts from it with any neighbours.
        """
        try:
            return list(self._prepared(question, field, indices))
        except StoreError as error:
            if error.failure in (Failure.REFUSED, Failure.WRONG):
                return ()  # how this field is split into terms is unknown
            raise

    def _prepared(self, question: Question, field: str, indices: Sequence[str]) -> Iterator[Question]:
        texts = sorted({text for wanted in question.wanted for text in wanted})
        terms = dict(zip(texts, map(_longest, self._terms(texts, field, indices[0])), strict=True))
        battery = [*texts[:50], "203.0.113.9", "abcdef1234", "example"]
        analyses = {self._analysis(index, battery, field) for index in indices}
        if len(analyses) != 1 or None in analyses or not all(terms.values()):
            return
        self._analyses[field] = analysis = analyses.pop() or _Analysis(1, lowers=False, whole=False)
        wanted = tuple(
            dict.fromkeys(tuple(sorted({terms[text] for text in texts})) for texts in question.wanted)
        )
        patterns = question.patterns if analysis.whole else ()
        unasked = bool(question.patterns) and not analysis.whole
        yield from Question(wanted, patterns, unasked).cut(_CLAUSES * 40, _CLAUSES * _EXPRESSION // 2)

    def _analysis(self, index: str, battery: Sequence[str], field: str) -> _Analysis | None:
        """Return an index's analysis of a field; None if a text is not found again next to some neighbour."""
        alone = map(_longest, self._terms(battery, field, index))
        around = self._terms(
            [context.format(text) for text in battery for context in _CONTEXTS], field, index
        )
        for term in alone:
            if not term or not all(
                any(term in neighbour.lower() for neighbour in next(around)) for _ in _CONTEXTS
            ):
                return None
        upper, escaped, long = self._terms(["ABCDEF", _ESCAPED, "a" * _UNCUT], field, index)
        whole = any(_ESCAPED.lower() in term.lower() for term in escaped)
        return _Analysis(max(map(len, long), default=1), upper == ["abcdef"], whole)

    def clause(self, question: Question, field: str) -> dict[str, Any]:
        """Build the query for a prepared question: a term matches, was cut for length, or is missing."""
        single = [_literal(texts[0]) for texts in question.wanted if len(texts) == 1]
        several = [texts for texts in question.wanted if len(texts) > 1]
        clauses = [self._matches(field, f".*({'|'.join(part)}).*") for part in packed(single, _EXPRESSION)]
        clauses += [
            {"bool": {"filter": [self._matches(field, f".*{_literal(text)}.*") for text in texts]}}
            for texts in several
        ]
        clauses += [self._matches(field, _within(pattern)) for pattern in question.patterns]
        if (cut := self._analyses[field].cut) < _UNCUT:
            clauses.append(
                self._matches(field, f".{{{cut}}}" if cut <= _MAX_REPEATS else f".{{{_MAX_REPEATS}}}.*")
            )
        clauses.append({"bool": {"must_not": [{"exists": {"field": field}}]}})
        return {"bool": {"should": clauses, "minimum_should_match": 1}}

    def _matches(self, field: str, expression: str) -> dict[str, Any]:
        value: dict[str, Any] = {"value": expression, "flags": "NONE"}
        if not self._analyses[field].lowers:
            value["case_insensitive"] = True
        return {"regexp": {field: value}}

    def _terms(self, texts: Sequence[str], field: str, index: str) -> Iterator[list[str]]:
        """Yield the terms of each text."""
        for first in range(0, len(texts), _ANALYSED):
            part = list(texts[first : first + _ANALYSED])
            answer = self.client.ask("POST", f"/{quote(index)}/_analyze", {"field": field, "text": part})
            found: list[list[str]] = [[] for _ in part]
            ends, place = [], -1
            for text in part:
                place += len(text) + 1
                ends.append(place)
            index_of_text = 0
            for token in answer.get("tokens") or ():
                while index_of_text < len(ends) and int(token["start_offset"]) > ends[index_of_text]:
                    index_of_text += 1
                if index_of_text < len(found):
                    found[index_of_text].append(str(token["token"]))
            yield from found


def _longest(terms: Sequence[str]) -> str:
    return max((term.lower() for term in terms), key=len, default="")


def _within(pattern: str) -> str:
    """Rewrite a pattern for Lucene, whose expressions match whole terms and have no `^`."""
    rest = pattern.removeprefix(BORDER)
    return f".*{pattern}.*" if rest == pattern else f"(.*[^0-9])?{rest}.*"


def _literal(text: str) -> str:
    return re.sub(r"([.?+*|{}\[\]()\"\\#@&<>~^$/-])", r"\\\1", text)

"""The terms into which OpenSearch and Elasticsearch cut a field, and regular expressions over these.

An analysed field is no text: the standard analyser makes `evil`, `site.example` and `203.0.113.9,1` of a
line. The store itself says how it cuts a field (`_analyze`,
https://docs.opensearch.org/latest/api-reference/analyze-apis/), and a value is asked for by a part of it that
is in one term with any neighbours. Where that cannot be shown, all documents are taken.
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
"""Texts that are analysed in one request: the store gives at most 10,000 terms."""
_EXPRESSION = 900
"""Characters of one regular expression; `index.max_regex_length` is 1000."""
_CLAUSES = 256
"""Expressions of one question; `max_clause_count` is 1024 or more."""
_UNCUT, _MOST_REPEATS = 40_000, 1000
"""Length of text that shows where the analyser cuts terms; most repeats in an expression."""
_CONTEXTS = ("{}", "k={},1 ", "x{}9", "<{}>:8", '"{}."')
_ESCAPED = "a%2Ec"


@dataclass(frozen=True, slots=True)
class _Way:
    """Analysis of a field into terms: at most `cut` characters, lower case, whole text or its signs."""

    cut: int
    lowers: bool
    whole: bool


class Terms:
    """Asks one store about the terms of its fields."""

    def __init__(self, client: StoreClient) -> None:
        self.client = client
        self._ways: dict[str, _Way] = {}

    def prepare(self, question: Question, field: str, indices: Sequence[str]) -> Sequence[Question]:
        """See `Store.prepare`.

        Each text becomes the longest term that the store makes of it with any neighbours.
        """
        try:
            return list(self._prepared(question, field, indices))
        except StoreError as error:
            if error.failure in (Failure.REFUSED, Failure.WRONG):
                return ()  # nobody says how this field is cut into terms
            raise

    def _prepared(self, question: Question, field: str, indices: Sequence[str]) -> Iterator[Question]:
        texts = sorted({text for wanted in question.wanted for text in wanted})
        terms = dict(zip(texts, map(_longest, self._terms(texts, field, indices[0])), strict=True))
        battery = [*texts[:50], "203.0.113.9", "abcdef1234", "example"]
        ways = {self._way(index, battery, field) for index in indices}
        if len(ways) != 1 or None in ways or not all(terms.values()):
            return
        self._ways[field] = way = ways.pop() or _Way(1, lowers=False, whole=False)
        wanted = tuple(dict.fromkeys(tuple(sorted({terms[text] for text in one})) for one in question.wanted))
        patterns = question.patterns if way.whole else ()
        unasked = bool(question.patterns) and not way.whole
        yield from Question(wanted, patterns, unasked).cut(_CLAUSES * 40, _CLAUSES * _EXPRESSION // 2)

    def _way(self, index: str, battery: Sequence[str], field: str) -> _Way | None:
        """Return how an index cuts a field; None where a text is not found again beside some neighbour."""
        alone = map(_longest, self._terms(battery, field, index))
        around = self._terms(
            [context.format(text) for text in battery for context in _CONTEXTS], field, index
        )
        for term in alone:
            if not term or not all(any(term in one.lower() for one in next(around)) for _ in _CONTEXTS):
                return None
        upper, escaped, long = self._terms(["ABCDEF", _ESCAPED, "a" * _UNCUT], field, index)
        whole = any(_ESCAPED.lower() in term.lower() for term in escaped)
        return _Way(max(map(len, long), default=1), upper == ["abcdef"], whole)

    def clause(self, question: Question, field: str) -> dict[str, Any]:
        """A prepared question as a query: a term matches, or was cut for length, or the field is missing."""
        single = [_literal(one[0]) for one in question.wanted if len(one) == 1]
        several = [one for one in question.wanted if len(one) > 1]
        clauses = [self._matches(field, f".*({'|'.join(part)}).*") for part in packed(single, _EXPRESSION)]
        clauses += [
            {"bool": {"filter": [self._matches(field, f".*{_literal(text)}.*") for text in one]}}
            for one in several
        ]
        clauses += [self._matches(field, _within(pattern)) for pattern in question.patterns]
        if (cut := self._ways[field].cut) < _UNCUT:
            clauses.append(
                self._matches(field, f".{{{cut}}}" if cut <= _MOST_REPEATS else f".{{{_MOST_REPEATS}}}.*")
            )
        clauses.append({"bool": {"must_not": [{"exists": {"field": field}}]}})
        return {"bool": {"should": clauses, "minimum_should_match": 1}}

    def _matches(self, field: str, expression: str) -> dict[str, Any]:
        value: dict[str, Any] = {"value": expression, "flags": "NONE"}
        if not self._ways[field].lowers:
            value["case_insensitive"] = True
        return {"regexp": {field: value}}

    def _terms(self, texts: Sequence[str], field: str, index: str) -> Iterator[list[str]]:
        """The terms of each text."""
        for first in range(0, len(texts), _ANALYSED):
            part = list(texts[first : first + _ANALYSED])
            answer = self.client.ask("POST", f"/{quote(index)}/_analyze", {"field": field, "text": part})
            found: list[list[str]] = [[] for _ in part]
            ends, place = [], -1
            for text in part:
                place += len(text) + 1
                ends.append(place)
            at = 0
            for token in answer.get("tokens") or ():
                while at < len(ends) and int(token["start_offset"]) > ends[at]:
                    at += 1
                if at < len(found):
                    found[at].append(str(token["token"]))
            yield from found


def _longest(terms: Sequence[str]) -> str:
    return max((term.lower() for term in terms), key=len, default="")


def _within(pattern: str) -> str:
    """An expression for terms that a pattern is found in; Lucene's are of the whole term, and know no `^`."""
    rest = pattern.removeprefix(BORDER)
    return f".*{pattern}.*" if rest == pattern else f"(.*[^0-9])?{rest}.*"


def _literal(text: str) -> str:
    return re.sub(r"([.?+*|{}\[\]()\"\\#@&<>~^$/-])", r"\\\1", text)

"""A stand-in for OpenSearch's documented interface.

An inverted index by the standard analyser (UAX #29, lower case, terms of 255 characters), regular expressions
over terms (Lucene's syntax, 1000 characters), `exists`, `range`, `terms` on `_index`, scroll in order,
aggregations by index and day. Requests outside Elasticsearch's specification are refused.

https://docs.opensearch.org/latest/analyzers/supported-analyzers/standard/
https://docs.opensearch.org/latest/query-dsl/term/regexp/
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from tests.stores.loopback_server import Answered
from tests.stores.specification import check

_LONGEST_TERM, _LONGEST_EXPRESSION, _MOST_CLAUSES, _MOST_TERMS = 255, 1000, 1024, 10_000
# letters and digits join; `.` and `'` between letters or between digits; `:` between letters, `,` and `;`
# between digits; `_` joins all (UAX #29)
_WORD = re.compile(r"\w+(?:(?:(?<=[^\W\d_])[.':\u2019](?=[^\W\d_])|(?<=\d)[.,;'](?=\d))\w+)*")


def standard(text: str) -> list[tuple[str, int]]:
    """Return the terms of a text with their offsets."""
    terms = []
    for found in _WORD.finditer(text):
        if found[0].strip("_"):
            word = found[0].lower()
            terms += [
                (word[at : at + _LONGEST_TERM], found.start() + at)
                for at in range(0, len(word), _LONGEST_TERM)
            ]
    return terms


def keyword(text: str) -> list[tuple[str, int]]:
    return [(text, 0)]


def whitespace(text: str) -> list[tuple[str, int]]:
    return [(found[0], found.start()) for found in re.finditer(r"\S+", text)]


def cutting(text: str) -> list[tuple[str, int]]:
    """Analyse into terms of five characters, by which values cannot be found."""
    return [(term[:5], offset) for term, offset in standard(text)]


ANALYSERS = {"standard": standard, "keyword": keyword, "whitespace": whitespace, "cutting": cutting}


@dataclass
class OpenSearchStandIn:
    """`documents`: index and source.

    `analysers`: by field, standard for others; `ignore_above`: longer texts are in no index; `unindexed`:
    fields in none.
    """

    documents: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    analysers: dict[str, str] = field(default_factory=dict)
    ignore_above: int = 1 << 30
    unindexed: frozenset[str] = frozenset()
    page: int | None = None
    scrolls: dict[str, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)

    def __call__(self, method: str, path: str, body: bytes) -> Answered:
        request = json.loads(body) if body else {}
        where, _, query = path.partition("?")
        try:
            answer = self._answer(method, where, request, "scroll=" in query)
            check(method, path, request, answer)
        except (ValueError, AssertionError) as error:
            return 400, {}, json.dumps({"error": {"reason": str(error)}, "status": 400}).encode()
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def _answer(self, method: str, where: str, request: dict[str, Any], scrolled: bool) -> dict[str, Any]:
        if where == "/_search/scroll":
            freed = {"succeeded": True, "num_freed": 1}
            return freed if method == "DELETE" else self._next(request["scroll_id"])
        if where.endswith("/_analyze"):
            return self._analyse(request)
        return self._search(unquote(where.split("/")[1]), request, scrolled)

    def _cut(self, name: str, text: str) -> list[tuple[str, int]]:
        return ANALYSERS[self.analysers.get(name, "standard")](text)

    def _analyse(self, request: dict[str, Any]) -> dict[str, Any]:
        tokens, begin = [], 0
        for text in request["text"]:
            tokens += [
                {
                    "token": term,
                    "start_offset": begin + at,
                    "end_offset": begin + at + len(term),
                    "type": "<ALPHANUM>",
                    "position": len(tokens) + position,
                }
                for position, (term, at) in enumerate(self._cut(request["field"], text))
            ]
            begin += len(text) + 1
        if len(tokens) > _MOST_TERMS:
            raise ValueError(
                "The number of tokens produced by calling _analyze has exceeded the allowed maximum of "
                "[10000]."
            )
        return {"tokens": tokens}

    def _search(self, pattern: str, request: dict[str, Any], scrolled: bool) -> dict[str, Any]:
        indices = re.compile("|".join(re.escape(part).replace(r"\*", ".*") for part in pattern.split(",")))
        query = request.get("query", {"match_all": {}})
        found = [
            (index, source)
            for index, source in self.documents
            if indices.fullmatch(index) and self._matches(query, index, source)
        ]
        names = {index for index, _ in self.documents if indices.fullmatch(index)}
        answer: dict[str, Any] = {
            "took": 1,
            "timed_out": False,
            "_shards": {"total": len(names), "successful": len(names), "failed": 0},
        }
        if "aggs" in request:
            answer["aggregations"] = {
                name: self._aggregate(how, found) for name, how in request["aggs"].items()
            }
        if "_doc" not in request.get("sort", ["_doc"])[0]:
            found.sort(key=lambda hit: str(hit[1]["@timestamp"]))
        hits = [{"_index": index, "_source": source} for index, source in found]
        size = request.get("size", 10)
        answer["hits"] = {"total": {"value": len(hits), "relation": "eq"}, "hits": hits[:size]}
        if scrolled:
            answer["_scroll_id"] = name = f"scroll-{len(self.scrolls)}"
            self.scrolls[name] = len(hits), hits[size:]
            self.page = size
        return answer

    def _next(self, name: str) -> dict[str, Any]:
        total, rest = self.scrolls[name]
        hits, self.scrolls[name] = rest[: self.page], (total, rest[self.page :])
        shards = {"total": 1, "successful": 1, "failed": 0}
        return {
            "_scroll_id": name,
            "took": 1,
            "timed_out": False,
            "_shards": shards,
            "hits": {"total": {"value": total, "relation": "eq"}, "hits": hits},
        }

    def _aggregate(self, how: dict[str, Any], found: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        if "missing" in how:
            return {"doc_count": sum(how["missing"]["field"] not in source for _, source in found)}
        keys: Counter[Any] = Counter()
        for index, source in found:
            if "terms" in how:
                keys[index] += 1
            elif "@timestamp" in source:
                zone = ZoneInfo(how["date_histogram"]["time_zone"])
                day = (
                    datetime.fromisoformat(source["@timestamp"])
                    .astimezone(zone)
                    .replace(hour=0, minute=0, second=0, microsecond=0)
                )
                keys[int(day.timestamp() * 1000)] += 1
        return {
            "sum_other_doc_count": 0,
            "buckets": [{"key": key, "doc_count": count} for key, count in sorted(keys.items())],
        }

    def _matches(self, query: dict[str, Any], index: str, source: dict[str, Any]) -> bool:
        ((kind, how),) = query.items()
        match kind:
            case "match_all":
                return True
            case "bool":
                should = how.get("should", [])
                if len(should) > _MOST_CLAUSES:
                    raise ValueError("too_many_clauses")
                return (
                    all(self._matches(clause, index, source) for clause in how.get("filter", []))
                    and not any(self._matches(clause, index, source) for clause in how.get("must_not", []))
                    and (not should or any(self._matches(clause, index, source) for clause in should))
                )
            case "terms":
                return index in how["_index"]
            case "exists":
                return self._text(how["field"], source) is not None
            case "range":
                ((name, limits),) = how.items()
                time = source.get(name)
                return time is not None and _moment(limits["gte"]) <= _moment(time) < _moment(limits["lt"])
            case "regexp":
                ((name, value),) = how.items()
                text = self._text(name, source)
                if len(value["value"]) > _LONGEST_EXPRESSION:
                    raise ValueError("The length of regex has exceeded the allowed maximum of [1000].")
                expression = _compiled(value["value"], value.get("case_insensitive", False))
                return text is not None and any(
                    expression.fullmatch(term) for term, _ in self._cut(name, text)
                )
        raise ValueError(f"unknown query [{kind}]")

    def _text(self, name: str, source: dict[str, Any]) -> str | None:
        value: Any = source
        for part in (name,) if name in source else name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        text = None if value is None or name in self.unindexed else str(value)
        return (
            None
            if text is not None and self.analysers.get(name) == "keyword" and len(text) > self.ignore_above
            else text
        )


@lru_cache(maxsize=10_000)
def _compiled(text: str, any_case: bool) -> re.Pattern[str]:
    if "^" in re.sub(r"\[\^|\\.", "", text) or "(?" in text:
        raise ValueError("Lucene's expressions know no such thing")
    return re.compile(text, re.DOTALL | (re.IGNORECASE if any_case else 0))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

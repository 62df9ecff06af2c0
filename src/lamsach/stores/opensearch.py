"""OpenSearch and Elasticsearch: counts by day, queries for terms, documents by scroll.

https://docs.opensearch.org/latest/api-reference/search-apis/scroll/ and
https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-scroll; the same in all versions of
both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from lamsach.stores.base import Counts, Document, Span
from lamsach.stores.client import Failure, StoreClient, StoreError
from lamsach.stores.lines import moment_of, value_of
from lamsach.stores.questions import Question
from lamsach.stores.terms import Terms

PAGE = 500
SCROLL_TTL = "2m"
_MOST_INDICES = 10_000
# logs-fw-2022.09.01   .ds-logs-fw-2022.09.01-000001   fw-000017
_ROLLED = re.compile(r"([-_.]\d{4}[-_.]?\d{2}([-_.]?\d{2})?)?([-_.]\d{6})?$")


class OpenSearch:
    """A cluster's indices of one pattern. A source is an index, or those that differ by day or number."""

    def __init__(self, client: StoreClient, time_field: str | None) -> None:
        self.client = client
        self._time = time_field or "@timestamp"
        self._path = "/" + quote(client.address.target, safe="*,-_.+:<>{}")
        self._indices: dict[str, list[str]] = {}
        self._terms = Terms(client)

    def counts(self, span: Span | None, zone: ZoneInfo) -> Counts:
        """See `Store`."""
        of = {"of": {"terms": {"field": "_index", "size": _MOST_INDICES}}}
        found = self._search({"size": 0, "aggs": of})
        indices = self._aggregation(found, "of")
        if found["aggregations"]["of"].get("sum_other_doc_count"):
            raise self.client.error(Failure.WRONG, f"> {_MOST_INDICES} indices")
        self._indices = {}
        for bucket in indices:
            self._indices.setdefault(_ROLLED.sub("", str(bucket["key"])), []).append(str(bucket["key"]))
        counts = Counts()
        for source in self._indices:
            self._count(source, span, zone, counts)
        return counts

    def _count(self, source: str, span: Span | None, zone: ZoneInfo, counts: Counts) -> None:
        by_day = {"field": self._time, "calendar_interval": "day", "time_zone": zone.key, "min_doc_count": 1}
        body = {
            "size": 0,
            "query": self._query(span, sources=[source], all_times=True),
            "aggs": {"day": {"date_histogram": by_day}, "none": {"missing": {"field": self._time}}},
        }
        found = self._search(body)
        for bucket in self._aggregation(found, "day"):
            moment = datetime.fromtimestamp(int(bucket["key"]) / 1000, UTC).astimezone(zone)
            counts.add(source, moment.date(), int(bucket["doc_count"]))
        if undated := int(found["aggregations"]["none"]["doc_count"]):
            counts.add(source, None, undated)

    def first(self, source: str, span: Span | None, count: int) -> Sequence[Document]:
        """See `Store`."""
        body = {"size": count, "query": self._query(span, sources=[source]), "sort": self._order(span)}
        return [self._document(hit) for hit in self._hits(self._search(body))]

    def documents(
        self, span: Span | None, question: Question | None, field: str | None, sources: Sequence[str] | None
    ) -> Iterator[Document]:
        """See `Store`."""
        clauses = [self._terms.clause(question, field)] if question is not None and field else []
        body = {
            "size": PAGE,
            "query": self._query(span, clauses, sources),
            "sort": self._order(span),
            "track_total_hits": True,
        }
        answer = self._search(body, f"?scroll={SCROLL_TTL}")
        total, received = self._total(answer), 0
        cursor = ""
        try:
            while True:
                cursor = str(answer.get("_scroll_id") or cursor)
                hits = self._hits(answer)
                received += len(hits)
                yield from map(self._document, hits)
                if received >= total or not hits:
                    break
                answer = self._checked(
                    self.client.ask(
                        "POST", "/_search/scroll", {"scroll": SCROLL_TTL, "scroll_id": cursor}, again=False
                    )
                )
        finally:
            with suppress(StoreError):
                self.client.ask("DELETE", "/_search/scroll", {"scroll_id": [cursor]}, again=False)
        if received != total:
            raise self.client.error(Failure.FEWER, f"{received} < {total}")

    def prepare(self, question: Question, field: str | None) -> Sequence[Question]:
        """See `Store`."""
        indices = [index for names in self._indices.values() for index in names]
        return self._terms.prepare(question, field, indices) if field else ()

    def _query(
        self,
        span: Span | None,
        more: Sequence[dict[str, Any]] = (),
        sources: Sequence[str] | None = None,
        *,
        all_times: bool = False,
    ) -> dict[str, Any]:
        clauses: list[dict[str, Any]] = list(more)
        without = {"bool": {"must_not": [{"exists": {"field": self._time}}]}}
        if span is not None:
            within = {
                "range": {
                    self._time: {
                        "gte": _stamp(span.begin),
                        "lt": _stamp(span.end),
                        "format": "strict_date_optional_time",
                    }
                }
            }
            clauses.append(
                {"bool": {"should": [within, without], "minimum_should_match": 1}} if all_times else within
            )
        elif not all_times:
            clauses.append(without)
        if sources is not None:
            clauses.append(
                {"terms": {"_index": [index for name in sources for index in self._indices[name]]}}
            )
        return {"bool": {"filter": clauses}}

    def _order(self, span: Span | None) -> list[Any]:
        return ["_doc"] if span is None else [{self._time: "asc"}, "_doc"]

    def _search(self, body: dict[str, Any], query: str = "") -> dict[str, Any]:
        return self._checked(self.client.ask("POST", f"{self._path}/_search{query}", body))

    def _checked(self, answer: Any) -> dict[str, Any]:
        """Return the answer if all shards contributed. Raises StoreError."""
        if not isinstance(answer, dict) or not isinstance(answer.get("hits"), dict):
            raise self.client.error(Failure.BROKEN)
        shards = answer.get("_shards") or {}
        clusters = answer.get("_clusters") or {}
        if clusters.get("skipped") or clusters.get("partial") or clusters.get("failed"):
            raise self.client.error(Failure.PARTIAL, f"_clusters {clusters}")
        if answer.get("timed_out") or shards.get("failed") or shards.get("successful") != shards.get("total"):
            reasons = [str(failure.get("reason")) for failure in shards.get("failures") or ()][:1]
            expired = any("search_context_missing" in reason for reason in reasons)
            detail = f"_shards.failed {shards.get('failed')} / {shards.get('total')} {' '.join(reasons)}"
            raise self.client.error(Failure.EXPIRED if expired else Failure.PARTIAL, detail)
        return answer

    def _aggregation(self, answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
        try:
            return list(answer["aggregations"][name]["buckets"])
        except (KeyError, TypeError):
            raise self.client.error(Failure.BROKEN) from None

    def _total(self, answer: dict[str, Any]) -> int:
        total = answer["hits"].get("total")
        return int(total["value"] if isinstance(total, dict) else total)

    def _hits(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        hits = answer["hits"].get("hits")
        if not isinstance(hits, list) or not all(
            isinstance(hit, dict) and isinstance(hit.get("_source"), dict) for hit in hits
        ):
            raise self.client.error(Failure.BROKEN, "_source")
        return hits

    def _document(self, hit: dict[str, Any]) -> Document:
        source = _ROLLED.sub("", str(hit.get("_index")))
        return Document(source, moment_of(value_of(hit["_source"], self._time)), hit["_source"])


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

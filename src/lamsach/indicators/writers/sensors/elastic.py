"""Elasticsearch query over ECS fields (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-terms-query).

A terms query takes 65,536 values at most, so longer lists are several. The stamp is the query's name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer, in_batches, of_types
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES

TERMS_IN_A_QUERY = 60_000


class Elastic(Writer):
    """A search body: any of the terms."""

    name = "elastic"
    title = "Elasticsearch terms query"
    suffix = ".json"
    reads_back = False

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Field by field."""
        fields: tuple[tuple[str, tuple[IndicatorType, ...]], ...] = (
            ("destination.ip", ADDRESSES),
            ("dns.question.name", (IndicatorType.DOMAIN,)),
            ("destination.domain", (IndicatorType.DOMAIN,)),
            ("url.domain", (IndicatorType.DOMAIN,)),
            ("url.full", (IndicatorType.URL,)),
            ("file.hash.md5", (IndicatorType.MD5,)),
            ("file.hash.sha1", (IndicatorType.SHA1,)),
            ("file.hash.sha256", (IndicatorType.SHA256,)),
            ("tls.client.ja3", (IndicatorType.JA3,)),
        )
        yield f'{{"query": {{"bool": {{"_name": {json.dumps(stamp.text())}, "minimum_should_match": 1, "should": [\n'
        separator = ""
        for field, kinds in fields:
            for batch in in_batches(of_types(items, *kinds), TERMS_IN_A_QUERY):
                yield separator + json.dumps({"terms": {field: [wire(item.value) for item in batch]}})
                separator = ",\n"
        yield "\n]}}}\n"

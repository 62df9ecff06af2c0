"""OpenSearch's stand-in refuses requests outside Elasticsearch's specification, and answers by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .opensearch_server import OpenSearchStandIn
from .specification import check

DOCUMENT = ("logs-2026", {"@timestamp": "2026-11-18T03:20:00Z", "message": "GET a.example"})


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/logs-*/_search", {"size": 1, "qery": {}}, "qery"),
        ("/logs-*/_search", {"query": {"regex": {"message": "a"}}}, "regex"),
        ("/logs-*/_search", {"query": {"regexp": {"message": {"valu": "a"}}}}, "valu"),
        ("/logs-*/_search?scrol=2m", {}, "scrol"),
        ("/_search/scroll", {"scroll_id": 7, "scroll": "2m"}, "scroll_id"),
    ],
)
def test_an_unknown_request_is_refused(path: str, body: Any, wrong: str) -> None:
    with pytest.raises(AssertionError, match=wrong):
        check("POST", path, body, None)


def test_a_missing_field_of_an_answer_is_noticed() -> None:
    served = OpenSearchStandIn([DOCUMENT])
    status, _, body = served("POST", "/logs-*/_search", b'{"query": {"match_all": {}}}')
    answer = json.loads(body)
    assert (status, len(answer["hits"]["hits"])) == (200, 1)
    for name in ("took", "timed_out", "_shards", "hits"):
        with pytest.raises(AssertionError, match=name):
            check("POST", "/logs-*/_search", {}, {key: value for key, value in answer.items() if key != name})

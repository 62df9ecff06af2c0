"""Write Elasticsearch's specification of the four endpoints used by `lamsach.stores`, as JSON Schema.

    npm pack @elastic/request-converter && tar xzf elastic-request-converter-*.tgz
    python scripts/elasticsearch_schema.py package/dist/schema.json

The specification (Apache License 2.0) is the source of Elastic's own clients: names, types and required
fields. Types outside FOLLOWED may hold anything; a name that a followed type does not have is refused.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "tests" / "stores" / "elasticsearch_schema.json"
ENDPOINTS = ("search", "scroll", "clear_scroll", "indices.analyze")
FOLLOWED = frozenset(
    {
        "Aggregate", "AggregationContainer", "AnalyzeToken", "BoolQuery", "Buckets",
        "CalendarInterval", "DateFormat", "DateHistogramAggregate", "DateHistogramAggregation",
        "DateHistogramBucket", "Duration", "ExistsQuery", "Field", "Hit", "HitsMetadata",
        "IndexName", "MinimumShouldMatch", "MissingAggregate", "MissingAggregation",
        "QueryContainer", "RangeQuery", "RegexpQuery", "ResponseBody", "ScrollId", "ScrollIds",
        "ShardStatistics", "Sort", "SortCombinations", "SortOptions", "StringTermsAggregate",
        "StringTermsBucket", "TermsAggregation", "TermsQuery", "TermsQueryField", "TextToAnalyze",
        "TimeZone", "TotalHits", "TotalHitsRelation", "TrackHits", "UntypedRangeQuery", "integer",
        "long", "uint",
    }
)  # fmt: skip
BUILT_IN = {"string": "string", "boolean": "boolean", "number": "number", "null": "null"}
Node = dict[str, Any]


class Specification:
    """The types of the specification, turned into definitions as they are met."""

    def __init__(self, content: Node) -> None:
        self._types = {(item["name"]["namespace"], item["name"]["name"]): item for item in content["types"]}
        self._endpoints = {item["name"]: item for item in content["endpoints"]}
        self.definitions: Node = {}

    def endpoint(self, name: str) -> Node:
        """Return its paths, parameters and the schemas of request and response."""
        found = self._endpoints[name]
        request, response = (
            self._types[found[side]["namespace"], found[side]["name"]] for side in ("request", "response")
        )
        return {
            "paths": [[part["path"], part["methods"]] for part in found["urls"]],
            "parameters": sorted(part["name"] for part in request["query"]),
            "request": self._body(request["body"]),
            "response": self._body(response["body"]),
        }

    def _body(self, body: Node) -> Node:
        if body["kind"] == "value":
            return self._value(body["value"])
        return self._object(body) if body["kind"] == "properties" else {"type": "object", "maxProperties": 0}

    def _object(self, node: Node) -> Node:
        known: Node = {}
        required: list[str] = []
        open_ended = False
        level: Node | None = node
        while level is not None:
            for property_ in level.get("properties", ()):
                schema = self._value(property_["type"])
                known |= dict.fromkeys([property_["name"], *property_.get("aliases", ())], schema)
                required += [property_["name"]] if property_["required"] else []
            behaviours = [
                *level.get("attachedBehaviors", ()),
                *(behaviour["type"]["name"] for behaviour in level.get("behaviors", ())),
            ]
            open_ended |= any("AdditionalPropert" in behaviour for behaviour in behaviours)
            above = level.get("inherits")
            level = self._types[above["type"]["namespace"], above["type"]["name"]] if above else None
        found: Node = {"type": "object", "properties": known, "additionalProperties": open_ended}
        if required:
            found["required"] = required
        short = node.get("shortcutProperty")
        return {"anyOf": [found, known[short]]} if short else found

    def _value(self, value: Node) -> Node:
        match value["kind"]:
            case "instance_of":
                return self._named(value["type"]["namespace"], value["type"]["name"])
            case "array_of":
                return {"type": "array", "items": self._value(value["value"])}
            case "union_of":
                parts = [
                    part
                    for item in value["items"]
                    if (part := self._value(item)) or item["kind"] != "instance_of"
                ]
                return {"anyOf": parts} if parts else {}
            case "dictionary_of":
                single = {"minProperties": 1, "maxProperties": 1} if value.get("singleKey") else {}
                return {"type": "object", "additionalProperties": self._value(value["value"]), **single}
            case "literal_value":
                return {"const": value["value"]}
        return {}

    def _named(self, namespace: str, name: str) -> Node:
        if namespace == "_builtins":
            return {"type": BUILT_IN[name]} if name in BUILT_IN else {}
        if name not in FOLLOWED or (namespace, name) not in self._types:
            return {}
        key = f"{namespace}.{name}"
        if key not in self.definitions:
            self.definitions[key] = {}  # met again while it is made
            self.definitions[key] = self._defined(self._types[namespace, name])
        return {"$ref": f"#/$defs/{key}"}

    def _defined(self, node: Node) -> Node:
        if node["kind"] == "type_alias":
            return self._value(node["type"])
        if node["kind"] == "enum":
            return {
                "enum": [
                    word for item in node["members"] for word in (item["name"], *item.get("aliases", ()))
                ]
            }
        return self._object(node)


def main() -> None:
    """Write TARGET."""
    found = Specification(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    content = {"endpoints": {name: found.endpoint(name) for name in ENDPOINTS}, "$defs": found.definitions}
    TARGET.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

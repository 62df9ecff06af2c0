"""Lists and nested objects in columns equal single items and objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.logs.bulk import reader
from lamsach.logs.bulk.readers.json_table import as_items
from lamsach.logs.bulk.rows import NestedFields, TrackedFields
from lamsach.logs.bulk.sources import values_of_items
from lamsach.logs.mappings.records import Each
from lamsach.logs.text.json_records import flat
from lamsach.logs.text.values import domain_of, ip_of

from .whole_logs import as_tables, by_line

TEXTS = st.sampled_from(["192.0.2.7", "www.example", "WWW.Example", "a b", "", "2001:DB8::7", "198.51.100.9"])
LISTS = st.lists(st.none() | st.lists(TEXTS, max_size=4), min_size=1, max_size=6)
OBJECTS = st.recursive(
    st.text("ab", min_size=1, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
    max_leaves=8,
)


def made(text: str) -> str | None:
    return ip_of(text) or domain_of(text)


def of_type(item: dict[str, str]) -> str | None:
    return made(item["data"]) if item["type"] == "A" else None


@given(LISTS, LISTS, st.booleans())
def test_values_of_items(first: list[Any], second: list[Any], once: bool) -> None:
    second = [second[at % len(second)] for at in range(len(first))]
    typed = pa.array([texts and [{"type": "AB"[len(text) % 2], "data": text} for text in texts]
        for texts in second],
                     pa.list_(pa.struct([("type", pa.string()), ("data", pa.string())])))  # fmt: skip
    each = Each(of_type, {"type": "A", "data": ""})
    found = values_of_items(
        [(pa.array(first, pa.list_(pa.string())), Each(made)), (as_items(typed, each.item), each)], once=once
    ).to_pylist()
    for values_of_text, texts, objects in zip(found, first, second, strict=True):
        values = [made(text) for text in texts or ()]
        values += [made(text) for text in objects or () if len(text) % 2 == 0]
        stated = [value for value in values if value]
        assert values_of_text == ((list(dict.fromkeys(stated)) if once else stated) or None)


@given(st.dictionaries(st.sampled_from("abc"), OBJECTS, min_size=1))
def test_nested_fields_equal_the_object(record: dict[str, Any]) -> None:
    fields = flat(record)
    tracked = TrackedFields({key: lambda text=value: text for key, value in fields.items()})  # type: ignore[misc]
    tree = NestedFields(tracked, fields)

    def whole(part: Any) -> Any:
        return {key: whole(part[key]) for key in part} if isinstance(part, dict) else part

    assert whole(tree) == record
    assert tree.get("z") is None
    assert bool(tree)
    assert not NestedFields(TrackedFields({"a.b": lambda: None}), ["a.b"]).get("a")


def test_unusual_rows_are_parsed_singly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 4)
    rows = [
        (
            f"1790000001.{at:06}\tF{at}\t{'192.0.2.7,10.1.1.5' if at % 5 == 0 else '192.0.2.7'}\t"
            f"10.1.1.{at}\t{'ab' * 16}"
        )
        for at in range(60)
    ]
    rows[7] = "1790000001.000007\tF7\t192.0.2.7"
    rows[9] = rows[9].replace("10.1.1.9", "\\x2d")
    path = tmp_path / "files.log"
    path.write_text(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tfiles\n"
        "#fields\tts\tfuid\ttx_hosts\trx_hosts\tmd5\n"
        "#types\ttime\tstring\tset[addr]\tset[addr]\tstring\n" + "\n".join(rows) + "\n"
    )
    assert by_line(path)[0].num_rows == 60
    assert as_tables(path) == by_line(path)

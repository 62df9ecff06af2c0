"""Examples of every Layout, and equality of its single-line and columnar readers."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.events.records import event_record
from lamsach.logs.formats import FORMATS
from lamsach.logs.layouts.column import for_arrow, relaxed
from lamsach.logs.layouts.line import LayoutFormat
from lamsach.logs.reading import tables
from tests.rows import each_row

from ..formats import golden
from ..test_bulk_products import changed
from ..whole_logs import as_tables, by_line

LAYOUTS = [f for f in FORMATS if issubclass(f, LayoutFormat)]
IN_COLUMNS = {f.name: f for f in LAYOUTS if f.layout.in_columns}
_UNRECORDED = frozenset({"response", "forwarded", "device_ip", "kind", "source_nat_ip", "source_nat_port"})
"""Fields that records omit, or whose absence an example states."""


def lines_of(log_format: type[LayoutFormat]) -> list[str]:
    """Return a format's examples, and the lines of its golden cases."""
    cases = [line for log in golden.cases(log_format.name) for line in golden.lines_of(log) if line.strip()]
    return [line for line, _ in log_format.layout.examples] + cases


@each_row("log_format", LAYOUTS, lambda f: f.name)
def test_examples_give_their_values(log_format: type[LayoutFormat]) -> None:
    assert len(log_format.layout.examples) >= 2
    for line, expected in log_format.layout.examples:
        assert log_format.recognises(line), line
        event = log_format(golden.context_of([line])).parse(line, 1)
        assert event is not None, line
        given_values = event_record(event) | {name: getattr(event, name) for name in _UNRECORDED}
        assert {key: given_values.get(key) for key in expected} == dict(expected), line


@each_row("log_format", LAYOUTS, lambda f: f.name)
def test_columnar_patterns_run_in_arrow(log_format: type[LayoutFormat]) -> None:
    texts = pa.array(["a"])
    for shape in log_format.layout.shapes:
        for pattern in (shape.pattern, *shape.also) if shape.in_columns else ():
            pc.match_substring_regex(texts, for_arrow(pattern))
            pc.extract_regex(texts, f"(?:{relaxed(pattern)})(?P<rest_>.*)")


@given(st.sampled_from(sorted(IN_COLUMNS)), st.integers(0, 2**32), st.sampled_from(["\n", "\r\n", "\n\n"]))
@settings(max_examples=60, deadline=None)
def test_columns_equal_single_lines(
    tmp_path_factory: pytest.TempPathFactory, name: str, seed: int, end: str
) -> None:
    chance = random.Random(seed)
    own = lines_of(IN_COLUMNS[name])
    lines = own[:12] + [chance.choice(own) for _ in range(60)]
    for _ in range(chance.randrange(12)):
        at = chance.randrange(len(lines))
        lines[at] = changed(lines[at], chance)
    path = tmp_path_factory.mktemp("odd") / "a.log"
    path.write_bytes("".join(line + end for line in lines).encode())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "PIECE_LINES", chance.choice([20, 80]))
        assert as_tables(path) == by_line(path)


def test_unusual_line_is_parsed_singly(tmp_path: Path) -> None:
    (line, _), *_ = FORMATS.named("hillstone").layout.examples  # type: ignore[union-attr]
    path = tmp_path / "a.log"
    path.write_text(f"{line}\n" * 200 + line.replace("10.1.1.5", "fe80::5") + f"\nother\n{line}\n")
    assert as_tables(path) == by_line(path)
    assert as_tables(path)[2].refused == 1


def test_second_time_in_header_is_parsed_singly(tmp_path: Path) -> None:
    ends = "2001:db8::8 9.10.11.12.in-addr.arpa. PTR IN"
    plain = f"2026-06-10T17:44:31+02:00 192.0.2.53 unbound[901]: info: {ends}\n"
    path = tmp_path / "a.log"
    odd = plain.replace("info: ", "2026-06-10T08:00:01Z reply: ").strip() + " NOERROR 0.000000 1 80\n"
    path.write_text(plain * 150 + odd + plain * 80)
    assert as_tables(path) == by_line(path)

"""The benchmark's input is as described, and the compared programs do the same work."""

from __future__ import annotations

import ipaddress
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from bench import generate, peers
from bench.compressed import perfect
from bench.lines import FORMATS
from bench.tables import Table, recorded
from lamsach.logs.reading.detect import detect


def test_the_list_has_the_stated_shares_and_no_value_twice() -> None:
    values = list(islice(generate.indicators(20_000), 20_000))
    assert len(set(values)) == 20_000
    kinds = Counter(map(generate.kind_of, values))
    assert kinds == {"domain": 18_000, "address": 1_400, "network": 200, "hash": 200, "url": 200}
    assert {len(value) for value in values if generate.kind_of(value) == "hash"} == {32, 40, 64}
    for value in values:
        if generate.kind_of(value) == "network":
            ipaddress.ip_network(value)


def test_the_list_is_the_same_each_time() -> None:
    assert list(generate.indicators(500)) == list(generate.indicators(500))


@pytest.fixture(scope="module")
def list_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = generate.make_list(tmp_path_factory.mktemp("bench"), 20_000)
    peers.prepare(path)
    return path


@pytest.fixture
def frequent_hits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "HIT_EVERY", 100)


@pytest.mark.usefixtures("frequent_hits")
@pytest.mark.parametrize("name", FORMATS)
def test_logs_hold_the_planted_lines_and_each_program_finds_them(name: str, list_path: Path) -> None:
    log = generate.make_log(list_path.parent, name, 1, list_path)
    text = Path(log.path).read_bytes()
    assert log.size_bytes == len(text)
    lines = [line for line in text.splitlines() if not line.startswith(b"#")]
    assert len(lines) == log.lines
    assert log.hits == (log.lines + 50) // 100
    for run in (peers.run_duckdb, peers.run_polars):
        assert run(name, Path(log.path), list_path, 2)[0] == log.hits


@pytest.mark.usefixtures("frequent_hits")
@pytest.mark.parametrize("name", FORMATS)
def test_logs_are_recognised(name: str, list_path: Path) -> None:
    log = generate.make_log(list_path.parent, name, 1, list_path)
    found = detect(Path(log.path).read_bytes()[:200_000])
    assert found.format is not None
    assert found.format.name == {"zeek_dns": "zeek_tsv", "zeek_conn": "zeek_tsv"}.get(name, name)
    assert found.share > 0.99


def test_tables_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("format", "GB/s")
    table.row("squid", 1.23456)
    table.row("median", float("nan"))
    table.print("Speed")
    assert capsys.readouterr().out.splitlines() == [
        "",
        "### Speed",
        "",
        "| format | GB/s |",
        "|--------|-----:|",
        "| squid  | 1.23 |",
        "| median |    - |",
    ]


def test_tables_go_into_the_document(tmp_path: Path) -> None:
    document = tmp_path / "figures.md"
    document.write_text("before\n<!-- begin speed -->\nold\n<!-- end speed -->\nafter\n", "utf-8")
    table = Table("format", "GB/s")
    table.row("squid", 2.0)
    with recorded(document, "speed", "On this machine."):
        table.print("Speed")
    text = document.read_text("utf-8")
    assert text.startswith("before\n<!-- begin speed -->\n\nOn this machine.\n\n### Speed\n\n| format |")
    assert text.endswith("| squid  |    2 |\n\n<!-- end speed -->\nafter\n")
    with pytest.raises(ValueError, match="memory"), recorded(document, "memory", ""):
        pass


def test_what_two_processors_allow_of_a_compressed_log() -> None:
    """Two processors that never wait; from one stream no more than its decompressor delivers."""
    for bare, search, rate in (
        (1.0, 1.0, 1.0),
        (3.0, 1.0, 1.5),
        (0.5, 1.0, 0.5),
        (0.5, 100.0, 0.5),
        (1.5, 0.75, 1.0),
    ):
        assert perfect(bare, search) == pytest.approx(rate)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lamsach.devices.nat import Certainty, NatTable
from lamsach.devices.nat.nat_logs import NatLogs
from lamsach.logs.opening.inputs import find_logs

ASA = """Jun 10 2026 10:00:00 asa01 : %ASA-6-302013: Built outbound TCP connection 12 for \
outside:198.51.100.7/443 (198.51.100.7/443) to inside:10.20.0.5/51234 (203.0.113.1/4321)
Jun 10 2026 10:00:01 asa01 : %ASA-6-106100: access-list inside permitted tcp inside/10.20.0.5(51234) -> \
outside/198.51.100.7(443)
Jun 10 2026 10:05:00 asa01 : %ASA-6-302014: Teardown TCP connection 12 for outside:198.51.100.7/443 to \
inside:10.20.0.5/51234 duration 0:05:00 bytes 100
"""
CHECK_POINT = ("<134>1 2026-06-10T10:00:00+07:00 cp01 CheckPoint 1234 - [action:\"Accept\"; "
               "origin:\"10.20.9.1\"; src:\"10.20.0.6\"; dst:\"198.51.100.7\"; proto:\"6\"; "
               "s_port:\"51234\"; service:\"443\"; xlatesrc:\"203.0.113.1\"; xlatesport:\"4400\"; "
               "product:\"VPN-1 & FireWall-1\"]\n")  # fmt: skip


def table_of(tmp_path: Path, *texts: str) -> tuple[NatTable, NatLogs]:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.log").write_text(text)
    logs = NatLogs(list(find_logs([str(tmp_path)], on_problem=lambda problem: None)))
    return NatTable(logs.records()), logs


def test_a_connection_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    table, logs = table_of(tmp_path, ASA)
    [found] = table.inside("203.0.113.1", 4321, "tcp", datetime(2026, 6, 10, 3, 2, tzinfo=UTC))
    assert (found.inside_ip, found.certainty, found.line) == ("10.20.0.5", Certainty.CERTAIN, 1)
    assert found.end == datetime(2026, 6, 10, 3, 5, tzinfo=UTC)
    assert list(logs.counts.values()) == [2]


def test_a_product_without_a_reader_is_read_by_its_format(tmp_path: Path) -> None:
    table, _ = table_of(tmp_path, CHECK_POINT)
    [found] = table.inside("203.0.113.1", 4400, "tcp", datetime(2026, 6, 10, 2, 59, tzinfo=UTC))
    assert (found.inside_ip, found.certainty) == ("10.20.0.6", Certainty.PROBABLE)


def test_a_log_without_nat_gives_nothing(tmp_path: Path) -> None:
    table, logs = table_of(
        tmp_path, "Jun 10 10:00:00 ns1 unbound: [1:0] info: 10.20.0.5 www.unit.example. A IN\n"
    )
    assert (len(table), logs.counts) == (0, {})


def test_damage_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    import gzip

    data = gzip.compress((ASA * 2000).encode())
    (tmp_path / "cut.log.gz").write_bytes(data[: len(data) // 2])
    problems = []
    logs = NatLogs(list(find_logs([str(tmp_path)], on_problem=problems.append)), on_problem=problems.append)
    assert len(NatTable(logs.records())) > 0
    assert problems


def test_a_syslog_servers_file_gives_the_records_of_every_product(tmp_path: Path) -> None:
    """One product has a reader, another only its format; a third states no translation."""
    other = "Jun 10 10:00:00 ns1 unbound: [1:0] info: 10.20.0.5 www.unit.example. A IN\n"
    table, logs = table_of(tmp_path, ASA + other + CHECK_POINT)
    when = datetime(2026, 6, 10, 3, 0, 30, tzinfo=UTC)
    assert [found.inside_ip for found in table.inside("203.0.113.1", 4321, "tcp", when)] == ["10.20.0.5"]
    [found] = table.inside("203.0.113.1", 4400, "tcp", datetime(2026, 6, 10, 2, 59, tzinfo=UTC))
    assert (found.inside_ip, found.line) == ("10.20.0.6", 5)
    assert list(logs.counts.values()) == [3]

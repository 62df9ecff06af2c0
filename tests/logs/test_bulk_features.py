"""Columnar readers equal single lines, also for layouts outside the benchmark."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.bulk import reader
from lamsach.logs.bulk.columns import bare_macs, lines_of, slice_texts, text_of
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.reader import Piece
from lamsach.logs.layouts.column import LayoutColumns
from lamsach.logs.text.values import mac_of

from .test_tables import squid
from .whole_logs import as_tables, by_line

LINES = st.lists(st.text(alphabet='ab ="->é(', max_size=20).map(str.encode), min_size=1, max_size=20)
ENDS = [
    "10.1.1.5", "8.8.8.8", "2001:db8::7", "fe80::1", "::ffff:192.0.2.1", "224.0.0.251", "255.255.255.255",
    "ff02::fb", "-", "0.0.0.0", "10.001.002.003", "pc-01", "",
]  # fmt: skip


@settings(deadline=None)
@given(LINES, st.sampled_from(["a", " ", '="', "->", "(", "é", " a"]), st.integers(1, 3))
def test_marks_equal_single_lines(lines: list[bytes], mark: str, number: int) -> None:
    block, wanted = Lines(lines), mark.encode()
    places = [[at for at in range(len(line)) if line.startswith(wanted, at)] for line in lines]
    assert block.has(mark).tolist() == [bool(found) for found in places]
    assert block.place(mark).tolist() == [line.find(wanted) for line in lines]
    assert block.nth(mark, number).tolist() == [(*found, *[-1] * number)[number - 1] for found in places]
    assert block.count(mark).tolist() == [len(found) for found in places]
    start = block.place("b")
    behind = [
        sum(at >= max(begin, 0) for at in found) for found, begin in zip(places, start.tolist(), strict=True)
    ]
    assert block.count(mark, start).tolist() == behind
    assert block.letters_at(1, 3).tolist() == [int.from_bytes(line[1:4].ljust(3, b"\0")) for line in lines]


def test_lines_are_grouped_by_equal_features() -> None:
    lines = [b"a 1", b"b 1 2", b"a 3", b"odd", b"b 4 5"]
    block = Lines(lines)
    found, alone = groups_of((block.count(" "),), block.has(" "))
    assert (sorted(found), alone) == ([[0, 2], [1, 4]], [3])
    assert letters_of("odd") == block.letters_at(0, 3)[3]


@settings(deadline=None)
@given(LINES)
def test_lines_and_their_text(lines: list[bytes]) -> None:
    data = b"\n".join(lines)
    column = lines_of(data)
    assert column.to_pylist() == [line.decode() for line in lines]
    assert text_of(column).to_pybytes() == data


def test_cuts_and_hardware_addresses() -> None:
    column = lines_of(b"key=value\nkey=\nkey=b")
    assert slice_texts(column, 4).to_pylist() == ["value", "", "b"]
    assert slice_texts(column, 0, -1).to_pylist() == ["key=valu", "key", "key="]
    texts = ["02005E10ABCD", "02005e10abce", "000000000000", "02-00-5E-10-00-01", "", "no address"]
    assert bare_macs(lines_of("\n".join(texts).encode())).to_pylist() == [mac_of(text) for text in texts]
    assert bare_macs(lines_of("\n".join(texts[:2]).encode())).to_pylist() == [
        mac_of(text) for text in texts[:2]
    ]


def test_unusual_line_affects_only_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)
    lines = [squid(chance) for _ in range(9000)]
    lines[4000] = "not of this log"
    path = tmp_path / "a.log"
    path.write_text("\n".join(lines) + "\n")
    columnar_lines: list[int] = []
    piece = LayoutColumns.piece

    def counted(self: LayoutColumns, first: int, part: Sequence[bytes | None]) -> Piece | None:
        made = piece(self, first, part)
        columnar_lines.append(0 if made is None else len(part) - len(made[1]))
        return made

    monkeypatch.setattr(LayoutColumns, "piece", counted)
    assert as_tables(path) == by_line(path)
    assert 7000 <= sum(columnar_lines) < 9000


def firewall_row(chance: random.Random) -> str:
    pick = chance.choice
    ends = f"{pick(ENDS[:10])} {pick(ENDS[:10])} {pick(['443', '-', '70000'])} {pick(['53', '-'])}"
    path = pick(["SEND", "RECEIVE", "FORWARD", "-", "SEND 812"])
    row = (
        f"{pick(['ALLOW', 'DROP', 'OPEN', 'CLOSE', 'INFO-EVENTS-LOST'])} {pick(['TCP', 'UDP', '58', '-'])} "
        f"{ends} 0 - 0 0 0 - - -"
    )
    return f"2026-06-10 08:00:{chance.randrange(60):02d} {row}{pick(['', f' {path}'])}"


def dhcp_record(chance: random.Random) -> str:
    pick = chance.choice
    number = pick(["10", "11", "12", "13", "15", "16", "17", "24", "30", "32", "36", "51", "11000"])
    host = pick(["PC-KETOAN.unit.example", "BAD_ADDRESS", "", "pc", " PC-1 ", "may-chu.", "Bad Address"])
    mac = pick(
        ["02005E10ABCD", "02005e10abcd", "000000000000", "", "52415320A0B1C2D3E4F50607", " 02005E10ABCD"]
    )
    user = pick(["", "an", "0", "UNIT\\an", "-"])
    rest = pick(["", ",,7,0,,,,,,,,,0", ",7"])
    return (
        f"{number},06/{chance.randrange(1, 29)}/26,08:00:{chance.randrange(60):02d},Renew,{pick(ENDS)},"
        f"{host},{mac},{user}{rest}"
    )


def zyxel_record(chance: random.Random) -> str:
    pick = chance.choice
    end = ["10.0.0.5:5100", "203.0.113.9:443", "0.0.0.0:0", "[2001:db8::7]:443", "10.0.0.7", "", "10.0.0.8:0"]
    message = pick(
        [
            "Match default rule, DROP", "www.bad.example: Business, rule_name:a, Allow",
            "https://a.example:8443/p: X", "User an has logged in Device", "Failed login attempt",
            "login.example.com: News, blocked", "from LAN to WAN, ACCEPT", "192.0.2.7: Malware",
            "x" * 70 + ".example: a", "",
        ]
    )  # fmt: skip
    note = pick(["ACCESS BLOCK", "ACCESS FORWARD", "", "Traffic Log"])
    category = pick(["Firewall", "URL Filter", "User", "DNS Filter"])
    return (
        f'<142>Jun 10 08:00:{chance.randrange(60):02d} usg src="{pick(end)}" dst="{pick(end)}" '
        f'msg="{message}" note="{note}" user="{pick(["unknown", "an", ""])}" '
        f'devID="02005e005301" cat="{category}" '
        f'ob_mac="{pick(["000000000000", "02005E123456", "02:00:5e:10:00:01"])}" dir="LAN1:WAN" '
        'protoID=6 proto="https"'
    )


FIREWALL_HEAD = (
    "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n"
    "#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack "
    "tcpwin icmptype icmpcode info path\n"
)


@pytest.mark.parametrize(
    ("head", "line"), [(FIREWALL_HEAD, firewall_row), ("", dhcp_record), ("", zyxel_record)]
)
@pytest.mark.parametrize("seed", range(4))
def test_less_usual_lines(
    head: str, line: object, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 2)
    chance = random.Random(seed)
    path = tmp_path / "a.log"
    path.write_text(head + "".join(f"{line(chance)}\n" for _ in range(80)))  # type: ignore[operator]
    assert as_tables(path) == by_line(path)


COLUMNS = {
    "time": ["2026-06-10 08:00:01", "2026-06-10T08:00:02.123Z", "2026-06-10 08:01:01"],
    "src_ip": [*ENDS, "10.1.1.5:443", "[2001:db8::9]:80", "10.0.0.5 (pc)", "12345"],
    "dst_ip": [*ENDS, "www.unit.example", "a.example:8080"],
    "src_port": ["443", "", "70000", " 53"], "host": ["PC-KT", "www.unit.example", "10.0.0.9", "", "-"],
    "ip": ENDS, "user": ["an", "", "UNIT\\lan", "-", " x "],
    "mac": ["02:00:5E:10:00:01", "0200.5e10.0001", "", "00:00:00:00:00:00"],
    "query": ["www.unit.example", "WPAD", "", "a.example."],
    "domain": ["B.example", "", "192.0.2.7", "http://c.example/x"],
    "url": ["http://a.example/b?c", "/a/b", "C:\\a.exe", "", "www.a.example/x"],
    "path": ["/x/y/z/a/b/c", "", "-"], "answers": ["", "192.0.2.1; a.example"],
    "sha256": ["", "AB" * 32, "x"], "action": ["allow", "Deny", "", "blocked by rule"],
    "status": ["200", "drop", ""], "observer": ["fw", "", "-"], "device_name": ["PC-1", ""],
    "bytes": ["7", "0"],
}  # fmt: skip


@given(st.integers(0, 2**32), st.sampled_from(",;\t|"), st.sampled_from(["none", "all", "some"]))
@settings(max_examples=30, deadline=None)
def test_tables_of_any_columns(
    tmp_path_factory: pytest.TempPathFactory, seed: int, delimiter: str, quotes: str
) -> None:
    chance = random.Random(seed)
    picked = ["time", *chance.sample([*COLUMNS][1:], chance.randrange(2, 10))]

    def cell(name: str) -> str:
        text = chance.choice(COLUMNS[name])
        quoted = quotes == "all" or (quotes == "some" and chance.random() < 0.3)
        return f'"{text}"' if quoted else text

    rows = [delimiter.join(map(cell, picked)) for _ in range(30)]
    rows.insert(
        chance.randrange(30),
        chance.choice([delimiter.join(picked), rows[0][:-3], rows[0] + delimiter, ' "a"']),
    )
    path = tmp_path_factory.mktemp("table") / "a.csv"
    above = chance.choice(["", "A report\n", "sep=;\n"])
    path.write_text(above + delimiter.join(picked) + "\n" + "\n".join(rows) + "\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "FEW_LINES", 2)
        assert as_tables(path) == by_line(path)

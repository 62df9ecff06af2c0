"""Events as tables equal single lines, for any output of the columnar readers."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import UnreadableError
from lamsach.logs.bulk import READERS, reader
from lamsach.logs.events.tables import TableWriter, columns_of, schema, table_of
from lamsach.logs.formats import FORMATS
from lamsach.logs.reading import tables
from lamsach.logs.reading.tables import read_tables
from lamsach.model import Event
from tests.cli.command_runner import lamsach

from .builders import logs
from .whole_logs import as_tables, by_line

DATA = Path(__file__).parent / "formats" / "data"
HEADERS = {
    "zeek_dns": "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\t"
    "qclass_name\tqtype\tqtype_name\trcode\trcode_name"
    "\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected\n",
    "zeek_conn": "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t"
    "orig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp"
    "\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n",
}
NAMES = [
    "www.unit.example", "bot-c2.xyz", "WPAD", "Mail.Unit.Example", "9.2.0.192.in-addr.arpa", "192.0.2.77",
    "x" * 63 + ".example", "xn--80ak6aa92e.example", "y" * 70 + ".example", "_ldap._tcp.unit.example",
]  # fmt: skip
ADDRESSES = [
    "10.1.1.5",
    "192.168.7.9",
    "172.16.0.4",
    "100.64.1.1",
    "198.51.100.7",
    "203.0.113.66",
    "2001:db8::7",
    "fe80::1",
    "2001:DB8:0::9",
    "172.32.0.1",
]


def bind(chance: random.Random) -> str:
    name = chance.choice(NAMES)
    return (
        f"{chance.randrange(1, 29):02d}-Jun-2026 "
        f"0{chance.randrange(10)}:11:{chance.randrange(60):02d}.{chance.randrange(1000):03d} queries: "
        "info: client "
        f"@0x7f3c2c583e1a {chance.choice(ADDRESSES)}#{chance.randrange(65536)} ({name}): query: {name} "
        f"IN {chance.choice(['A', 'AAAA', 'TYPE65'])} "
        f"{chance.choice(['+', '-', '+E(0)K', '+E(0)DC', '-T'])} ({chance.choice(ADDRESSES)})"
    )


def squid(chance: random.Random) -> str:
    host, port = chance.choice(NAMES), chance.choice(["", ":8080", ":443"])
    request = chance.choice(
        [
            f"GET http://{host}{port}/a?b=1",
            f"POST https://{host}{port}",
            f"CONNECT {host}{port or ':443'}",
        ]
    )
    peer = chance.choice(
        ["HIER_NONE/-", f"HIER_DIRECT/{chance.choice(ADDRESSES)}", "HIER_DIRECT/files.example"]
    )
    return (
        f"{chance.randrange(1_781_000_000, 1_782_000_000)}.{chance.randrange(1000):03d} "
        f"{chance.randrange(99999):6d} {chance.choice(ADDRESSES)} "
        f"{chance.choice(['TCP_MISS', 'TCP_DENIED', 'TCP_TUNNEL', 'NONE_NONE'])}/200 512 {request} "
        f"{chance.choice(['-', 'lan', 'unit%5Clan'])} {peer} text/html"
    )


def _zeek(chance: random.Random) -> str:
    ends = (
        f"{chance.choice(ADDRESSES)}\t{chance.choice([53, 1024, 65535])}\t{chance.choice(ADDRESSES)}\t"
        f"{chance.choice([53, 443, 0])}"
    )
    return f"{chance.randrange(1_781_000_000, 1_782_000_000)}.{chance.randrange(10**6):06d}\tC1\t{ends}\tudp"


def zeek_dns(chance: random.Random) -> str:
    answers = chance.choice(
        ["-", "(empty)", ",".join(chance.sample([*ADDRESSES, *NAMES, "TXT 5 a b"], 3)), "192.0.2.9"]
    )
    return (
        f"{_zeek(chance)}\t7\t0.1\t{chance.choice([*NAMES, '-'])}\t1\tC_INTERNET\t1\tA\t0\t"
        f"{chance.choice(['NOERROR', 'NXDOMAIN', '-'])}\tF\tF\tT\tT\t0\t{answers}\t-\tF"
    )


def zeek_conn(chance: random.Random) -> str:
    local = f"{chance.choice('TF-')}\t{chance.choice('TF-')}"
    return (
        f"{_zeek(chance)}\t-\t1.5\t1\t2\t{chance.choice(['SF', 'S0', 'REJ', 'RSTO', '-'])}\t{local}\t0\t"
        "ShADadfF\t1\t2\t3\t4\t-"
    )


def fortigate(chance: random.Random) -> str:
    seconds = chance.randrange(1_781_000_000, 1_782_000_000)
    head = (
        f'date=2026-06-10 time=08:00:{chance.randrange(60):02d} devname="FG 1" devid="FG100" '
        f'eventtime={seconds}{chance.randrange(10**9):09d} tz="+0700" '
    )
    ends = (
        f'srcip={chance.choice(ADDRESSES)} srcport={chance.randrange(65536)} srcintf="a b" '
        f'srcintfrole="{chance.choice(["lan", "wan", "undefined"])}" '
        f'dstip={chance.choice(ADDRESSES)} dstport={chance.choice([53, 443])} dstintf="wan1" '
        f'dstintfrole="{chance.choice(["lan", "wan"])}" '
    )
    if chance.random() < 0.5:
        return (
            f'{head}logid="0000000013" type="traffic" subtype="{chance.choice(["forward", "local"])}" '
            f'level="notice" vd="root" {ends}sessionid=7 proto=6 '
            f'action="{chance.choice(["close", "deny", "odd"])}" policyid=1 trandisp="snat" '
            "transip=203.0.113.9 transport=4000 duration=5 "
            f'srcmac="{chance.choice(["02:00:5E:10:00:15", "00:00:00:00:00:00"])}" '
            'mastersrcmac="02:00:5e:10:00:16" dstmac="02:00:5e:10:00:17"'
        )
    host = chance.choice([*NAMES, ""])
    return (
        f'{head}logid="0317013312" type="utm" subtype="webfilter" level="notice" vd="root" '
        f'{ends}hostname="{host}" '
        f'action="{chance.choice(["passthrough", "blocked"])}" '
        f'url="{chance.choice([f"http://{host}/a?b=c", "/", "-", "https://b.example/x y"])}" '
        f'user="{chance.choice(["LAN", "N/A", "(null)", ""])}" msg="URL belongs to a category" cat=52 '
        'catdesc="Information"'
    )


def suricata_eve(chance: random.Random) -> str:
    kind = chance.choice(["dns", "flow", "http", "tls", "fileinfo", "alert", "stats"])
    record: dict[str, object] = {
        "timestamp": f"2026-06-10T08:00:{chance.randrange(60):02d}.{chance.randrange(10**6):06d}+0700",
        "flow_id": chance.randrange(2**50),
        "event_type": kind,
    }
    if kind == "stats":
        return json.dumps(record | {"stats": {"uptime": 5}}, separators=(",", ":"))
    record |= {"src_ip": chance.choice(ADDRESSES), "dest_ip": chance.choice(ADDRESSES), "proto": "TCP"}
    if chance.random() < 0.9:
        record |= {"src_port": chance.choice([53, 1024, 0]), "dest_port": chance.choice([53, 443])}
    name = chance.choice(NAMES)
    inner: dict[str, dict[str, object]] = {
        "dns": chance.choice(
            [
                {"type": "query", "id": 1, "rrname": name, "rrtype": "A"},
                {
                    "type": "answer", "rrname": name, "rrtype": "A",
                    "rcode": chance.choice(["NOERROR", "NXDOMAIN"]),
                    "answers": [{"rrname": name, "rrtype": "A", "ttl": 5, "rdata": chance.choice(ADDRESSES)},
                        {"rrname": name, "rrtype": "TXT", "rdata": "a b"}],
                    "grouped": {"A": ["192.0.2.7", "192.0.2.7"], "CNAME": [name]},
                },
            ]
        ),
        "flow": {"pkts_toserver": 1, "state": chance.choice(["closed", "new"]), "alerted": False},
        "http": {"hostname": name, "url": "/a?b=\u00e9\"", "http_method": "GET", "status": 200},
        "tls": chance.choice(
            [{"sni": name, "version": "TLS 1.3"},
             {"subject": f"CN={name}, O=x", "fingerprint": ":".join(["ab"] * 20)}]),
        "fileinfo": {"filename": "/a", "sha256": "AB" * 32, "size": 5},
        "alert": {"action": chance.choice(["allowed", "blocked"]), "signature": "a", "severity": 1},
    }  # fmt: skip
    record[kind] = inner[kind]
    if kind == "fileinfo":
        record["http"] = chance.choice([inner["http"], {"url": f"http://{name}/a", "http_method": "GET"}])
    return json.dumps(record, separators=(",", ":"))


def pf_filterlog(chance: random.Random) -> str:
    pick = chance.choice
    head = pick(
        [
            f"Jun 10 08:00:{chance.randrange(60):02d} fw filterlog[5231]: ",
            f"<134>1 2026-06-10T08:00:01.{chance.randrange(1000):03d}+07:00 fw filterlog 77 - - ",
        ]
    )
    start = (
        f"{head}{pick(['91', ''])},{pick(['', '16777216'])},,{pick(['100000101', '02f4bab0'])},igb0,match,"
        f"{pick(['pass', 'block', 'nat'])},{pick(['in', 'out'])}"
    )
    four = [ip for ip in ADDRESSES if ":" not in ip]
    ports = f"{chance.randrange(65536)},443,0,S,1,,64240,,mss"
    if chance.random() < 0.3:
        kind = pick(
            [
                f"tcp,6,40,2001:db8::5,fe80::1,{ports}",
                "ICMPv6,58,56,fe80::1,ff02::2,",
                "UDP,17,40,2001:db8::5,2001:DB8::7,53,1025,20",
            ]
        )
        return f"{start},6,0x00,0x00000,64,{kind}"
    kind = pick(
        [
            f"6,tcp,60,{pick(four)},{pick(four)},{ports}",
            f"17,udp,60,{pick(four)},{pick(four)},53,1024,20",
            f"1,icmp,96,{pick(four)},{pick(four)},request,29705,076",
        ]
    )
    return f"{start},4,0x0,,64,19736,0,DF,{kind}"


def _zeek_record(chance: random.Random) -> dict[str, object]:
    return {
        "ts": chance.randrange(1_781_000_000_000_000, 1_782_000_000_000_000) / 1e6, "uid": "C1",
        "id.orig_h": chance.choice(ADDRESSES), "id.orig_p": chance.choice([53, 1024]),
        "id.resp_h": chance.choice(ADDRESSES), "id.resp_p": chance.choice([53, 443, 0]), "proto": "udp",
    }  # fmt: skip


def zeek_json_conn(chance: random.Random) -> str:
    more: dict[str, object] = {
        "duration": 1.5,
        "conn_state": chance.choice(["SF", "S0"]),
        "local_orig": chance.choice([True, False]),
        "tunnel_parents": [],
    }
    return json.dumps(
        _zeek_record(chance) | {key: more[key] for key in more if chance.random() < 0.9},
        separators=(",", ":"),
    )


def zeek_json_dns(chance: random.Random) -> str:
    more = {
        "answers": chance.sample([*ADDRESSES, *NAMES, "TXT 5 a b"], 3),
        "TTLs": [5.0],
        "rcode_name": "NOERROR",
        "rejected": False,
    }
    record = _zeek_record(chance) | {"trans_id": 7, "query": chance.choice(NAMES)}
    return json.dumps(
        record | {key: more[key] for key in more if chance.random() < 0.8}, separators=(",", ":")
    )


USUAL = {
    "bind": bind,
    "fortigate": fortigate,
    "pf_filterlog": pf_filterlog,
    "squid": squid,
    "suricata_eve": suricata_eve,
    "zeek_conn": zeek_conn,
    "zeek_dns": zeek_dns,
    "zeek_json_conn": zeek_json_conn,
    "zeek_json_dns": zeek_json_dns,
}
ODD = [
    "1781000000.123      7 10.1.1.5 TCP_MISS/200 5 GET http://a.example?b - HIER_NONE/- -",
    "",
    "   ",
    "# a comment",
    "not of this log",
    "\x00",
    "a\tb\tc",
    "é" * 5,
]


@pytest.mark.parametrize(
    "path", sorted(DATA.glob("*/*.log")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_format_gives_the_same_events(path: Path) -> None:
    assert as_tables(path) == by_line(path)


@pytest.mark.parametrize("name", USUAL)
def test_usual_lines_are_read_in_columns(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columnar_lines: list[int] = []
    completed = tables._Pieces._completed

    def counted(
        self: tables._Pieces, number: int, lines: list[bytes], table: pa.RecordBatch, alone: list[int]
    ) -> pa.RecordBatch:
        columnar_lines.append(len(lines) - len(alone))
        return completed(self, number, lines, table, alone)

    monkeypatch.setattr(tables._Pieces, "_completed", counted)
    monkeypatch.setattr(tables, "PIECE_LINES", 50)
    monkeypatch.setattr(reader, "FEW_LINES", 4)
    chance = random.Random(name)
    path = tmp_path / "a.log"
    path.write_text(HEADERS.get(name, "") + "".join(f"{USUAL[name](chance)}\n" for _ in range(1000)))
    assert as_tables(path) == by_line(path)
    assert sum(columnar_lines) >= 800  # a seventh of Suricata's lines give no event


@given(
    st.sampled_from(sorted(USUAL)),
    st.integers(0, 2**32),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(ODD)), max_size=3),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 30),
)
@settings(max_examples=60, deadline=None)
def test_unusual_lines_among_usual_ones(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    seed: int,
    odd: list[tuple[int, str]],
    end: str,
    cut: int,
) -> None:
    chance = random.Random(seed)
    lines = [USUAL[name](chance) for _ in range(60)]
    if cut:
        lines[cut] = lines[cut][: -cut * 3]
    for at, text in odd:
        lines.insert(at, text)
    path = tmp_path_factory.mktemp("odd") / "a.log"
    path.write_bytes((HEADERS.get(name, "") + "".join(line + end for line in lines)).encode())
    before, tables.PIECE_LINES = tables.PIECE_LINES, 20
    try:
        assert as_tables(path) == by_line(path)
    finally:
        tables.PIECE_LINES = before


def test_every_bulk_reader_is_tested() -> None:
    from tests.logs.layouts.test_layouts import IN_COLUMNS

    read = {*READERS} | {*IN_COLUMNS} | {log_format.name for log_format in FORMATS if log_format.records}
    assert {name.partition("_")[0] for name in USUAL} <= {name.partition("_")[0] for name in read}


def test_site_without_a_port(tmp_path: Path) -> None:
    path, chance = tmp_path / "a.log", random.Random(4)
    usual = [squid(chance) for _ in range(40)]
    odd = (
        "1781000000.123      1 10.1.1.5 TCP_MISS/200 512 GET http://files.example://b.example/a - "
        "HIER_NONE/- text/html"
    )
    path.write_text("".join(f"{line}\n" for line in [*usual, odd, *usual]))
    assert as_tables(path) == by_line(path)


def test_damaged_file_gives_its_events(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.log.gz"
    chance = random.Random(1)
    path.write_bytes(gzip.compress("".join(f"{bind(chance)}\n" for _ in range(500)).encode())[:-900])
    (log,), _ = logs(path)
    read: list[pa.RecordBatch] = []
    with pytest.raises(UnreadableError):
        read.extend(read_tables(log))
    assert sum(table.num_rows for table in read) > 100


def test_the_command_writes_parquet(tmp_path: Path) -> None:
    path, target = tmp_path / "a.log", tmp_path / "a.parquet"
    chance = random.Random(2)
    path.write_text("".join(f"{squid(chance)}\n" for _ in range(300)) + "garbage\n")
    done = lamsach("logs", "read", str(path), "--refused", "-o", str(target))
    assert done.status == 0
    assert any('"line": 301' in line for line in done.errors)
    table = pq.read_table(target)
    assert table.schema.names == schema().names
    assert table.equals(by_line(path)[0])


def test_invalid_utf8_is_replaced(tmp_path: Path) -> None:
    with (tmp_path / "a.parquet").open("wb") as stream:
        writer = TableWriter(stream)
        writer.write(table_of(columns_of([Event(domain="a\ud800b", answers=("\udfff", "b"), user="")]), 1))
        writer.close()
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (row["domain"], row["answers"], row["user"]) == ("a?b", ["?", "b"], None)


@pytest.mark.parametrize("opening", ["[", "[\t", "[1,", '{"a":'])
@pytest.mark.parametrize("depth", [90, 190, 30_000])
def test_deep_records_do_no_harm(opening: str, depth: int, tmp_path: Path) -> None:
    chance = random.Random(3)
    path = tmp_path / "a.log"
    for name in ("suricata_eve", "zeek_json_dns"):
        usual = [USUAL[name](chance) for _ in range(30)]
        deep = [f'{line[:-1]},"x":{opening * depth}1{"]" * depth}}}' for line in usual[:3]]
        path.write_text("\n".join(usual + deep) + "\n")
        assert as_tables(path) == by_line(path)

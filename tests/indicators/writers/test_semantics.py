"""Effects of outputs: Suricata over packets, Squid's expressions, Sigma, KQL, DNS policies."""

from __future__ import annotations

import json
import re
import struct
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.export import Terms
from lamsach.indicators.writers.gateways import _pattern
from lamsach.model import Indicator

from .programs import program, run
from .sample import NOW, ORDERED, SAMPLE, T, exported, text_of

LISTED = [
    Indicator(T.DOMAIN, "bot-c2.xyz", "Mirai"),
    Indicator(T.IP, "203.0.113.5"),
    Indicator(T.NETWORK, "198.51.100.0/24"),
]
QUERIED = {
    "bot-c2.xyz": True,
    "www.bot-c2.xyz": True,
    "robot-c2.xyz": False,
    "bot-c2.xyz.good.example": False,
}
REACHED = {"203.0.113.5": True, "198.51.100.200": True, "203.0.113.6": False}


def packet(destination: str, port: int, payload: bytes, source_port: int) -> bytes:
    """Return an Ethernet frame with UDP over IPv4 from 192.168.1.9, without checksums (`-k none`)."""
    udp = struct.pack(">HHHH", source_port, port, 8 + len(payload), 0) + payload
    addresses = bytes([192, 168, 1, 9]) + bytes(map(int, destination.split(".")))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), source_port, 0, 64, 17, 0) + addresses
    return b"\x02" * 6 + b"\x04" * 6 + b"\x08\x00" + ip + udp


def question(name: str, number: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\x01\0\x01"


def segment(flags: int, number: int, acknowledged: int, payload: bytes = b"", *, back: bool = False) -> bytes:
    """Return a frame of a connection from 192.168.1.9 to port 80 of 192.0.2.80, or `back`."""
    ends = [(bytes([192, 168, 1, 9]), 42000), (bytes([192, 0, 2, 80]), 80)]
    (source, port), (target, other) = ends[::-1] if back else ends
    tcp = struct.pack(">HHIIBBHHH", port, other, number, acknowledged, 0x50, flags, 8192, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), number & 0xFFFF, 0, 64, 6, 0) + source + target
    return b"\x02" * 6 + b"\x04" * 6 + b"\x08\x00" + ip + tcp


def page(host: str) -> list[bytes]:
    """Return a connection with a request for a page of this host."""
    request = f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    return [
        segment(0x02, 100, 0),
        segment(0x12, 500, 101, back=True),
        segment(0x10, 101, 501),
        segment(0x18, 101, 501, request),
        segment(0x18, 501, 101 + len(request), response, back=True),
        segment(0x10, 101 + len(request), 501 + len(response)),
    ]


def capture(path: Path) -> Path:
    """Write a capture with a DNS question for each name, and a packet to each address."""
    frames = [
        packet("192.0.2.53", 53, question(name, number), 40000 + number)
        for number, name in enumerate(QUERIED)
    ]
    frames += [packet(address, 9999, b"hello", 41000 + number) for number, address in enumerate(REACHED)]
    frames += page("www.bot-c2.xyz")
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, frame in enumerate(frames):
        data += struct.pack("<IIII", 1_700_000_000 + number, 0, len(frame), len(frame)) + frame
    path.write_bytes(data)
    return path


def alerted(folder: Path, rules: Path) -> tuple[set[str], set[str], set[str]]:
    """Return the queried names, addresses and HTTP hosts with an alert by Suricata."""
    settings = [f"default-rule-path={folder}", "outputs.1.eve-log.enabled=yes"]
    words = [word for setting in settings for word in ("--set", setting)]
    done = run("suricata", "-r", capture(folder / "a.pcap"), "-S", rules, "-l", folder, "-k", "none", *words)
    assert done.returncode == 0, done.stderr[-2000:]
    events = [json.loads(line) for line in (folder / "eve.json").read_text().splitlines()]
    alerts = [event for event in events if event["event_type"] == "alert"]
    names = {query["rrname"] for event in alerts if "dns" in event for query in event["dns"]["query"]}
    hosts = {event["http"]["hostname"] for event in alerts if "http" in event}
    return names, {event["dest_ip"] for event in alerts if event["dest_port"] == 9999}, hosts


@pytest.mark.programs
def test_suricata_alerts_on_listed_values_alone(tmp_path: Path) -> None:
    program("suricata")
    rules = tmp_path / "lamsach.rules"
    rules.write_text(text_of(exported(BY_NAME["suricata"], LISTED)))
    names, addresses, hosts = alerted(tmp_path, rules)
    assert hosts == {"www.bot-c2.xyz"}
    assert names == {name for name, listed in QUERIED.items() if listed}
    assert addresses == {address for address, listed in REACHED.items() if listed}


@pytest.mark.programs
def test_suricata_datasets_hold_whole_names(tmp_path: Path) -> None:
    program("suricata")
    export = exported(BY_NAME["suricata_datasets"], LISTED)
    with (tmp_path / "a.zip").open("wb") as stream:
        export.save(stream)
    zipfile.ZipFile(tmp_path / "a.zip").extractall(tmp_path)
    names, addresses, _ = alerted(tmp_path, tmp_path / "lamsach.rules")
    assert names == {"bot-c2.xyz"}
    assert addresses == {address for address, listed in REACHED.items() if listed}
    assert {(kind, sentence) for kind, sentence in export.partly} == {
        (T.DOMAIN, "The name is held, the names below it are not.")
    }


@pytest.mark.parametrize(
    ("url", "hit", "missed"),
    [
        (
            "http://drop.top/a.b/c",
            ["http://drop.top/a.b/c", "http://drop.top/a.b/c/d", "http://drop.top/a.b/c?x",
             "http://drop.top:80/a.b/c"],
            ["http://drop.top/axb/c", "http://drop.top/a.b/cc", "http://dropxtop/a.b/c",
             "https://drop.top/a.b/c", "http://x.example/?http://drop.top/a.b/c"],
        ),
        ("drop.top/x", ["http://drop.top/x", "https://drop.top/x/y"], ["http://adrop.top/x"]),
        ("http://203.0.113.5:8080/x", ["http://203.0.113.5:8080/x"],
         ["http://203.0.113.5/x", "http://203.0.113.5:8081/x"]),
        ("http://a.top/x?q=(1)+$[z]^|*", ["http://a.top/x?q=(1)+$[z]^|*"], ["http://a.top/x?q=1"]),
        ("http://a.top/a%20b/%C4%91", ["http://a.top/a b/\xc4\x91"],
         ["http://a.top/acb/\xc4\x91", "http://a.top/a%20b/%C4%91"]),
        ("http://[2001:db8::1]/x", ["http://[2001:db8::1]/x"], ["http://2/x"]),
    ],
)  # fmt: skip
def test_squids_expression_matches_the_url_and_all_below(url: str, hit: list[str], missed: list[str]) -> None:
    """Squid compares texts with their percent-encoding decoded."""
    pattern = re.compile(_pattern(url).replace("[[:space:]]", "[ ]"))
    assert [text for text in hit if not pattern.search(text)] == []
    assert [text for text in missed if pattern.search(text)] == []


def test_sigma_rules_are_yaml_with_fields_of_the_taxonomy() -> None:
    text = text_of(exported(BY_NAME["sigma"]))
    rules = text.split("---\n")
    assert [re.search(r"category: (\w+)", rule)[1] for rule in rules] == [
        "dns",
        "firewall",
        "proxy",
        "process_creation",
    ]  # type: ignore[index]
    assert "            - '.bot-c2.xyz'\n" in rules[0]
    assert "            - 'http://bot-c2.xyz/gate.php\\?id=1'\n" in rules[2]
    assert "            - 'MD5=0123456789ABCDEF0123456789ABCDEF'\n" in rules[3]
    for rule in rules:
        for line in rule.splitlines():
            assert re.fullmatch(r" *(?:\w[\w|-]*:(?: (?:'[^']*'|[\w :.*-]+))?|- '(?:[^']|'')*')", line), line


def test_sigma_is_read_by_its_own_parser() -> None:
    yaml = pytest.importorskip("yaml")
    rules = list(yaml.safe_load_all(text_of(exported(BY_NAME["sigma"]))))
    assert rules[1]["detection"]["selection1"]["dst_ip|cidr"] == [
        item.value for item in ORDERED if item.type in (T.IP, T.NETWORK)
    ]
    assert all({"title", "id", "logsource", "detection", "level"} <= set(rule) for rule in rules)


def test_windows_policies_name_each_name_and_its_subdomains() -> None:
    names = [Indicator(T.DOMAIN, f"c{number:03d}.xyz") for number in range(250)]
    lines = text_of(exported(BY_NAME["windows_dns"], names)).splitlines()
    policies = [line for line in lines if line.startswith("Add-DnsServerQueryResolutionPolicy")]
    assert len(policies) == 3
    found = [
        re.fullmatch(
            r"Add-DnsServerQueryResolutionPolicy -Name 'Lamsach-\d{5}' -Action DENY -FQDN 'EQ,([^']*)'", line
        )
        for line in policies
    ]
    listed = [name for match in found if match for name in match[1].split(",")]
    assert listed == [text for item in names for text in (item.value, f"*.{item.value}")]
    assert sum("Remove-DnsServerQueryResolutionPolicy" in line for line in lines) == 1


def test_queries_hold_their_values_as_json() -> None:
    kql = text_of(exported(BY_NAME["kql"]))
    lists = {
        name: json.loads(text)
        for name, text in re.findall(r"^let (\w+) = dynamic\((.*)\);$", kql, re.MULTILINE)
    }
    assert lists["names"] == [item.value for item in ORDERED if item.type is T.DOMAIN]
    assert lists["networks6"] == ["2001:db8:7::/48"]
    assert lists["urls"] == ["203.0.113.9:8080/bin", "bot-c2.xyz/gate.php?id=1", "drop-site.top/a/b"]
    elastic = json.loads(text_of(exported(BY_NAME["elastic"])))
    terms = {
        field: values
        for part in elastic["query"]["bool"]["should"]
        for field, values in part["terms"].items()
    }
    assert set(terms["destination.ip"]) == {item.value for item in SAMPLE if item.type in (T.IP, T.NETWORK)}
    assert elastic["query"]["bool"]["minimum_should_match"] == 1


def test_a_bundle_has_stable_identifiers_and_patterns() -> None:
    first = text_of(exported(BY_NAME["stix"]))
    assert first == text_of(exported(BY_NAME["stix"]))
    bundle = json.loads(first)
    indicators = [entry for entry in bundle["objects"] if entry["type"] == "indicator"]
    assert len({entry["id"] for entry in bundle["objects"]}) == len(bundle["objects"])
    assert [entry["pattern"] for entry in indicators][:4] == [
        "[domain-name:value = 'a_b.mal-cdn.top']",
        "[domain-name:value = 'bot-c2.xyz']",
        "[domain-name:value = 'xn--bnh-xyz-5ya.top']",
        "[ipv4-addr:value = '198.51.100.77']",
    ]


def test_identifiers_last_only_where_required() -> None:
    later = Terms(NOW + timedelta(days=1))
    first, second = (
        json.loads(text_of(exported(BY_NAME["stix"], None, terms))) for terms in (Terms(NOW), later)
    )

    def lasting(bundle: dict[str, list[dict[str, str]]]) -> set[tuple[str, str]]:
        return {(entry["id"], entry["created"]) for entry in bundle["objects"] if entry["type"] != "report"}

    assert lasting(first) == lasting(second)
    assert all(entry["created"] <= entry.get("modified", "9") for entry in first["objects"])
    assert first["id"] != second["id"]
    events = [
        json.loads(text_of(exported(BY_NAME["misp"], None, terms)))["Event"] for terms in (Terms(NOW), later)
    ]
    uuids = [{entry["uuid"] for entry in event["Attribute"]} | {event["uuid"]} for event in events]
    assert not uuids[0] & uuids[1]
    rules = [
        re.findall(r"^id: (.*)$", text_of(exported(BY_NAME["sigma"], None, terms)), re.MULTILINE)
        for terms in (Terms(NOW), later)
    ]
    assert rules[0] == rules[1]
    assert len(set(rules[0])) == 4

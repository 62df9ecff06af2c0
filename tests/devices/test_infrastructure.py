from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.infrastructure import DistinctCounter, Infrastructure
from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.role_rules import RULES, forwarding_role
from lamsach.errors import UsageError
from lamsach.model import Action, Event, EventKind, Identity

from .builders import at

SERVER = "10.0.0.2"
CLIENTS = [f"10.0.1.{number}" for number in range(1, 10)]


def question(source: str, destination: str = SERVER, domain: str = "a.example", **more: object) -> Event:
    return Event(
        kind=EventKind.DNS,
        source_ip=source,
        destination_ip=destination,
        destination_port=53,
        domain=domain,
        **more,
    )  # type: ignore[arg-type]


def web(
    source: str, port: int, domain: str | None, destination: str = SERVER, kind: EventKind = EventKind.WEB
) -> Event:
    return Event(
        kind=kind, source_ip=source, destination_ip=destination, destination_port=port, domain=domain
    )


def role_of(infrastructure: Infrastructure, ip: str) -> str | None:
    standing = forwarding_role(infrastructure, Identity(ip))
    return standing.role if standing else None


def observed(events: list[Event], *stated: str) -> Infrastructure:
    infrastructure = Infrastructure(stated)
    for event in events:
        infrastructure.observe(event)
    return infrastructure


CASES: dict[str, tuple[list[Event], str | None]] = {
    "asked by three": ([question(client) for client in CLIENTS[:3]], "dns"),
    "asked by two": ([question(client) for client in CLIENTS[:2]], None),
    "asked by one, often": ([question(CLIENTS[0])] * 9, None),
    "asked from outside": ([question(f"198.51.100.{number}") for number in range(5)], None),
    "asked in connection records": (
        [
            Event(kind=EventKind.CONNECTION, source_ip=client, destination_ip=SERVER, destination_port=53)
            for client in CLIENTS[:3]
        ],
        "dns",
    ),
    "a blocked sweep of port 53": (
        [
            Event(
                kind=EventKind.CONNECTION,
                source_ip=client,
                destination_ip=SERVER,
                destination_port=53,
                action=Action.BLOCKED,
            )
            for client in CLIENTS
        ],
        None,
    ),
    "a proxy's own port": (
        [web(client, 3128, None, kind=EventKind.CONNECTION) for client in CLIENTS[:3]],
        "proxy",
    ),
    "many names of one domain on a web port": (
        [web(client, 8080, f"www{number}.unit.test") for number, client in enumerate(CLIENTS[:3])],
        None,
    ),
    "many domains on a web port": (
        [web(client, 8080, f"www.site{number}.test") for number, client in enumerate(CLIENTS[:3])],
        "proxy",
    ),
    "the unit's own web server": ([web(client, 8080, "intranet.unit.test") for client in CLIENTS], None),
    "put in the place of others": (
        [
            Event(
                kind=EventKind.CONNECTION,
                source_ip="10.0.1.1",
                source_nat_ip=SERVER,
                destination_ip="203.0.113.9",
            )
        ],
        "nat",
    ),
    "put in its own place": (
        [Event(source_ip=SERVER, source_nat_ip=SERVER, destination_ip="203.0.113.9")],
        None,
    ),
    "its own questions in its log": (
        [Event(kind=EventKind.DNS, forwarded=True, source_ip=SERVER, domain="a.example")],
        "dns",
    ),
    "asks the outside for many, others do not": (
        [question(SERVER, "198.51.100.53", f"name{number}.test") for number in range(40)]
        + [web(client, 443, None, "203.0.113.9") for client in CLIENTS],
        "dns",
    ),
    "asks the outside as everybody does": (
        [
            question(source, "198.51.100.53", f"name{number}.test")
            for number in range(40)
            for source in (SERVER, *CLIENTS)
        ],
        None,
    ),
    "nearly all names, one other asks too": (
        [question(SERVER, "198.51.100.53", f"name{number}.test") for number in range(70)]
        + [question(CLIENTS[0], "198.51.100.53", f"other{number}.test") for number in range(3)],
        "dns",
    ),
    "most names, others ask for more than one in twenty": (
        [question(SERVER, "198.51.100.53", f"name{number}.test") for number in range(70)]
        + [question(CLIENTS[0], "198.51.100.53", f"other{number}.test") for number in range(4)],
        None,
    ),
    "one name again and again, one other asks": (
        [question(SERVER, "198.51.100.53", "beacon.test")] * 500
        + [question(CLIENTS[0], "198.51.100.53", "other.test")],
        None,
    ),
    "nearly all pages, one other calls too": (
        [web(SERVER, 443, f"www{number}.test", "198.51.100.7") for number in range(70)]
        + [web(CLIENTS[0], 443, "other.test", "198.51.100.7")],
        "proxy",
    ),
    "a machine's own capture: neighbours are heard asking a group": (
        [question(SERVER, "198.51.100.53", f"name{number}.test") for number in range(99)]
        + [
            question(CLIENTS[0], "224.0.0.251", "_ipp.test"),
            question(CLIENTS[1], "10.255.255.255", "b.test"),
        ],
        None,
    ),
    "a machine's own log: neighbours connect to it": (
        [web(SERVER, 443, f"www{number}.test", "198.51.100.7") for number in range(99)]
        + [web(client, 445, None, kind=EventKind.CONNECTION) for client in CLIENTS],
        None,
    ),
    "asked by neighbours for NetBIOS names": (
        [
            Event(kind=EventKind.DNS, source_ip=client, destination_ip=SERVER, destination_port=137)
            for client in CLIENTS
        ],
        None,
    ),
    "answers machines with public addresses": (
        [question(f"198.51.100.{number}", answers=("203.0.113.7",)) for number in range(3)],
        "dns",
    ),
    "asks the outside for many, alone": (
        [question(SERVER, "198.51.100.53", f"name{number}.test") for number in range(40)],
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_recognised_from_the_data(name: str) -> None:
    events, role = CASES[name]
    assert role_of(observed(events), SERVER) == role
    assert role_of(observed(list(reversed(events))), SERVER) == role
    assert all(role_of(observed(events), client) is None for client in CLIENTS)


@pytest.mark.parametrize(
    ("stated", "identity", "role"),
    [
        ("10.0.0.2", Identity("10.0.0.2"), "stated"),
        ("10.0.0.0/29", Identity("10.0.0.2"), "stated"),
        ("10.0.0.0/29", Identity("10.0.0.9"), None),
        ("2001:db8::/32", Identity("2001:db8::5"), "stated"),
        ("DNS01", Identity("10.9.9.9", name="dns01.unit.example"), "stated"),
        ("dns01.unit.example", Identity(None, name="DNS01"), "stated"),
        ("dns01", Identity("10.9.9.9", name="dns010"), None),
    ],
)
def test_a_stated_machine_speaks_for_others(stated: str, identity: Identity, role: str | None) -> None:
    standing = forwarding_role(Infrastructure([stated]), identity)
    assert (standing.role if standing else None) == role


@pytest.mark.parametrize("text", ["", "10.0.0.300", "10.0.0.0/40", "a b", "::zz", "12345678901234567890"])
def test_stated_nonsense_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        Infrastructure([text])


def test_the_observers_name_of_a_dns_log_is_a_dns_server() -> None:
    infrastructure = observed([Event(kind=EventKind.DNS, forwarded=True, observer="dc01.unit.example")])
    assert forwarding_role(infrastructure, Identity("10.4.4.4", name="DC01")).role == "dns"


def test_a_routers_hardware_address() -> None:
    mac = "02:00:00:00:00:99"
    infrastructure = observed([Event(time=at(0), device_ip=client, device_mac=mac) for client in CLIENTS[:4]])
    assert infrastructure.is_router(mac, ["2022100301"])
    assert not infrastructure.is_router(mac, ["2022100302"])
    assert not infrastructure.is_router("02:00:00:00:00:98", ["2022100301"])


PAIRS = st.lists(st.tuples(st.integers(0, 30).map(str), st.integers(0, 6).map(str)), max_size=120)


@settings(deadline=None)
@given(PAIRS, st.randoms())
def test_bounded_counts_do_not_depend_on_the_order(pairs: list[tuple[str, str]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    left, right = DistinctCounter(3, limit=5), DistinctCounter(3, limit=5)
    for key, value in pairs:
        left.add(key, value)
    for key, value in shuffled:
        right.add(key, value)
    assert {key: left.count(key) for key in left.keys()} == {key: right.count(key) for key in right.keys()}  # noqa: SIM118
    truth = {key: min(3, len({value for other_key, value in pairs if other_key == key})) for key, _ in pairs}
    assert all(truth[key] == left.count(key) for key in left.keys())  # noqa: SIM118
    assert len(list(left.keys())) == min(5, len(truth))


INVENTORY = Inventory(
    [
        InventoryEntry(
            ("10.0.0.2",),
            ("02:00:00:00:00:02",),
            "DC01",
            kind="Máy chủ",
            note="Máy chủ tên miền nội bộ, DNS và DHCP",
        ),
        InventoryEntry(
            ("10.0.0.9",), (), "RT-02", kind="Thiết bị mạng", note="Bộ định tuyến NAT của chi nhánh"
        ),
        InventoryEntry(("10.0.0.5",), (), "PC-05", kind="Máy tính để bàn", note="Truy cập qua proxy"),
    ]
)


def test_roles_that_the_inventory_notes_name_their_words() -> None:
    wanted = {
        Identity("10.0.0.2", "02:00:00:00:00:02", "DC01", how="inventory"): ("dns", True),
        Identity("10.0.1.77", "02:00:00:00:00:02", "DC01", how="lease"): ("dns", False),
        Identity("10.0.0.9", how="inventory"): ("nat", True),
        Identity("10.0.0.9", how="address"): None,
        Identity("10.0.0.5", name="PC-05", how="inventory"): None,
    }
    found = {who: forwarding_role(Infrastructure(), who, INVENTORY) for who in wanted}
    assert {
        who: (found_role.role, found_role.of_address) if found_role else None
        for who, found_role in found.items()
    } == wanted
    words = found[Identity("10.0.0.9", how="inventory")].reasons[0].values["words"]
    assert words == "Thiết bị mạng; Bộ định tuyến NAT của chi nhánh"


def test_no_share_makes_a_pc_or_a_leased_machine_a_forwarder() -> None:
    events, role = CASES["nearly all names, one other asks too"]
    infrastructure = observed(events)
    inventory = Inventory([InventoryEntry((SERVER,), (), "PC-01", kind="Laptop")])
    assert role == "dns"
    assert forwarding_role(infrastructure, Identity(SERVER, how="lease")) is None
    assert forwarding_role(infrastructure, Identity(SERVER, how="inventory"), inventory) is None
    assert forwarding_role(infrastructure, Identity(SERVER, how="address"), inventory) is not None


def test_the_first_sign_decides_and_gives_the_reason() -> None:
    events = CASES["asked by three"][0] + CASES["put in the place of others"][0]
    standing = forwarding_role(observed(events), Identity(SERVER, "02:00:00:00:00:02", how="log"), INVENTORY)
    assert standing is not None
    assert (standing.role, standing.reasons[0].code) == ("nat", "role_translates")
    assert next(rule.role for rule in RULES) == "stated"

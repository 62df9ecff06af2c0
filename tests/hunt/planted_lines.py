"""Seeded lines with planted values in adversarial surroundings, for the sieve's soak test."""

from __future__ import annotations

import random
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

NAMES = [
    "evil.example", "bot-c2.xyz", "a.b.c.deep.test", "x-1.co", "under_score.bad.top", "xn--bcher-kva.example",
    "averyveryverylonglabelofmorethanthirtytwocharacters.example", "7digit.info", "a.io", "notevil.net",
    "very.long." + "l" * 60 + "." + "m" * 60 + ".name.example",
]  # fmt: skip
ADDRESSES = ["203.0.113.9", "198.51.100.200", "192.0.2.1", "8.8.4.4", "223.1.2.3"]
IPV6 = ["2001:db8::1", "2001:db8:1:2:3:4:5:6", "2606:4700::dead:beef", "2001:db8:0:1::"]
NETWORK = "101.100.4.0/22"
DIGESTS = ["08297c071792bd9856adcc8299be428e", "54fe521f35031bf714bd3823a756839fcf71cad4",
           "372eb3774802a8d97badd0f3afdabbf7a17ef8a1f900b394db99a460b893406c"]  # fmt: skip
INDICATORS = [*NAMES, *ADDRESSES, *IPV6, NETWORK, *DIGESTS]

BEFORE = [" ", "\t", '"', "'", "=", "(", "[", "<", "{", "|", ",", ";", ":", "://", "http://", "https:\\/\\/",
    "@", "%2F", "%252f",
          "\\n", "\\t", "\\u003d", "\\x3d", "\x00", "\x1f", "&u=", "?q=", "HIER_DIRECT/", "client ", "",
          "rrname\":\"", "é ", "->", "*", "+", "!"]  # fmt: skip
AFTER = [" ", "\t", '"', "'", ")", "]", ">", "}", "|", ",", ";", ":443", "/", "/a/b?c=d", "\\/x", "%2F",
    "\x00", "", "#53", "&x=1",
         "\\n", "\"}", " IN A +E(0)K", "\r", "?", "!", "\\u0026"]  # fmt: skip
GLUE = ["%252f", "\\u003d", "\\x3d"]
"""Texts that merge with an address or digest that begins with a hexadecimal digit."""
NOISE = ["www.google.com", "10.1.2.3", "1790000012.123456", "notevil.example", "evil.example.com",
    "203.0.113.90", "1203.0.113.9",
         "a..b", "...", "1.2.3", "0.000684", "::", "12:34:56", "aa:bb:cc:dd:ee:ff", "deadbeef" * 5, "f" * 130,
         "(3)www(5)good1(3)com(0)", "C:\\Windows\\svchost.exe", "%41%", "\\", "%", "x" * 300, "1.1.1.1." * 20,
         "tiếng.việt", "{\"a\":{\"b\":[1.5,2.5]}}", "-", "_", ".", "proto=6", "sentbyte=1200",
         "2026-10-01T12:00:01.123+07:00", "Mozilla/5.0", "ec2-1-2-3-4.compute.amazonaws.com"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planted:
    """A line and its planted value, or None."""

    line: bytes
    value: str | None


def spelled(rng: random.Random, value: str) -> str:
    """Return one of the spellings of the value in logs."""
    if ":" in value:
        address = IPv6Address(value)
        return rng.choice([value, value.upper(), address.exploded, address.exploded.upper(), ":".join(
            f"{int(part, 16):x}" for part in address.exploded.split(":"))])  # fmt: skip
    if value in ADDRESSES:
        padded = ".".join(f"{int(part):03d}" for part in value.split("."))
        return rng.choice([value, value, value, padded, f"::ffff:{value}"])
    if value == NETWORK:
        return str(IPv4Address(int(IPv4Address("101.100.4.0")) + rng.randrange(1024)))
    if value in DIGESTS:
        return rng.choice([value, value.upper()])
    name = rng.choice(["", "", "www.", "a.b.", "_tcp.", "0."]) + value
    if rng.random() < 0.15:
        return "".join(f"({len(label)}){label}" for label in name.split(".")) + rng.choice(["(0)", ""])
    if rng.random() < 0.1:
        place = rng.randrange(len(name))
        escape = rng.choice(["%{:02X}", "%{:02x}", "\\x{:02x}", "\\u{:04x}", "%25{:02x}"]).format(
            ord(name[place])
        )
        return name[:place] + escape + name[place + 1 :]
    return rng.choice([name, name, name.upper(), name.title(), name + "."])


def line(rng: random.Random, length: int = 12) -> Planted:
    """Return one line of noise, with or without a planted value."""
    words = [rng.choice(NOISE) for _ in range(rng.randrange(length))]
    value = rng.choice(INDICATORS) if rng.random() < 0.5 else None
    if value is not None:
        before, after = rng.choice(BEFORE), rng.choice(AFTER)
        if (":" in value or value in DIGESTS) and before in GLUE:
            before = "["
        if ":" in value and after == ":443":
            after = "]:443"
        text = spelled(rng, value)
        if text.endswith(".") and after.startswith((".", "-")):
            after = " "
        words.insert(rng.randrange(len(words) + 1), f" {before}{text}{after} ")
    return Planted(rng.choice([" ", "\t", ","]).join(words).replace("\n", " ").encode(), value)

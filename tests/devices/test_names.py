from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.devices.names import host_key, mac_address

MAC = "0a:1b:2c:3d:4e:5f"


@pytest.mark.parametrize(
    "text",
    [
        "0a:1b:2c:3d:4e:5f",
        "0A-1B-2C-3D-4E-5F",
        "0a1b.2c3d.4e5f",
        "0A1B2C3D4E5F",
        "0a1b2c-3d4e5f",
        "a:1b:2c:3d:4e:5f",
        "0a 1b 2c 3d 4e 5f",
        " 0A:1B:2C:3D:4E:5F ",
        "010A1B2C3D4E5F",
        "01:0a:1b:2c:3d:4e:5f",
        "0x0a1b2c3d4e5f",
    ],
)
def test_mac_in_any_spelling(text: str) -> None:
    assert mac_address(text) == MAC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "00:00:00:00:00:00",
        "ff-ff-ff-ff-ff-ff",
        "0a:1b:2c:3d:4e",
        "0a:1b-2c:3d:4e:5f",
        "0a:1b:2c:3d:4e:5g",
        "020A1B2C3D4E5F",
        "10.0.0.1",
        "0a" * 500,
    ],
)
def test_a_lookalike_is_no_mac(text: str) -> None:
    assert mac_address(text) is None


@given(st.binary(min_size=6, max_size=6), st.sampled_from(["", ":", "-"]), st.booleans())
def test_every_mac_reads_back(octets: bytes, separator: str, upper: bool) -> None:
    text = separator.join(f"{octet:02x}" for octet in octets)
    expected = None if octets in (b"\0" * 6, b"\xff" * 6) else ":".join(f"{octet:02x}" for octet in octets)
    assert mac_address(text.upper() if upper else text) == expected


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("PC-01", "pc-01"),
        ("pc-01.unit.example.", "pc-01"),
        ("PC-01$", "pc-01"),
        ("UNIT\\PC-01", "pc-01"),
        ("iPhone", None),
        ("localhost.localdomain", None),
        ("10.0.0.5", None),
        ("", None),
        ("-", None),
        ("*", None),
    ],
)
def test_spellings_of_a_host_share_a_key(name: str, key: str | None) -> None:
    assert host_key(name) == key

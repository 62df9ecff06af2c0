"""Networks merged into the fewest, against the standard library's slower method."""

from __future__ import annotations

from ipaddress import collapse_addresses, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.indicators.writers.addresses import merged_networks, topmost
from lamsach.indicators.writers.gateways import _trigger
from lamsach.model import Indicator

from .sample import T

V4 = st.builds(
    lambda first, length: ip_network((first, length), strict=False),
    st.integers(0, 600) | st.integers(0xFFFFFF00, 0xFFFFFFFF),
    st.integers(22, 32),
)
V6 = st.builds(
    lambda first, length: ip_network((first, length), strict=False),
    st.integers(1 << 120, (1 << 120) + 300) | st.just(0),
    st.integers(119, 128),
)


@given(st.lists(V4 | V6, max_size=30))
@settings(max_examples=150, deadline=None)
def test_the_fewest_networks_with_the_same_addresses(networks: list[object]) -> None:
    items = [Indicator(T.NETWORK, str(network)) for network in networks]
    found4, found6 = merged_networks(items)
    for found, version in ((found4, 4), (found6, 6)):
        wanted = [str(network) for network in collapse_addresses(n for n in networks if n.version == version)]  # type: ignore[attr-defined]
        assert [span.with_prefix for span in found] == wanted
        assert len(found) == len(wanted)


def test_many_networks_are_sorted_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["2001:db8::/64", "2001:db8::/48", "2001:db8::", "::", "ffff::ff00", "0.0.0.0", "10.0.0.0/8",
        "10.0.0.0/9", "10.255.255.0/24", "11.0.0.0"]  # fmt: skip
    items = [Indicator(T.NETWORK if "/" in text else T.IP, text) for text in texts]
    few = [[found.text for found in part] for part in merged_networks(items)]
    monkeypatch.setattr("lamsach.indicators.releases.rows.MAX_SORTED_IN_PYTHON", 1)
    assert [[found.text for found in part] for part in merged_networks(items)] == few
    assert few == [["0.0.0.0", "10.0.0.0/8", "11.0.0.0"], ["::", "2001:db8::/48", "ffff::ff00"]]


def test_the_whole_space_is_one_network() -> None:
    halves = [Indicator(T.NETWORK, text) for text in ("128.0.0.0/1", "0.0.0.0/1", "::/1", "8000::/1")]
    assert [[network.text for network in part] for part in merged_networks(halves)] == [
        ["0.0.0.0/0"],
        ["::/0"],
    ]


@pytest.mark.parametrize(
    ("value", "owner"),
    [
        # draft-vixie-dnsop-dns-rpz-00, section 4.2.1
        ("192.0.2.0/24", "24.0.2.0.192.rpz-ip"),
        ("192.0.2.1", "32.1.2.0.192.rpz-ip"),
        ("2001:2::/64", "64.zz.2.2001.rpz-ip"),
        ("2001:db8::3", "128.3.zz.db8.2001.rpz-ip"),
        ("2001:db8:0:1:0:2:0:3", "128.3.0.2.0.1.0.db8.2001.rpz-ip"),
        ("::1", "128.1.zz.rpz-ip"),
        ("2001:db8:0:0:1:0:0:1", "128.1.0.0.1.zz.db8.2001.rpz-ip"),
    ],
)
def test_addresses_as_owners_of_a_policy_zone(value: str, owner: str) -> None:
    assert _trigger(value) == owner


def test_names_below_listed_names_are_dropped() -> None:
    items = [Indicator(T.DOMAIN, name) for name in ("a.b.xyz", "b.xyz", "ab.xyz", "x.a.b.xyz")]
    assert [item.value for item in topmost(items)] == ["ab.xyz", "b.xyz"]

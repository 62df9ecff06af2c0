"""Linux kernel rules in a network namespace: listed addresses are unreachable, others not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lamsach.indicators.writers import BY_NAME
from lamsach.model import Indicator

from .programs import program
from .sample import T, exported

pytestmark = pytest.mark.programs

LISTED = [
    Indicator(T.IP, "203.0.113.5", 'x"; flush'),
    Indicator(T.NETWORK, "198.51.100.0/25"),
    Indicator(T.NETWORK, "198.51.100.128/26"),
    Indicator(T.IP, "2001:db8::5"),
    Indicator(T.NETWORK, "2001:db8:7::/48"),
]
FOUR = {
    "203.0.113.5": False,
    "203.0.113.6": True,
    "198.51.100.1": False,
    "198.51.100.191": False,
    "198.51.100.192": True,
}
SIX = {"2001:db8::5": False, "2001:db8::6": True, "2001:db8:7:1::9": False, "2001:db8:8::1": True}

# The kernel answers a packet that an output rule drops with EPERM.
SENDING = """
import socket, sys
for address in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sending:
        try:
            sending.sendto(b"x", (address, 9))
        except PermissionError:
            print(address, "blocked")
        else:
            print(address, "sent")
"""
NETWORK = (
    "ip link set lo up && ip route add default dev lo && ip -6 addr add 2001:db8:ffff::1/128 dev lo && ip "
    "-6 route add default dev lo"
)


def reached(loading: str, path: Path, addresses: list[str]) -> dict[str, bool]:
    """Send to addresses after loading the rules, in a network of the test's own; return those reached."""
    for name in ("ip", "unshare"):
        program(name)
    script = f'{NETWORK} && {loading} && exec "{sys.executable}" -c "$SENDING" "$@"'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", "sh", "-c", script, "sh", *addresses],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SENDING": SENDING, "FILE": str(path)},
    )
    if done.returncode and "unshare" in done.stderr:
        pytest.skip("the machine gives tests no network of their own")
    assert done.returncode == 0, done.stderr
    return {line.split()[0]: line.endswith(" sent") for line in done.stdout.splitlines()}


@pytest.mark.parametrize(
    ("name", "tool", "loading", "expected"),
    [
        ("nftables", "nft", 'nft -f "$FILE" && nft -f "$FILE"', {**FOUR, **SIX}),
        ("iptables", "iptables-restore",
         'iptables-restore --noflush "$FILE" && iptables -I OUTPUT -j LAMSACH', FOUR),
        ("ip6tables", "ip6tables-restore",
         'ip6tables-restore --noflush "$FILE" && ip6tables -I OUTPUT -j LAMSACH', SIX),
        ("ipset", "ipset", ('ipset restore -f "$FILE" && ipset restore -f "$FILE" && iptables -I OUTPUT -m '
                            'set --match-set lamsach4 dst -j DROP'), FOUR),
    ],
)  # fmt: skip
def test_listed_addresses_are_unreachable(
    name: str, tool: str, loading: str, expected: dict[str, bool], tmp_path: Path
) -> None:
    program(tool)
    export = exported(BY_NAME[name], LISTED)
    path = tmp_path / f"lamsach{export.writer.suffix}"
    path.write_text("".join(export.text()))
    assert reached(loading, path, list(expected)) == expected

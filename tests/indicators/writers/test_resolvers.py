"""Real resolvers with our lists: listed names and subdomains are blocked, siblings resolve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.export import Terms
from lamsach.model import Indicator
from tests.poll import came
from tests.ports import free_port

from .programs import ask, program, running
from .sample import NOW, T, exported, text_of

pytestmark = pytest.mark.programs

ANSWER = "192.0.2.80"
LISTED = [
    Indicator(T.DOMAIN, "bot.test", 'x"; rm'),
    Indicator(T.DOMAIN, "old.test", valid_until=NOW + timedelta(days=1)),
    Indicator(T.DOMAIN, "deep.mal.test"),
    Indicator(T.IP, "192.0.2.81"),
    Indicator(T.NETWORK, "198.51.100.0/24"),
]
NAMES = {
    "bot.test": True,
    "www.bot.test": True,
    "a.b.c.bot.test": True,
    "robot.test": False,
    "bot.test.good.test": False,
    "mal.test": False,
    "deep.mal.test": True,
    "shallow.mal.test": False,
    "old.test": True,
}
"""Names that are blocked while the whole list is valid."""


def named(folder: Path, port: int, name: str) -> list[str | Path]:
    """Configure BIND, which serves `test.` itself and the list as a policy."""
    (folder / "test.zone").write_text(
        "$TTL 60\n@ IN SOA localhost. root.localhost. 1 3600 600 86400 60\n@ IN NS localhost.\n"
        f"* IN A {ANSWER}\nlisted-address IN A 192.0.2.81\nlisted-network IN A 198.51.100.9\n"
    )
    (folder / "named.conf").write_text(
        f"""options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
 recursion yes; pid-file none; session-keyfile "{folder}/session.key"; dnssec-validation no;
 response-policy {{ zone "lamsach.rpz"; }} qname-wait-recurse no;
 allow-query {{ 127.0.0.1; }}; forwarders {{ }}; empty-zones-enable no; }};
controls {{ }};
zone "test" {{ type primary; file "test.zone"; }};
zone "lamsach.rpz" {{ type primary; file "lamsach.zone"; }};
"""
    )
    return [program("named"), "-g", "-c", folder / "named.conf"]


def unbound(folder: Path, port: int, name: str) -> list[str | Path]:
    """Configure Unbound, which has `test.` as local data after the list."""
    rpz = name == "rpz"
    included = "" if rpz else f'include: "{folder}/lamsach.conf"\n'
    policy = f'rpz:\n  name: lamsach.rpz.\n  zonefile: "{folder}/lamsach.zone"\n' if rpz else ""
    (folder / "test.zone").write_text(
        "$ORIGIN test.\n$TTL 60\n@ IN SOA localhost. root.localhost. 1 3600 600 86400 60\n"
        "@ IN NS localhost.\n"
        f"* IN A {ANSWER}\nlisted-address IN A 192.0.2.81\nlisted-network IN A 198.51.100.9\n"
    )
    (folder / "unbound.conf").write_text(
        f"""server:
  interface: 127.0.0.1
  port: {port}
  do-daemonize: no
  use-syslog: no
  logfile: ""
  chroot: ""
  username: ""
  pidfile: ""
  directory: "{folder}"
  local-zone: "test." transparent
  module-config: "respip iterator"
{included}remote-control:
  control-enable: no
auth-zone:
  name: "test."
  zonefile: "{folder}/test.zone"
  for-downstream: no
  for-upstream: yes
{policy}"""
    )
    return [program("unbound"), "-d", "-c", folder / "unbound.conf"]


def dnsmasq(folder: Path, port: int, name: str) -> list[str | Path]:
    """Configure dnsmasq, which answers one address for every name that the list does not block."""
    return [
        program("dnsmasq"), "-k", "-p", str(port), "--listen-address=127.0.0.1", "--bind-interfaces",
        "--no-resolv", "--no-hosts", "--conf-file=" + str(folder / "lamsach.conf"),
        f"--address=/test/{ANSWER}", "--pid-file=", "--user=", "--log-facility=-",
    ]  # fmt: skip


CASES: dict[str, tuple[str, Callable[[Path, int, str], list[str | Path]]]] = {
    "bind-rpz": ("rpz", named),
    "unbound-rpz": ("rpz", unbound),
    "unbound-local-zone": ("unbound", unbound),
    "dnsmasq": ("dnsmasq", dnsmasq),
}


def answers(
    case: str, folder: Path, terms: Terms, names: list[str]
) -> dict[str, tuple[str, list[str]] | None]:
    name, server = CASES[case]
    export = exported(BY_NAME[name], LISTED, terms)
    (folder / f"lamsach{export.writer.suffix}").write_text(text_of(export))
    port = free_port()
    with running(server(folder, port, name), port):
        if server is named:  # it answers before its policy is loaded
            came(lambda: ask(port, "bot.test") != ("NOERROR", [ANSWER]), 5)
        return {queried: ask(port, queried) for queried in names}


@pytest.mark.parametrize("case", CASES)
def test_listed_names_and_subdomains_alone_are_blocked(case: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    found = answers(case, tmp_path, Terms(NOW), list(NAMES))
    assert {name: answer[0] for name, answer in found.items() if answer} == {
        name: "NXDOMAIN" if blocked else "NOERROR" for name, blocked in NAMES.items()
    }
    assert found["robot.test"] == ("NOERROR", [ANSWER])


@pytest.mark.parametrize("case", CASES)
def test_an_expired_name_resolves_again(case: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    later = replace(Terms(NOW), at=NOW + timedelta(days=2))
    found = answers(case, tmp_path, later, ["old.test", "bot.test"])
    assert found["old.test"] == ("NOERROR", [ANSWER])
    assert found["bot.test"] == ("NXDOMAIN", [])


@pytest.mark.parametrize("case", ["bind-rpz", "unbound-rpz"])
def test_an_answer_with_a_listed_address_is_blocked(case: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    found = answers(case, tmp_path, Terms(NOW), ["listed-address.test", "listed-network.test", "good.test"])
    assert {name: answer[0] for name, answer in found.items() if answer} == {
        "listed-address.test": "NXDOMAIN",
        "listed-network.test": "NXDOMAIN",
        "good.test": "NOERROR",
    }

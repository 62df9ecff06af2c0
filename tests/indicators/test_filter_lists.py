"""Filter lists and blockers' settings: blocked values are accepted, others refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.values import refusals

from .list_reader import read_sound


def read(tmp_path: Path, text: str) -> tuple[set[str], dict[str, str]]:
    """Return the accepted values, and the reasons for refused ones."""
    found, refused = read_sound(tmp_path / "list.txt", text)
    return {item.value for item in found}, {item.value: item.reason for item in refused}


MIXED = """! Title: Example filter
! Homepage: https://lists.example.org/
||evil-a.top^
||evil-b.top^$important
||*.evil-c.top^
@@||good-a.com^
@@||good-b.com^$important
/^ads[0-9]+\\.evil-x\\.top$/
good-page.com##.banner
evil-d.top^
://evil-e.top^
*.evil-f.top
0.0.0.0 evil-g.top
evil-h.top
||evil-i.top^$dnsrewrite=NOERROR;A;203.0.113.9
||evil-j.top^$3p,script
||evil-k.top^$domain=good-c.com|good-d.com
||evil-l.top^$denyallow=good-e.com
||evil-m.top^$badfilter
||wild.*^
-ad-banner.
"""


def test_a_filter_list_is_recognized_by_its_head_despite_other_lines(tmp_path: Path) -> None:
    accepted, refused = read(tmp_path, MIXED)
    assert accepted == {f"evil-{letter}.top" for letter in "abcdefghij"}
    assert {refused[name] for name in ("good-a.com", "good-b.com")} == {refusals.ALLOWED}
    assert {refused[name] for name in ("evil-k.top", "evil-l.top")} == {refusals.CONDITIONAL}
    assert refused["evil-m.top"] == refusals.DISABLED
    assert {refused[text] for text in ("||wild.*^", "-ad-banner.", "good-page.com##.banner")} == {
        refusals.UNREAD_RULE
    }
    reasons = {refused[name] for name in ("good-c.com", "good-d.com", "good-e.com", "203.0.113.9")}
    assert reasons == {refusals.NOT_LISTED}


def test_a_filter_list_without_a_head_is_recognized_by_its_rules(tmp_path: Path) -> None:
    text = "||evil-a.top^\n||evil-b.top^\n||evil-c.top^\n" + "".join(f"plain{n}.top\n" for n in range(9))
    accepted, refused = read(tmp_path, text + "@@||good.com^\n")
    assert len(accepted) == 12
    assert refused == {"good.com": refusals.ALLOWED}


@pytest.mark.parametrize(
    "text",
    [
        "Máy chủ: ||evil-a.top^ và các tên miền sau\nevil-b.top\n203.0.113.5\n203.0.113.6\n",
        "evil-a.top\nevil-b.top\n203.0.113.5\n",
    ],
)
def test_a_list_without_rules_is_no_filter_list(tmp_path: Path, text: str) -> None:
    accepted, _ = read(tmp_path, text)
    assert {"evil-b.top", "203.0.113.5"} <= accepted


def test_a_hosts_file_redirects_without_blocking(tmp_path: Path) -> None:
    hosts = "127.0.0.1 localhost\n0.0.0.0 evil-a.top\n0.0.0.0 evil-b.top # Mozi\n0.0.0.0 evil-c.top\n"
    accepted, refused = read(tmp_path, hosts + "198.51.100.7 www.search-x.com # safe search\n")
    assert accepted == {"evil-a.top", "evil-b.top", "evil-c.top"}
    assert refused == {
        "198.51.100.7": refusals.REDIRECTED,
        "www.search-x.com": refusals.REDIRECTED,
        "127.0.0.1": refusals.LOOPBACK,
        "0.0.0.0": refusals.UNSPECIFIED,
    }


def test_dnsmasq_forwards_without_blocking(tmp_path: Path) -> None:
    text = (
        "address=/evil-a.top/0.0.0.0\naddress=/evil-b.top/evil-c.top/::\nserver=/evil-d.top/\n"
        "local=/evil-e.top/\n"
        "server=/corp-x.com/198.51.100.1\nserver=/good-x.com/#\nserver=198.51.100.53\ncache-size=1000\n"
    )
    accepted, refused = read(tmp_path, text)
    assert accepted == {f"evil-{letter}.top" for letter in "abcde"}
    assert refused["corp-x.com"] == refused["good-x.com"] == refusals.ALLOWED
    assert refused["server=198.51.100.53"] == refusals.UNREAD_RULE


def test_unbound_forwards_without_blocking(tmp_path: Path) -> None:
    text = (
        'local-zone: "evil-a.top" always_nxdomain\nlocal-zone: "evil-b.top" static\n'
        'local-zone: "evil-c.top" redirect\n'
        "forward-addr: 198.51.100.53@853\n"
    )
    accepted, refused = read(tmp_path, text)
    assert accepted == {"evil-a.top", "evil-b.top", "evil-c.top"}
    assert refused == {"forward-addr: 198.51.100.53@853": refusals.UNREAD_RULE}


def test_pi_holes_expressions_for_a_name_and_its_subdomains(tmp_path: Path) -> None:
    text = (
        "(\\.|^)evil-a\\.top$\n(^|\\.)evil-b\\.top$\n^(.+\\.)?evil-c\\.top$\n^([^.]+\\.)*evil-d\\.top$\n"
        "^ad[0-9]+\\.\n"
    )
    accepted, _ = read(tmp_path, text)
    assert accepted == {f"evil-{letter}.top" for letter in "abcd"}

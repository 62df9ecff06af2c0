"""Autostart on Linux: systemd, cron, rc, profiles, autostart, ld.so.preload, authorized_keys.

systemd.unit(5) and systemd.service(5), crontab(5), ld.so(8), sshd(8), the freedesktop.org Autostart
specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.start_item import StartEntry, consider
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from lamsach.scanner.safe_open import Skipped, read_small

_UNITS = (
    "etc/systemd/system",
    "etc/systemd/user",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "lib/systemd/system",
    "usr/lib/systemd/system",
)
_USER_UNITS = (".config/systemd/user", ".local/share/systemd/user")
_CRON_TABLES = ("etc/crontab",)
_CRON_FOLDERS = ("etc/cron.d", "var/spool/cron/crontabs", "var/spool/cron")
_CRON_SCRIPTS = (
    "etc/cron.hourly",
    "etc/cron.daily",
    "etc/cron.weekly",
    "etc/cron.monthly",
    "etc/init.d",
    "etc/profile.d",
    "etc/update-motd.d",
)
_LINES = (
    "etc/rc.local",
    "etc/rc.d/rc.local",
    "etc/profile",
    "etc/bash.bashrc",
    "etc/bashrc",
    "etc/environment",
    "etc/zsh/zshrc",
)
_HOME_LINES = (
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".bash_logout",
    ".config/fish/config.fish",
    ".xprofile",
    ".xinitrc",
)
_EXEC = re.compile(
    r"^Exec(?:Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)\s*=\s*[-@:+!]*(.+)$", re.MULTILINE
)
_DESKTOP_EXEC = re.compile(r"^(?:Try)?Exec\s*=\s*(.+)$", re.MULTILINE)
_CRON_LINE = re.compile(r"^\s*(?:@\w+|(?:[\d*,/\-A-Za-z?L#]+\s+){5})\s*(\S.*)$")
_SCRIPT_LINES = 20_000
_BOT_KEY = re.compile(r"\bmdrfckr\b")
"""Comment of the key that the Outlaw (Dota) worm leaves, in every published analysis since 2018."""


def start_linux(context: Context) -> None:
    """Report on all automatically started entries."""
    for entry in _entries(context):
        context.control.check()
        consider(context, entry)
    _preload(context)
    _keys(context)


def _entries(context: Context) -> Iterator[StartEntry]:
    root = context.root
    units = [root / part for part in _UNITS]
    for home in context.homes():
        units += [home / part for part in _USER_UNITS]
    for file in _files(context, units, ("*.service", "*.timer", "*.socket", "*.path", "*/*.conf")):
        yield from _matching(context, file, _EXEC, "unit")
    yield from _cron(context)
    for file in _files(context, [root / part for part in _CRON_SCRIPTS], ("*",)):
        yield from _lines(context, file, "script")
    homes = [home / part for home in context.homes() for part in _HOME_LINES]
    for place in [*(root / part for part in _LINES), *homes]:
        yield from _lines(context, place, "profile")
    desktops = [root / "etc/xdg/autostart", *(home / ".config/autostart" for home in context.homes())]
    for file in _files(context, desktops, ("*.desktop",)):
        yield from _matching(context, file, _DESKTOP_EXEC, "autostart")


def _cron(context: Context) -> Iterator[StartEntry]:
    root = context.root
    tables = [root / part for part in _CRON_TABLES]
    tables += list(_files(context, [root / part for part in _CRON_FOLDERS], ("*",)))
    for table in tables:
        for line in _text_lines(context, table):
            match = _CRON_LINE.match(line)
            if match and not line.lstrip().startswith("#"):
                yield StartEntry("cron", str(table), match[1], _line(table, line))


def _matching(context: Context, file: Path, pattern: re.Pattern[str], kind: str) -> Iterator[StartEntry]:
    text = _text(context, file)
    for match in pattern.finditer(text):
        yield StartEntry(kind, str(file), match[1].strip(), Target(TargetKind.FILE, str(file)))


def _lines(context: Context, file: Path, kind: str) -> Iterator[StartEntry]:
    for line in _text_lines(context, file):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield StartEntry(kind, str(file), stripped, _line(file, line))


def _preload(context: Context) -> None:
    file = context.root / "etc/ld.so.preload"
    for line in _text_lines(context, file):
        library = line.strip()
        if library and not library.startswith("#"):
            context.counts.start_entries += 1
            context.starting.setdefault(library, str(file))
            context.findings.append(
                Finding(
                    Area.START,
                    Level.SUSPICIOUS,
                    "preload",
                    str(file),
                    detail=library,
                    target=_line(file, line),
                )
            )


def _keys(context: Context) -> None:
    for home in context.homes():
        for name in ("authorized_keys", "authorized_keys2"):
            file = home / ".ssh" / name
            for line in _text_lines(context, file):
                if not line.strip() or line.lstrip().startswith("#"):
                    continue
                consider(context, StartEntry("key", str(file), line.strip(), _line(file, line)))
                if _BOT_KEY.search(line):
                    finding = Finding(
                        Area.START,
                        Level.MALICIOUS,
                        "known_key",
                        str(file),
                        detail=line[-300:],
                        target=_line(file, line),
                    )
                    context.findings.append(finding)


def _line(file: Path, line: str) -> Target:
    return Target(TargetKind.LINE, str(file), line)


def _files(context: Context, folders: Iterable[Path], patterns: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_symlink():
            continue
        try:
            for pattern in patterns:
                yield from (file for file in sorted(folder.glob(pattern)) if file.is_file())
        except OSError:
            context.skip(str(folder), "no_right")


def _text_lines(context: Context, file: Path) -> list[str]:
    return _text(context, file).split("\n")[:_SCRIPT_LINES]


def _text(context: Context, file: Path) -> str:
    place = file
    if file.is_symlink():
        with suppress(OSError, RuntimeError):
            place = file.resolve()
        if place == Path("/dev/null") or not place.is_relative_to(context.root):
            return ""
    try:
        return read_small(str(place)).decode("utf-8", "surrogateescape")
    except Skipped as skipped:
        if skipped.reason not in ("vanished", "not_regular"):
            context.skip(str(file), skipped.reason)
        return ""

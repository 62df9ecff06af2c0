"""Settings that malware changes: the proxy, and Windows' own protection."""

from __future__ import annotations

import re

from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.registry import Registry
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from lamsach.scanner.safe_open import Skipped, read_small

_INTERNET = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_DEFENDER = r"SOFTWARE\Microsoft\Windows Defender"
_DEFENDER_POLICY = r"SOFTWARE\Policies\Microsoft\Windows Defender"
_WIDE = re.compile(
    r"^(?:[a-z]:\\?|[a-z]:\\(?:users|windows|programdata|program files|temp)\\?|.*\\(?:appdata"
    r"|temp|downloads|public)(?:\\.*)?|\.?(?:exe|dll|bat|ps1|vbs|scr|js))$",
    re.IGNORECASE,
)
"""Exclusions that admit most malware: whole disks, folders writable by everyone, endings of programs."""
_OFF = (
    (_DEFENDER_POLICY, "DisableAntiSpyware"),
    (_DEFENDER_POLICY, "DisableAntiVirus"),
    (rf"{_DEFENDER_POLICY}\Real-Time Protection", "DisableRealtimeMonitoring"),
    (rf"{_DEFENDER}\Real-Time Protection", "DisableRealtimeMonitoring"),
    (_DEFENDER, "DisableAntiSpyware"),
)
_PROXY_LINE = re.compile(
    r"(?i)^\s*(?:export\s+)?(?:https?_proxy|all_proxy|ftp_proxy)\s*=\s*\S+|^\s*acquire::\w+::proxy\s+\S+",
    re.MULTILINE,
)
_PROXY_FILES = ("etc/environment", "etc/profile", "etc/apt/apt.conf")


def check_proxy(context: Context, registry: Registry | None = None) -> None:
    """Report a listed proxy or proxy script, on Windows also one on the local disk or loopback."""
    if context.windows or registry is not None:
        _windows_proxy(context, registry or Registry())
        _system_proxy(context, registry or Registry())
        return
    places = [context.root / part for part in _PROXY_FILES]
    places += sorted((context.root / "etc/apt/apt.conf.d").glob("*")) + sorted(
        (context.root / "etc/profile.d").glob("*.sh")
    )
    for place in places:
        try:
            text = read_small(str(place)).decode("utf-8", "replace")
        except Skipped as skipped:
            if skipped.reason not in ("vanished", "not_regular", "link"):
                context.skip(str(place), skipped.reason)
            continue
        for match in _PROXY_LINE.finditer(text):
            context.listed(
                Area.PROXY,
                str(place),
                match[0].strip(),
                reason="listed_proxy",
                target=Target(TargetKind.LINE, str(place), _whole_line(text, match.start())),
            )


def _whole_line(text: str, place: int) -> str:
    while place < len(text) and text[place] == "\n":
        place += 1
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)]


def _windows_proxy(context: Context, registry: Registry) -> None:
    places = [("HKCU", _INTERNET), ("HKLM", _INTERNET)]
    places += [
        ("HKU", rf"{user}\{_INTERNET}") for user in registry.keys("HKU", "") if user.startswith("S-1-5-21-")
    ]
    for hive, path in places:
        found = dict(registry.values(hive, path))
        script, server = found.get("AutoConfigURL", ""), found.get("ProxyServer", "")
        enabled = found.get("ProxyEnable", "0") not in ("", "0")
        for name, text in (("AutoConfigURL", script), ("ProxyServer", server)):
            if not text:
                continue
            place, target = rf"{hive}\{path}\{name}", Target(TargetKind.VALUE, rf"{hive}\{path}", name)
            if context.listed(Area.PROXY, place, text, reason="listed_proxy", target=target):
                continue
            local = "127.0.0.1" in text or "localhost" in text or text.lower().startswith("file:")
            if local and (name == "AutoConfigURL" or enabled):
                context.findings.append(
                    Finding(
                        Area.PROXY, Level.SUSPICIOUS, "local_proxy", place, detail=text[:500], target=target
                    )
                )


def _system_proxy(context: Context, registry: Registry) -> None:
    """Check the proxy of services (WinHTTP): a binary value with plain texts."""
    path, name = rf"{_INTERNET}\Connections", "WinHttpSettings"
    text = registry.text("HKLM", path, name)
    if text:
        place, target = rf"HKLM\{path}\{name}", Target(TargetKind.VALUE, rf"HKLM\{path}", name)
        context.listed(Area.PROXY, place, text, reason="listed_proxy", target=target)


def check_protection(context: Context, registry: Registry | None = None) -> None:
    """Report exclusions of Defender, and disabled protection, on Windows."""
    if not context.windows and registry is None:
        return
    read = registry or Registry()
    for base in (_DEFENDER, _DEFENDER_POLICY):
        for part in ("Paths", "Extensions", "Processes"):
            path = rf"{base}\Exclusions\{part}"
            for name, _ in read.values("HKLM", path):
                level = Level.SUSPICIOUS if _WIDE.match(name.strip()) else Level.RISK
                target = Target(TargetKind.VALUE, rf"HKLM\{path}", name)
                context.findings.append(
                    Finding(
                        Area.PROTECTION,
                        level,
                        "exclusion",
                        rf"HKLM\{path}",
                        {"name": name[:300]},
                        target=target,
                    )
                )
    for path, name in _OFF:
        if read.text("HKLM", path, name) not in ("", "0"):
            context.findings.append(
                Finding(Area.PROTECTION, Level.SUSPICIOUS, "protection_off", rf"HKLM\{path}\{name}")
            )

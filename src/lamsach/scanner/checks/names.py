"""Name resolution: the hosts file, the resolvers in use, on Windows the cache of answers."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path

from lamsach.model import IndicatorType
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.registry import Registry
from lamsach.scanner.checks.tools import output_of
from lamsach.scanner.extract import values
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from lamsach.scanner.safe_open import Skipped, read_small

_ACTIVATION = re.compile(
    r"(?:^|\.)(?:(?:activate|practivate|lmlicenses|ereg|wip\d?|hlrcv|na1r|lm|cc-api-data"
    r"|genuine|prod|ic)\.(?:[\w-]+\.)*adobe(?:stats)?\.(?:com|io)|adobe\.activate\.com"
    r"|(?:activation|validation|sls)\.(?:sls\.)?microsoft\.com|genuine\.microsoft\.com"
    r"|registeridm\.com|secure\.internetdownloadmanager\.com|(?:api|license)\.(?:corel|autodesk"
    r"|wondershare)\.com)$",
    re.IGNORECASE,
)
"""Licence servers, which cracked software disables in the hosts file."""
_PROTECTION = re.compile(
    r"(?:^|\.)(?:windowsupdate\.com|update\.microsoft\.com|definitionupdates\.microsoft\.com"
    r"|kaspersky\.com|eset\.com|avast\.com|avg\.com|bitdefender\.com|malwarebytes\.com"
    r"|symantec\.com|norton\.com|mcafee\.com|trendmicro\.com|sophos\.com|clamav\.net|virustotal\.com"
    r"|bkav\.com\.vn|cmcinfosec\.com)$",
    re.IGNORECASE,
)
"""Vendors of protection, which malware disables in the hosts file."""
_RESOLVED = "/run/systemd/resolve/io.systemd.Resolve"
"""The socket of systemd-resolved, present while that runs."""
_TCPIP = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"


def hosts_file(context: Context) -> Path:
    """Return the path of this machine's hosts file."""
    if context.windows:
        windows = Path(os.environ.get("SystemRoot", r"C:\Windows"))  # noqa: SIM112
        return windows / "System32" / "drivers" / "etc" / "hosts"
    return context.root / "etc/hosts"


def check_names(context: Context, registry: Registry | None = None) -> None:
    """Check hosts file, resolvers, cache of answers."""
    _hosts(context)
    if context.windows or registry is not None:
        _windows_resolvers(context, registry or Registry())
        _windows_cache(context)
    else:
        _resolv_conf(context)
        if context.live:
            _resolved_cache(context)


def _hosts(context: Context) -> None:
    file = hosts_file(context)
    try:
        text = read_small(str(file)).decode("utf-8", "surrogateescape")
    except Skipped as skipped:
        context.skip(str(file), skipped.reason)
        return
    for line in text.split("\n"):
        entry = line.partition("#")[0].split()
        if len(entry) < 2:
            continue
        target = Target(TargetKind.LINE, str(file), line)
        address, hosts = entry[0], entry[1:]
        away = _nowhere(address)
        if not away:
            context.listed(Area.NAMES, str(file), line.strip(), reason="listed_hosts", target=target)
        for host in hosts:
            name = host.lower().rstrip(".")
            if _PROTECTION.search(name):
                reason, level = "hosts_protection", Level.SUSPICIOUS
            elif away and _ACTIVATION.search(name):
                reason, level = "hosts_activation", Level.RISK
            else:
                continue
            context.findings.append(
                Finding(Area.NAMES, level, reason, str(file), {"name": name}, line.strip(), target=target)
            )


def _nowhere(address: str) -> bool:
    try:
        stated = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    # before Python 3.13 an IPv4 address within IPv6 is never loopback
    parsed = getattr(stated, "ipv4_mapped", None) or stated
    return parsed.is_loopback or parsed.is_unspecified


def _resolv_conf(context: Context) -> None:
    file = context.root / "etc/resolv.conf"
    written = not str(file.resolve()).startswith(str(context.root / "run"))
    try:
        text = read_small(str(file.resolve())).decode("utf-8", "surrogateescape")
    except (Skipped, OSError) as error:
        context.skip(str(file), getattr(error, "reason", "unreadable"))
        return
    for line in text.split("\n"):
        if line.split()[:1] in (["nameserver"], ["search"], ["domain"]):
            # services rewrite files in /run
            target = Target(TargetKind.LINE, str(file), line) if written else None
            context.listed(Area.NAMES, str(file), line, reason="listed_resolver", target=target)


def _windows_resolvers(context: Context, registry: Registry) -> None:
    places = [
        _TCPIP,
        *(rf"{_TCPIP}\Interfaces\{name}" for name in registry.keys("HKLM", rf"{_TCPIP}\Interfaces")),
    ]
    for place in places:
        for name in ("NameServer", "DhcpNameServer"):
            stated = registry.text("HKLM", place, name)
            if stated:
                # DHCP sets its value again: only a manual setting can be removed
                key = rf"HKLM\{place}"
                target = Target(TargetKind.VALUE, key, name) if name == "NameServer" else None
                context.listed(Area.NAMES, rf"{key}\{name}", stated, reason="listed_resolver", target=target)


def _resolved_cache(context: Context) -> None:
    """Check systemd-resolved's cache (`resolvectl show-cache`, systemd 254, as root), if it runs."""
    if not Path(_RESOLVED).exists():
        return
    try:
        text = output_of(["resolvectl", "show-cache", "--no-pager"])
    except Skipped as skipped:
        context.skip("resolvectl show-cache", skipped.reason)
        return
    _cached_answers(context, "resolvectl show-cache", text)


def _cached_answers(context: Context, place: str, text: str) -> None:
    """Report listed names in a cache of answers, each once."""
    seen: set[str] = set()
    for line in text.splitlines():
        for kind, value in values(line):
            if kind is IndicatorType.DOMAIN and value not in seen:
                seen.add(value)
                context.listed(Area.NAMES, place, value, reason="listed_cache")


def _windows_cache(context: Context) -> None:
    try:
        text = output_of(["ipconfig.exe", "/displaydns"])
    except Skipped as skipped:
        context.skip("ipconfig /displaydns", skipped.reason)
        return
    _cached_answers(context, "ipconfig /displaydns", text)

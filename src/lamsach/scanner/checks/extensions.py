"""Browser extensions from outside the shop: in a profile, or installed for all users.

Chromium's `Preferences` state `location` and `from_webstore` (extensions/common/manifest.mojom); programs
install extensions in the registry or in folders
(https://developer.chrome.com/docs/extensions/how-to/distribute/install-extensions), policies force them.
Firefox's `extensions.json` states `location` and `signedState` (toolkit/mozapps/extensions).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.registry import Registry
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from lamsach.scanner.safe_open import Skipped, open_regular, pieces

_FILE_BYTES = 64 << 20
_OUTSIDE = (2, 3, 4, 8)
"""Chromium's `location`: installed by preferences or registry, unpacked, on the command line."""
_FIREFOX_OUTSIDE = frozenset(
    ["app-system-share", "app-system-local", "app-system-user", "winreg-app-global", "winreg-app-user"]
)
_UNSIGNED = (-2, -1, 0)
"""Firefox's `signedState`: unknown or broken signature, none."""
_INSTALLED = (
    r"SOFTWARE\Google\Chrome\Extensions",
    r"SOFTWARE\WOW6432Node\Google\Chrome\Extensions",
    r"SOFTWARE\Microsoft\Edge\Extensions",
    r"SOFTWARE\CocCoc\Browser\Extensions",
    r"SOFTWARE\Chromium\Extensions",
)
_FORCED = (
    r"SOFTWARE\Policies\Google\Chrome\ExtensionInstallForcelist",
    r"SOFTWARE\Policies\Microsoft\Edge\ExtensionInstallForcelist",
    r"SOFTWARE\Policies\CocCoc\Browser\ExtensionInstallForcelist",
    r"SOFTWARE\Policies\BraveSoftware\Brave\ExtensionInstallForcelist",
)
_SHOPS = ("clients2.google.com/service/update2", "edge.microsoft.com/extensionwebstorebase")
_FOLDERS = (
    "opt/google/chrome/extensions",
    "usr/share/google-chrome/extensions",
    "usr/share/chromium/extensions",
    "usr/share/microsoft-edge/extensions",
)
_POLICIES = (
    "etc/opt/chrome/policies/managed",
    "etc/chromium/policies/managed",
    "etc/opt/edge/policies/managed",
    "etc/brave/policies/managed",
)


def check_profile(context: Context, profile: Path) -> None:
    """Check the extensions of one profile of a browser."""
    for name in ("Secure Preferences", "Preferences"):
        document = _json(profile / name)
        settings = _within(document, "extensions", "settings")
        if isinstance(settings, dict):
            for identity, entry in settings.items():
                _chromium(context, profile, str(identity), entry)
            break
    addons = _within(_json(profile / "extensions.json"), "addons")
    for entry in addons if isinstance(addons, list) else ():
        _firefox(context, profile, entry)


def _chromium(context: Context, profile: Path, identity: str, entry: object) -> None:
    if not isinstance(entry, dict) or entry.get("location") not in _OUTSIDE or entry.get("from_webstore"):
        return
    manifest = entry.get("manifest")
    title = manifest.get("name") if isinstance(manifest, dict) else None
    _found(context, str(profile), str(title or identity), str(entry.get("path", "")))


def _firefox(context: Context, profile: Path, entry: object) -> None:
    if (
        not isinstance(entry, dict)
        or entry.get("type") != "extension"
        or entry.get("location") == "app-builtin"
    ):
        return
    if str(entry.get("location")) in _FIREFOX_OUTSIDE or entry.get("signedState") in _UNSIGNED:
        title = _within(entry, "defaultLocale", "name")
        _found(context, str(profile), str(title or entry.get("id")), str(entry.get("path", "")))


def check_system(context: Context, registry: Registry | None = None) -> None:
    """Check the extensions that a program or a policy installs for all users of the machine."""
    if context.windows or registry is not None:
        _windows(context, registry or Registry())
        return
    for folder in _FOLDERS:
        for file in _files(context.root / folder):
            document = _json(file)
            source = _within(document, "external_crx") or _within(document, "external_update_url")
            if source and not _is_from_shop(str(source)):
                _found(context, str(file), file.stem, str(source), Target(TargetKind.FILE, str(file)))
    for folder in _POLICIES:
        for file in _files(context.root / folder):
            forced = _within(_json(file), "ExtensionInstallForcelist")
            for text in forced if isinstance(forced, list) else ():
                if not _is_from_shop(str(text)):
                    _found(context, str(file), str(text).partition(";")[0], str(text))


def _windows(context: Context, registry: Registry) -> None:
    for hive in ("HKLM", "HKCU"):
        for base in _INSTALLED:
            for identity in registry.keys(hive, base):
                key = rf"{base}\{identity}"
                stated = {name.lower(): text for name, text in registry.values(hive, key)}
                source = stated.get("path") or stated.get("update_url", "")
                if source and not _is_from_shop(source):
                    name = "path" if stated.get("path") else "update_url"
                    target = Target(TargetKind.VALUE, rf"{hive}\{key}", name)
                    _found(context, rf"{hive}\{key}", identity, source, target)
        for base in _FORCED:
            for name, text in registry.values(hive, base):
                if not _is_from_shop(text):
                    target = Target(TargetKind.VALUE, rf"{hive}\{base}", name)
                    _found(context, rf"{hive}\{base}", text.partition(";")[0], text, target)


def _is_from_shop(source: str) -> bool:
    """Return whether it comes from the browser's own shop, as forced ones without an address do."""
    address = source.partition(";")[2] or source
    return any(shop in address for shop in _SHOPS) or ("/" not in source and "\\" not in source)


def _found(context: Context, place: str, title: str, source: str, target: Target | None = None) -> None:
    values = {"name": title[:200]}
    context.findings.append(
        Finding(Area.BROWSER, Level.RISK, "outside_extension", place, values, source[:500], target=target)
    )


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(file for file in folder.iterdir() if file.suffix == ".json")
    except OSError:
        return


def _json(file: Path) -> Any:
    """Read a JSON file; None if it is missing or invalid."""
    try:
        descriptor, _ = open_regular(str(file))
    except Skipped:
        return None
    try:
        return json.loads(b"".join(pieces(descriptor, _FILE_BYTES)))
    except (Skipped, ValueError, RecursionError):
        return None
    finally:
        os.close(descriptor)


def _within(document: Any, *names: str) -> Any:
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document

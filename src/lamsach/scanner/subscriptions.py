"""WMI subscriptions of Windows (MITRE ATT&CK T1546.003): programs started by events.

A subscription works by its binding of a filter to a consumer. Without the binding nothing is started, so only
the binding is removed, and its definition (MOF text) restores it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

from lamsach.scanner.checks.tools import output_of
from lamsach.scanner.safe_open import Skipped

NAMESPACE = "WMI root/subscription"
USUAL = ("SCM Event Log Consumer",)
"""Subscriptions of Windows itself."""
_END = "lamsach-end"
_HEAD = (
    "$ErrorActionPreference='Stop';[Console]::OutputEncoding=[Text.Encoding]::UTF8;$n='root\\subscription';"
)
_LIST = (
    "Get-WmiObject -Namespace $n -Class __FilterToConsumerBinding|ForEach-Object{"
    "$p=[string]$_.Consumer;if($p -notmatch '^\\\\\\\\'){$p='\\\\.\\'+$n+':'+$p};$c=[wmi]$p;"
    "[pscustomobject]@{path=[string]$_.__RELPATH;name=[string]$c.Name;command=[string]$c.CommandLineTemplate;"
    "program=[string]$c.ExecutablePath;script=[string]$c.ScriptText;file=[string]$c.ScriptFilename}"
    "|ConvertTo-Json "
    "-Compress};"
)
_ONE = (
    "$b=Get-WmiObject -Namespace $n -Class "
    "__FilterToConsumerBinding|Where-Object{[string]$_.__RELPATH -eq $w};"
)
_READ = _ONE + "if($b){$b.GetText('Mof')};"
_DELETE = _ONE + "if($b){$b.Delete()};"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A binding: its path in WMI, its consumer's name, and the command started."""

    path: str
    name: str
    command: str


def subscriptions() -> Iterator[Subscription]:
    """Yield every binding but those of Windows itself. Raises Skipped when the system does not answer."""
    for line in _run(_LIST).splitlines():
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError:
            raise Skipped("tool_failed") from None
        texts = {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}
        if texts.get("path") and texts.get("name") not in USUAL:
            parts = (texts.get(name, "") for name in ("command", "program", "script", "file"))
            yield Subscription(texts["path"], texts.get("name", ""), " ".join(part for part in parts if part))


def definition(path: str) -> str:
    """Return the MOF text of a binding; empty when no binding has this path. Raises Skipped."""
    return _run(_READ, path).strip()


def delete(path: str) -> None:
    """Delete a binding. Raises Skipped."""
    _run(_DELETE, path)


def create(file: str) -> None:
    """Create the objects defined in a MOF file. Raises Skipped."""
    output_of(["mofcomp.exe", "-N:root\\subscription", file])


def _run(script: str, path: str = "") -> str:
    quoted = path.replace("'", "''").replace("\u2018", "''").replace("\u2019", "''")
    text = f"{_HEAD}$w='{quoted}';{script}'{_END}'"
    coded = base64.b64encode(text.encode("utf-16-le")).decode("ascii")
    output = output_of(["powershell.exe", "-NoProfile", "-NonInteractive", "-EncodedCommand", coded])
    body, end, _ = output.rstrip().rpartition(_END)
    if not end:
        raise Skipped("tool_failed")
    return body.lstrip("\ufeff")

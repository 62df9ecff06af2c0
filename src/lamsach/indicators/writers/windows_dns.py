"""Windows DNS Server 2016 and later: a PowerShell script that replaces the query resolution policies named `Lamsach-*`
(https://learn.microsoft.com/powershell/module/dnsserver/add-dnsserverqueryresolutionpolicy).

Policies answer by name only. Each holds 100 names; up to some ten thousand names the server starts in reasonable time, for longer
lists a zone of another resolver is the better way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lamsach.indicators.writers.base import WHOLE, Stamp, Writer
from lamsach.model import Indicator, IndicatorType

NAMES_IN_A_POLICY = 100


class WindowsDns(Writer):
    """A script to be run on the DNS server by an administrator."""

    name = "windows_dns"
    title = "Windows DNS Server policies (PowerShell)"
    suffix = ".ps1"
    holds = {IndicatorType.DOMAIN: WHOLE}
    reads_back = False

    def write(self, items: Sequence[Indicator], stamp: Stamp) -> Iterator[str]:
        """Old policies away, then the new ones."""
        yield f"# {stamp.text()}\n#Requires -Modules DnsServer\n"
        yield "$ErrorActionPreference = 'Stop'\n"
        yield "Get-DnsServerQueryResolutionPolicy | Where-Object { $_.Name -like 'Lamsach-*' } | Remove-DnsServerQueryResolutionPolicy -Force\n"
        names = [item.value for item in items]
        for number, start in enumerate(range(0, len(names), NAMES_IN_A_POLICY), 1):
            batch = names[start : start + NAMES_IN_A_POLICY]
            criteria = ",".join(f"{name},*.{name}" for name in batch)
            yield f"Add-DnsServerQueryResolutionPolicy -Name 'Lamsach-{number:05d}' -Action DENY -FQDN 'EQ,{criteria}'\n"

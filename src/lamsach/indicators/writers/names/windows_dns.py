"""Windows DNS Server 2016 and later: a PowerShell script that replaces the query resolution policies named `Lamsach-*`
(https://learn.microsoft.com/powershell/module/dnsserver/add-dnsserverqueryresolutionpolicy).

Policies answer by name only. Each holds 100 names; up to some ten thousand names the server starts in reasonable time, for longer
lists a zone of another resolver is the better way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer, in_batches
from lamsach.model import Indicator

NAMES_IN_A_POLICY = 100


class WindowsDns(Writer):
    """A script to be run on the DNS server by an administrator."""

    name = "windows_dns"
    title = "Windows DNS Server policies (PowerShell)"
    most_entries = 10_000
    suffix = ".ps1"
    reads_back = False

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Old policies away, then the new ones."""
        yield f"# {stamp.text()}\n#Requires -Modules DnsServer\n"
        yield "$ErrorActionPreference = 'Stop'\n"
        yield "Get-DnsServerQueryResolutionPolicy | Where-Object { $_.Name -like 'Lamsach-*' } | Remove-DnsServerQueryResolutionPolicy -Force\n"
        for number, batch in enumerate(in_batches(items, NAMES_IN_A_POLICY), 1):
            criteria = ",".join(f"{item.value},*.{item.value}" for item in batch)
            yield f"Add-DnsServerQueryResolutionPolicy -Name 'Lamsach-{number:05d}' -Action DENY -FQDN 'EQ,{criteria}'\n"

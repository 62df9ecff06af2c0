"""What dhcpd writes of its clients, behind a syslog header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.messages import MessageReader, tagged

if TYPE_CHECKING:
    import pyarrow as pa

# Jun 10 08:00:01 dhcp01 dhcpd[812]: DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e (PC-0042) via eth0
_TAG, _BEGIN = "dhcpd[", "DHCP"


class DhcpdMessages(MessageReader):
    """Messages of DHCPv4."""

    sample = "DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e via eth0"
    begins = "^DHCP(?:ACK|NAK|OFFER|REQUEST|DISCOVER|RELEASE|DECLINE|INFORM) (?:on|to|for|from|of) "

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `GroupReader`."""
        return tagged(lines, _TAG, _BEGIN)

    def parts(self, lines: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """See `MessageReader`."""
        return self.behind_tag(lines, _TAG)

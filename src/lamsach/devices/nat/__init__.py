"""Network address translation: the inside address behind a public address and port at a moment.

Interface for tracing a public address:

    logs = NatLogs(log_files, timezone)             # `nat_logs`: fast reader of NAT records
    table = NatTable(logs.records())                # `table`: 10^6 records take some seconds
    table.inside("203.0.113.1", 4321, "tcp", time)  # (Candidate, ...), the best first; () for none

- `port` None: all behind the address at the time, each only `possible` (at most MOST_CANDIDATES).
- `protocol`: `tcp`, `udp`, `icmp`, a number, or None when not stated.
- `destination`: the far side's address, if the report states it: separates users of one public port.
- `slack`: maximum clock difference; candidates that fit only with it are `possible`.
- A `Candidate` has the inside address and port, the interval, the `Certainty`, its record's file and line.
- `table.knows(ip)`, `table.covers(ip, time)` and `table.span(ip)` explain an empty result: unknown address,
  or no records of that time.
- `table.public_addresses()` lists the addresses that the records translate to.

`lamsach.devices.leases.LeaseTable` names the holder of the inside address at the time.
"""

from lamsach.devices.nat.records import Kind, NatRecord, protocol_number
from lamsach.devices.nat.table import MOST_CANDIDATES, Candidate, Certainty, NatTable

__all__ = ["MOST_CANDIDATES", "Candidate", "Certainty", "Kind", "NatRecord", "NatTable", "protocol_number"]

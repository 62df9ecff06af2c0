"""Network address translation: which inside address stood behind a public address and port at a
given moment.

The interface, for whoever traces a public address back:

    logs = NatLogs(log_files, timezone)            # `lamsach.devices.nat.nat_logs`: the NAT records of the
                                                   logs, read fast
    table = NatTable(logs.records())               # `lamsach.devices.nat.table`: 10^6 records build in some
                                                   seconds
    table.inside("203.0.113.1", 4321, "tcp", time) # -> (Candidate, ...), the best first; () when nothing is
    known

- `port` None: everybody who was behind the address at the time, each only `possible` (at most
  MOST_CANDIDATES).
- `protocol`: `tcp`, `udp`, `icmp`, a number, or None when not stated.
- `destination`: the far side's address, when the report states it: keeps those apart who share a public port.
- `slack`: how far the clocks may be apart; what only fits with it is `possible`.
- A `Candidate` says the inside address and port, the interval, the `Certainty` and the file and line of its
  record.
- `table.knows(ip)`, `table.covers(ip, time)` and `table.span(ip)` tell why nothing was found: another
  address, or no records of that time.
- `table.public_addresses()` lists the addresses that the records translate to.

Who held the inside address at the time is then said by `lamsach.devices.leases.LeaseTable`.
"""

from lamsach.devices.nat.records import Kind, NatRecord, protocol_number
from lamsach.devices.nat.table import MOST_CANDIDATES, Candidate, Certainty, NatTable

__all__ = ["MOST_CANDIDATES", "Candidate", "Certainty", "Kind", "NatRecord", "NatTable", "protocol_number"]

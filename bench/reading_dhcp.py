"""Lines of DHCP servers that only `bench.reading` reads; see also `reading_lines`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.reading_lines import Values


def dhcpd_messages(v: Values) -> str:
    """Return the messages of a server for a thousand machines that renew their leases."""
    number, moment = v.below(1000), v.tick()
    address = f"10.4.{number // 250}.{number % 250 + 2}"
    mac = f"02:00:5e:10:{number // 250:02x}:{number % 250:02x} (PC-{number:04d}) via eth0"
    return f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S} dhcp01 dhcpd[812]: " + (
        f"DHCPACK on {address} to {mac}",
        f"DHCPREQUEST for {address} from {mac}",
        f"DHCPREQUEST for {address} (10.4.0.1) from {mac}",
        f"DHCPDISCOVER from {mac}",
        f"DHCPOFFER on {address} to {mac}",
    )[min(v.below(8), 4) if v.below(2) else v.below(2)]  # fmt: skip


def kea_messages(v: Values) -> str:
    """Return the same of Kea, in its own log file."""
    number = v.below(1000)
    mac = f"02:00:5e:10:{number // 250:02x}:{number % 250:02x}"
    does = (
        ("ALLOC", "has been allocated for 3600 seconds") if v.below(4) else ("ADVERT", "will be advertised")
    )
    return (
        f"{v.tick():%Y-%m-%d %H:%M:%S}.{v.below(1000):03d} INFO  "
        f"[kea-dhcp4.leases/812.14073748835{v.below(4)}] DHCP4_LEASE_{does[0]} [hwtype=1 {mac}], "
        f"cid=[01:{mac}], "
        f"tid=0x{v.below(2**32):x}: lease 10.4.{number // 250}.{number % 250 + 2} {does[1]}"
    )


AUDIT_HEAD = (
    "\t\tMicrosoft DHCP Service Activity Log\n\nEvent ID  Meaning\n00\tThe log was started.\n\n"
    "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, "
    "QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),"
    "UserClass(ASCII),RelayAgentInformation,DnsRegError."
)


def windows_dhcp_audit(v: Values) -> str:
    moment = v.tick()
    return (
        f"11,{moment:%m/%d/%y,%H:%M:%S},Renew,{v.pick(v.inside)},PC-{v.below(2000):04d}.unit.example,"
        f"02005E10{v.below(65536):04X},,{v.below(2**32)},0,,,,0x4D53465420352E30,MSFT 5.0,,,,0"
    )

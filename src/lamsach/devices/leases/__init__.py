"""DHCP leases as intervals of time: who held an address at a given moment."""

from lamsach.devices.leases.table import DEFAULT_LENGTH, Lease, LeaseConflict, LeaseTable

__all__ = ["DEFAULT_LENGTH", "Lease", "LeaseConflict", "LeaseTable"]

"""Holder of an address at a given moment: leases and sessions as intervals, and observations."""

from lamsach.devices.leases.observations import Observation
from lamsach.devices.leases.table import DEFAULT_LENGTH, SESSION_LENGTH, Lease, LeaseConflict, LeaseTable

__all__ = ["DEFAULT_LENGTH", "SESSION_LENGTH", "Lease", "LeaseConflict", "LeaseTable", "Observation"]

"""From a hunt's matches to machines: leases, inventory, infrastructure, and the device's state."""

"""From what the hunt saw to whose machine it was: leases, inventory, infrastructure, and the
device's state.
"""

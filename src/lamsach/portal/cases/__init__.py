"""Cases: from a finding to a machine verified clean."""

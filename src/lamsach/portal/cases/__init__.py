"""Cases: from a finding to a machine that is verified clean."""

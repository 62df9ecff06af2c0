"""People: accounts, invitations, the first set-up."""

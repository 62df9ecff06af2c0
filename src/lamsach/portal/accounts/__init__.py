"""Accounts, invitations and the initial set-up."""

"""Commands of the portal's administrators: serve, service, manage, backup and restore."""

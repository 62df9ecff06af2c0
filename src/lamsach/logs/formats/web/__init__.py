"""Web servers, reverse proxies and their firewalls."""

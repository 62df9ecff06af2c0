"""Web proxies."""

"""Shared by all apps of the portal: page frame, forms, languages, headers, access, rate limits."""

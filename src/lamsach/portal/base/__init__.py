"""Shared by every app of the portal: page frame, forms, languages, headers, doors, rate limits."""

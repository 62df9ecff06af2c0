"""Vietnamese texts of `lamsach.results`."""

RESULTS: dict[str, str] = {}

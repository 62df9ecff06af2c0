"""Vietnamese texts of `lamsach.indicators`."""

INDICATORS: dict[str, str] = {}

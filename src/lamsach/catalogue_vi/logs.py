"""Vietnamese texts of `lamsach.logs`."""

LOGS: dict[str, str] = {}

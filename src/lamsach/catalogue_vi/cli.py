"""Vietnamese texts of `lamsach.cli`."""

CLI: dict[str, str] = {}

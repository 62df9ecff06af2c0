"""Vietnamese texts of `lamsach.devices`."""

DEVICES: dict[str, str] = {}

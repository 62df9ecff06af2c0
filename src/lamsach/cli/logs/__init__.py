"""Commands of `lamsach logs`."""

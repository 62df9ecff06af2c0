"""Network access: wireless and RADIUS."""

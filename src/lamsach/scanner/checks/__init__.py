"""Checks of a machine apart from its files: functions of a `Context`, listed in `full_scan.CHECKS`."""

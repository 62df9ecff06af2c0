"""Commands of the endpoint scanner: `lamsach scan` and `lamsach quarantine`."""

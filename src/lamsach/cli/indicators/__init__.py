"""Commands of `lamsach indicators`: read, check, explain, review, export, fetch, releases."""

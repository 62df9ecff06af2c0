"""The Vietnamese texts, by their English originals (see `lamsach.i18n`). Terms follow docs/glossary.md."""

VIETNAMESE: dict[str, str] = {}

"""SQLite: `INSERT OR REPLACE` puts a row in another's place without asking the trigger against deleting. PostgreSQL has nothing like it."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_NO_REPLACING = (
    "CREATE TRIGGER audit_no_replacing BEFORE INSERT ON audit_entry WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be changed'); END"
)


def _guard(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute(_NO_REPLACING)


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("audit", "0002_append_only")]
    operations = [migrations.RunPython(_guard, migrations.RunPython.noop)]

"""The database itself refuses to change or delete a row of the audit trail."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_REFUSE = "SELECT RAISE(ABORT, 'the audit trail cannot be changed');"
_SQLITE = (
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit_entry BEGIN {_REFUSE} END",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entry BEGIN {_REFUSE} END",
    # `INSERT OR REPLACE` puts a row in another's place without asking the trigger against deleting; PostgreSQL has nothing like it.
    "CREATE TRIGGER audit_no_replacing BEFORE INSERT ON audit_entry WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id) "
    f"BEGIN {_REFUSE} END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit trail cannot be changed'; END $$",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
)


def _guard(apps: Any, editor: Any) -> None:
    for statement in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL:
        editor.execute(statement)


class Migration(migrations.Migration):
    """Adds the triggers."""

    replaces = [("audit", "0002_append_only"), ("audit", "0003_no_replacing")]
    dependencies = [("audit", "0001_baseline")]
    operations = [migrations.RunPython(_guard, migrations.RunPython.noop)]

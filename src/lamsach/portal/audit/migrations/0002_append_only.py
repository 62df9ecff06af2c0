"""The database itself refuses to change or delete a row of the audit trail."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_SQLITE = (
    "CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be changed'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be changed'); END",
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

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(_guard, migrations.RunPython.noop)]

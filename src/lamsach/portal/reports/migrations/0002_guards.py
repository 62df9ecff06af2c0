"""The database itself refuses to change a frozen report, and a step of its history."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_SQLITE = (
    "CREATE TRIGGER reports_frozen BEFORE UPDATE ON reports_report WHEN OLD.state = 'frozen' "
    "BEGIN SELECT RAISE(ABORT, 'a frozen report cannot be changed'); END",
    "CREATE TRIGGER reports_steps BEFORE UPDATE ON reports_step "
    "BEGIN SELECT RAISE(ABORT, 'the history of a report cannot be changed'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION reports_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'a frozen report cannot be changed'; END $$",
    "CREATE TRIGGER reports_frozen BEFORE UPDATE ON reports_report FOR EACH ROW "
    "WHEN (OLD.state = 'frozen') EXECUTE FUNCTION reports_refuse()",
    "CREATE TRIGGER reports_steps BEFORE UPDATE ON reports_step FOR EACH ROW EXECUTE FUNCTION reports_refuse()",
)


def _guard(apps: Any, editor: Any) -> None:
    for statement in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL:
        editor.execute(statement)


class Migration(migrations.Migration):
    """Adds the triggers."""

    replaces = [("reports", "0002_frozen")]
    dependencies = [("reports", "0001_baseline")]
    operations = [migrations.RunPython(_guard, migrations.RunPython.noop)]

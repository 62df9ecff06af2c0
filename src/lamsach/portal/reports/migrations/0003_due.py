"""A report keeps no deadline of its own: a request that was granted is a move for one unit."""

from typing import Any

from django.db import migrations

_AGAIN = (
    "CREATE TRIGGER IF NOT EXISTS reports_frozen BEFORE UPDATE ON reports_report WHEN OLD.state = 'frozen' "
    "BEGIN SELECT RAISE(ABORT, 'a frozen report cannot be changed'); END"
)


def _granted(apps: Any, editor: Any) -> None:
    moves = apps.get_model("campaigns", "DeadlineMove").objects
    taking_part = apps.get_model("campaigns", "Participation").objects
    for one in apps.get_model("reports", "Extension").objects.filter(granted=True).order_by("pk"):
        whose = {"campaign_id": one.campaign_id, "unit_id": one.unit_id}
        moves.create(kind="report", scope="one", day=one.until, reason=one.reason, by_id=one.decided_by_id, **whose)
        taking_part.filter(**whose).update(report_due=one.until)


def _guard(apps: Any, editor: Any) -> None:
    """SQLite changes a column by writing the table anew, which loses its triggers."""
    if editor.connection.vendor == "sqlite":
        editor.execute(_AGAIN)


class Migration(migrations.Migration):
    """Removes the column."""

    dependencies = [("reports", "0002_guards"), ("campaigns", "0002_deadlines")]

    operations = [
        migrations.RunPython(_granted, migrations.RunPython.noop),
        migrations.RemoveField("report", "due"),
        migrations.RunPython(_guard, migrations.RunPython.noop),
    ]

"""The common cache. PostgreSQL keeps no log of it: after a crash it is empty, as a web process's memory would be."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def _no_log(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE base_remembered SET UNLOGGED")


class Migration(migrations.Migration):
    """Makes the table."""

    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="Remembered",
            fields=[
                ("key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("count", models.BigIntegerField(null=True)),
                ("value", models.TextField(blank=True)),
                ("expires", models.DateTimeField(db_index=True, null=True)),
            ],
        ),
        migrations.RunPython(_no_log, migrations.RunPython.noop),
    ]

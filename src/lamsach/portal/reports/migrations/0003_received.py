"""Reports that come from outside: the filled forms that wait for confirmation, and reports that nobody here began."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_AGAIN = (
    "CREATE TRIGGER IF NOT EXISTS reports_frozen BEFORE UPDATE ON reports_report WHEN OLD.state = 'frozen' "
    "BEGIN SELECT RAISE(ABORT, 'a frozen report cannot be changed'); END"
)


def _guard(apps: Any, editor: Any) -> None:
    """SQLite changes a column by writing the table anew, which loses its triggers."""
    if editor.connection.vendor == "sqlite":
        editor.execute(_AGAIN)


class Migration(migrations.Migration):
    """Adds the table of received forms."""

    dependencies = [
        ("campaigns", "0002_materials"),
        ("reports", "0002_frozen"),
        ("units", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AlterField(
            model_name="report",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(_guard, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Received",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("mail", "by e-mail"),
                            ("stick", "by an exchange file"),
                            ("upload", "as a file"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for confirmation"),
                            ("filed", "Filed"),
                            ("dismissed", "Set aside"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("found_by", models.CharField(blank=True, max_length=10)),
                ("sender", models.CharField(blank=True, max_length=254)),
                ("name", models.CharField(max_length=200)),
                ("path", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("values", models.JSONField(default=list)),
                ("received", models.DateTimeField()),
                ("decided", models.DateTimeField(null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="received",
                        to="reports.report",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="units.unit",
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [models.Index(fields=["state", "unit"], name="reports_rec_state_0dff55_idx")],
            },
        ),
    ]

"""Who signs with whose authority. Nullable, so that SQLite adds the column without making the table anew: its triggers stay."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the column."""

    dependencies = [("reports", "0003_received")]
    operations = [
        migrations.AddField(
            "report",
            "authority",
            models.CharField(
                "Authority of who signs",
                blank=True,
                help_text="A line before the position, such as KT. GIÁM ĐỐC or TL. BỘ TRƯỞNG. Mostly empty.",
                max_length=200,
                null=True,
            ),
        )
    ]

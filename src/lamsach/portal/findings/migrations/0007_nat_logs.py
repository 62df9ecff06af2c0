"""A file of a hunt may be a gateway's NAT log; the same file may be both, searched and read for its translations."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the column; the name is unique for each use."""

    dependencies = (("findings", "0006_months"),)
    operations = (
        migrations.AddField("huntfile", "nat", models.BooleanField(default=False, db_default=False)),
        migrations.RemoveConstraint("huntfile", "findings_one_file"),
        migrations.AddConstraint(
            "huntfile",
            models.UniqueConstraint(fields=("hunt", "name", "size", "nat"), name="findings_one_file_a_use"),
        ),
    )

"""What all machines on one database have in common."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the table."""

    dependencies = [("base", "0001_remembered")]
    operations = [
        migrations.CreateModel(
            name="Agreed",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("value", models.CharField(max_length=64)),
            ],
        ),
    ]

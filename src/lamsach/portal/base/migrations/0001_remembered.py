"""The common cache, and what all machines on one database agree on. PostgreSQL keeps no log of the cache: after a crash it is empty."""

from typing import Any

from django.db import migrations, models


def _no_log(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE base_remembered SET UNLOGGED")


class Migration(migrations.Migration):
    replaces = [('base', '0002_agreed')]
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Remembered',
            fields=[
                ('key', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('count', models.BigIntegerField(null=True)),
                ('value', models.TextField(blank=True)),
                ('expires', models.DateTimeField(db_index=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Agreed',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('value', models.CharField(max_length=64)),
            ],
        ),
        migrations.RunPython(_no_log, migrations.RunPython.noop),
    ]

"""The schema of the first release; the database itself refuses to change or delete a row of the audit trail."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

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
    replaces = [('audit', '0001_initial'), ('audit', '0002_append_only'), ('audit', '0003_no_replacing'), ('audit', '0002_guards')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('time', models.DateTimeField(db_index=True)),
                ('who', models.CharField(blank=True, max_length=254)),
                ('address', models.CharField(blank=True, max_length=64)),
                ('action', models.CharField(db_index=True, max_length=60)),
                ('object_type', models.CharField(blank=True, max_length=40)),
                ('object_id', models.BigIntegerField(null=True)),
                ('unit_id', models.BigIntegerField(null=True)),
                ('details', models.JSONField(default=dict)),
                ('user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['object_type', 'object_id'], name='audit_entry_object__d8644d_idx')],
            },
        ),
        migrations.RunPython(_guard, migrations.RunPython.noop),
    ]

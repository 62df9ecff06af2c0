"""What a bundle says of a sighting names the sighting's day too. On PostgreSQL the database fills it in where a process of the version before leaves it out."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION findings_part_fill() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN SELECT day INTO NEW.day FROM findings_sighting WHERE id = NEW.sighting_id; RETURN NEW; END $$",
    "CREATE TRIGGER findings_part_day BEFORE INSERT ON findings_part FOR EACH ROW WHEN (NEW.day IS NULL) "
    "EXECUTE FUNCTION findings_part_fill()",
)


def _fill_in(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in _POSTGRESQL:
            editor.execute(statement)


class Migration(migrations.Migration):
    """Adds the column."""

    dependencies = [("findings", "0004_marks")]
    operations = [
        migrations.AddField("part", "day", models.DateField(null=True)),
        migrations.RunPython(_fill_in, migrations.RunPython.noop),
    ]

"""Figures of units under a partner's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds a column and its index."""

    dependencies = [("exchange", "0002_connected")]

    operations = [
        migrations.AddField("statedcounts", "inner", models.BooleanField(db_default=False, default=False)),
        migrations.AddIndex("statedcounts", models.Index(fields=["campaign", "unit", "day"], name="exchange_stated_by_unit")),
    ]

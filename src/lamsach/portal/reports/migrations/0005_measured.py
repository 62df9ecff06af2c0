"""The computed object of a report, kept with it. Nullable, so that SQLite adds the column without making the table anew: its triggers stay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_authority")]

    operations = [migrations.AddField("report", "measured", models.JSONField(null=True))]

"""The computed object of a report, kept with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_authority")]

    operations = [migrations.AddField("report", "measured", models.JSONField(default=dict))]

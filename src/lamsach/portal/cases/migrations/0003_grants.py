"""Grants name the unit that they are to. Those from before named none: they are ended by going."""

import django.db.models.deletion
from django.db import migrations, models


def end_all(apps, schema_editor):
    apps.get_model("cases", "Grant").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0002_initial"),
        ("units", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(end_all, migrations.RunPython.noop),
        migrations.AlterModelOptions(name="grant", options={"ordering": ("-pk",)}),
        migrations.AddField(
            "grant",
            "to",
            models.ForeignKey(
                default=0, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="units.unit"
            ),
            preserve_default=False,
        ),
        migrations.AddField("grant", "reason", models.CharField(blank=True, max_length=500)),
        migrations.AddField("grant", "ended", models.DateTimeField(null=True)),
    ]

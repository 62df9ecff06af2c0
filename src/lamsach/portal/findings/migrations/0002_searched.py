"""With which list a day was searched, what the lists hold, and on which days machines were seen."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0001_initial"),
        ("findings", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint("coverageday", "findings_one_coverage"),
        migrations.AddField("coverageday", "digest", models.CharField(blank=True, default="", max_length=64), preserve_default=False),
        migrations.AddField("coverageday", "format", models.CharField(blank=True, default="", max_length=60), preserve_default=False),
        migrations.AddConstraint(
            "coverageday",
            models.UniqueConstraint(fields=("campaign", "unit", "observer", "day", "digest"), name="findings_one_coverage"),
        ),
        migrations.CreateModel(
            name="Composition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("lists", models.JSONField(default=list)),
                ("campaign", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="campaigns.campaign")),
            ],
        ),
        migrations.AddConstraint(
            "composition", models.UniqueConstraint(fields=("campaign", "digest"), name="findings_one_composition")
        ),
        migrations.CreateModel(
            name="Contained",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("indicator", models.CharField(max_length=500)),
                ("campaign", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="campaigns.campaign")),
            ],
        ),
        migrations.AddConstraint(
            "contained",
            models.UniqueConstraint(fields=("campaign", "digest", "indicator"), name="findings_one_contained"),
        ),
        migrations.CreateModel(
            name="AliveDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("device", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="alive_days", to="findings.device")),
            ],
        ),
        migrations.AddConstraint(
            "aliveday", models.UniqueConstraint(fields=("device", "day"), name="findings_one_alive_day")
        ),
    ]

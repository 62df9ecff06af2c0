"""Adds the counters; `counters.install` lays their triggers, once all tables are there, and counts."""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):

    dependencies = [("units", "0002_headings")]

    operations = [
        migrations.AddIndex(
            model_name="unit", index=models.Index(Lower("email"), name="units_unit_address")
        ),
        migrations.CreateModel(
            name="Changed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unit", models.PositiveBigIntegerField()),
                ("campaign", models.PositiveBigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.PositiveSmallIntegerField()),
                ("unit", models.PositiveBigIntegerField()),
                ("campaign", models.PositiveBigIntegerField()),
                ("what", models.CharField(max_length=24)),
                ("day", models.DateField()),
                ("n", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scope", "unit", "campaign", "what", "day"), name="units_one_counter"
                    )
                ],
            },
        ),
    ]

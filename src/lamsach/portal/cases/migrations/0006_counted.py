"""Indexes that hold all that the counts of cases read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0005_reminded"),
    ]

    operations = [
        migrations.RemoveIndex("span", "cases_span_campaig_273f4b_idx"),
        migrations.AddIndex(
            "span",
            models.Index(
                fields=["campaign", "known_until", "valid_until", "valid_from", "unit", "state"],
                name="cases_span_counted",
            ),
        ),
        migrations.AddIndex(
            "case", models.Index(fields=["unit", "superseded", "state", "due"], name="cases_case_counted")
        ),
    ]

"""How far people have been reminded of a case."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_handling"),
    ]

    operations = [
        migrations.AddField(
            "case",
            "reminded",
            models.PositiveSmallIntegerField(
                choices=[(0, "not yet"), (1, "nearly due"), (2, "overdue"), (3, "the unit above was told")], default=0
            ),
        ),
    ]

"""Partners by HTTPS; what a partner holds; what is returned after a restore."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds columns."""

    dependencies = [("exchange", "0001_baseline"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField("partner", "holds", models.JSONField(null=True)),
        migrations.AddField("partner", "restored", models.DateTimeField(null=True)),
        migrations.AddField("partner", "owes", models.BooleanField(default=False)),
        migrations.AddField("partner", "online_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        migrations.AddField("partner", "url", models.CharField(blank=True, default="", max_length=500), preserve_default=False),
        migrations.AddField("partner", "last", models.DateTimeField(null=True)),
        migrations.AddField("partner", "problem", models.CharField(blank=True, default="", max_length=400), preserve_default=False),
        migrations.AddField("partner", "clock_off_s", models.IntegerField(null=True)),
        migrations.AddField("partner", "held", models.JSONField(default=dict)),
    ]

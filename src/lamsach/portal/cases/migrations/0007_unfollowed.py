"""Why a machine was called cleaned though no step of its playbook was done."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_counted")]

    operations = [
        migrations.AddField("step", "unfollowed", models.CharField(max_length=2000, blank=True, default="", db_default="")),
    ]

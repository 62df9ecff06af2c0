from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0007_nat_logs")]

    operations = [
        migrations.AddField(model_name="bundle", name="to_look_at", field=models.JSONField(default=list)),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_baseline")]
    operations = [
        migrations.RemoveField("clock", "turns"),
        migrations.AddField("clock", "attempts", models.PositiveIntegerField(default=0)),
    ]

"""What another portal states of its units."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds columns."""

    dependencies = [("campaigns", "0002_deadlines")]

    operations = [
        migrations.AddField("participation", "searched_on", models.DateField(null=True)),
        migrations.AddField("participation", "reported_on", models.DateField(null=True)),
        migrations.AddField("participation", "stated", models.BooleanField(db_default=False, default=False)),
    ]

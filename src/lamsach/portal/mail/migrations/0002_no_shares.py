from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_baseline")]
    operations = [
        migrations.DeleteModel("Share"),
        migrations.AlterField("letter", "sent", models.DateTimeField(db_index=True, null=True)),
    ]

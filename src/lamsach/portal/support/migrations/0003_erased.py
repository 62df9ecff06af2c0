from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('support', '0002_knowledge'),
    ]

    operations = [
        migrations.AddField(
            model_name='question',
            name='erased',
            field=models.DateTimeField(null=True),
        ),
    ]

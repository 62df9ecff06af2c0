from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('findings', '0002_searched'),
    ]

    operations = [
        migrations.AlterField(
            model_name='bundle',
            name='way',
            field=models.CharField(choices=[('upload', 'Upload'), ('api', 'Sent by the program'), ('signed', 'Signed file'), ('browser', 'Hunt in the portal'), ('trace', 'Trace of public addresses')], max_length=10),
        ),
    ]

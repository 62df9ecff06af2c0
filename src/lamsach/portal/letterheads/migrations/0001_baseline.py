"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("letterheads", "0001_initial")]
    initial = True

    dependencies = [
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Letterhead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('parent_body', models.CharField(blank=True, help_text="Printed above the issuer's name. Empty: the unit above in the portal.", max_length=300, verbose_name='Body above, as documents name it')),
                ('no_parent', models.BooleanField(default=False, verbose_name="Documents name no body above (a ministry, a people's committee)")),
                ('body', models.CharField(blank=True, help_text="Empty: the unit's name in the portal.", max_length=300, verbose_name='Issuer, as documents name it')),
                ('place', models.CharField(blank=True, help_text='Before the date, such as Hà Nội.', max_length=60, verbose_name='Place')),
                ('abbreviation', models.CharField(blank=True, help_text='For the symbol of documents, such as TTCNTT.', max_length=40, verbose_name='Abbreviation of the issuer')),
                ('office', models.CharField(blank=True, help_text='For the symbol of dispatches and for the filed copy, such as KTHT.', max_length=40, verbose_name='Abbreviation of the drafting office')),
                ('authority', models.CharField(blank=True, help_text='A line before the position, such as KT. GIÁM ĐỐC or TL. BỘ TRƯỞNG. Mostly empty.', max_length=200, verbose_name='Authority of who signs')),
                ('position', models.CharField(blank=True, max_length=200, verbose_name='Position of who signs')),
                ('signer', models.CharField(blank=True, max_length=200, verbose_name='Name of who signs')),
                ('copies', models.TextField(blank=True, help_text='One a line. The first line (Như trên) and the last (Lưu: VT) are set by themselves.', max_length=2000, verbose_name='Recipients of copies')),
                ('address', models.CharField(blank=True, help_text='Address, phone, e-mail in one line. It may be left empty.', max_length=300, verbose_name='Address at the foot of dispatches')),
                ('version', models.PositiveIntegerField(default=1)),
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='letterhead', to='units.unit')),
            ],
        ),
    ]

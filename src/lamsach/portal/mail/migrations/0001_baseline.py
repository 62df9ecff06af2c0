"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
import lamsach.portal.base.plain_json
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('mail', '0001_initial'), ('mail', '0002_incoming'), ('mail', '0003_plain_json'), ('mail', '0004_common'), ('mail', '0005_share'), ('mail', '0002_no_shares')]
    initial = True

    dependencies = [
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='BadAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True)),
                ('since', models.DateTimeField()),
                ('last', models.DateTimeField()),
                ('times', models.PositiveIntegerField(default=1)),
                ('permanent', models.BooleanField(default=False)),
                ('status', models.CharField(blank=True, max_length=12)),
                ('reason', models.CharField(blank=True, max_length=400)),
            ],
        ),
        migrations.CreateModel(
            name='Common',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('context', models.JSONField(encoder=lamsach.portal.base.plain_json.PlainEncoder)),
            ],
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(max_length=40)),
                ('about', models.CharField(blank=True, max_length=60)),
                ('to', models.EmailField(max_length=254, verbose_name='Recipient')),
                ('language', models.CharField(default='vi', max_length=2)),
                ('context', models.JSONField(default=dict, encoder=lamsach.portal.base.plain_json.PlainEncoder)),
                ('attachments', models.JSONField(default=list)),
                ('subject', models.CharField(blank=True, max_length=300, verbose_name='Subject')),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('claimed', 'Being prepared'), ('handing', 'Being sent'), ('sent', 'Sent'), ('failed', 'Refused'), ('uncertain', 'Perhaps sent'), ('cancelled', 'Not sent'), ('bounced', 'Came back')], default='queued', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created', models.DateTimeField()),
                ('next_attempt', models.DateTimeField(db_index=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('sent', models.DateTimeField(db_index=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=500)),
                ('common', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mail.common')),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'indexes': [models.Index(fields=['state', 'next_attempt'], name='mail_letter_state_3ac8cc_idx'), models.Index(fields=['unit', '-id'], name='mail_letter_unit_id_f4a123_idx')],
            },
        ),
        migrations.CreateModel(
            name='Incoming',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('kind', models.CharField(choices=[('reply', 'Answer to a letter'), ('question', 'Question'), ('bounce', 'Delivery report'), ('automatic', 'Automatic message'), ('refused', 'Not readable')], max_length=10)),
                ('received', models.DateTimeField()),
                ('sender', models.CharField(blank=True, max_length=254, verbose_name='Sender')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='Subject')),
                ('text', models.TextField(blank=True)),
                ('target', models.CharField(blank=True, max_length=60)),
                ('path', models.CharField(blank=True, max_length=200)),
                ('size', models.BigIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=500)),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
                ('letter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='mail.letter')),
            ],
            options={
                'indexes': [models.Index(fields=['unit', '-id'], name='mail_incomi_unit_id_472146_idx'), models.Index(fields=['sender', 'received'], name='mail_incomi_sender_9ddb41_idx')],
            },
        ),
    ]

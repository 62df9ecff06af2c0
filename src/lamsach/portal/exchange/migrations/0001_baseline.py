"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('exchange', '0001_initial'), ('exchange', '0002_stated'), ('exchange', '0003_renewed'), ('exchange', '0004_sealed'), ('exchange', '0002_connected'), ('exchange', '0003_inner')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0001_baseline'),
        ('cases', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Happening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cases.step')),
            ],
        ),
        migrations.CreateModel(
            name='MispServer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(max_length=500, verbose_name='Address')),
                ('api_key', models.TextField()),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('ended', models.DateTimeField(null=True)),
                ('last', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='misp_servers', to='units.unit')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='OwnKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=60, unique=True)),
                ('public', models.TextField()),
                ('private', models.TextField()),
                ('succession', models.CharField(blank=True, max_length=100)),
                ('made', models.DateTimeField(auto_now_add=True)),
                ('retired', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('previous', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.ownkey')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exchange_keys', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('retired', None)), fields=('unit',), name='exchange_one_key')],
            },
        ),
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60, verbose_name='Code of the other unit')),
                ('name', models.CharField(max_length=300, verbose_name='Name of the other unit')),
                ('above', models.BooleanField(verbose_name='It is above ours')),
                ('recipient', models.CharField(blank=True, max_length=100)),
                ('sent', models.BigIntegerField(default=0)),
                ('seen', models.BigIntegerField(default=0)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('ended', models.DateTimeField(null=True)),
                ('holds', models.JSONField(null=True)),
                ('restored', models.DateTimeField(null=True)),
                ('owes', models.BooleanField(default=False)),
                ('url', models.CharField(blank=True, max_length=500)),
                ('last', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('clock_off_s', models.IntegerField(null=True)),
                ('held', models.JSONField(default=dict)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exchange_partners', to='units.unit', verbose_name='Our unit')),
                ('online_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('name', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('unit', 'code'), name='exchange_one_partner')],
            },
        ),
        migrations.CreateModel(
            name='Counterpart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('theirs', models.CharField(max_length=80)),
                ('ours', models.BigIntegerField()),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='counterparts', to='exchange.partner')),
            ],
            options={
                'indexes': [models.Index(fields=['kind', 'ours'], name='exchange_co_kind_4a6543_idx')],
                'constraints': [models.UniqueConstraint(fields=('partner', 'kind', 'theirs'), name='exchange_one_counterpart')],
            },
        ),
        migrations.CreateModel(
            name='PartnerKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=60)),
                ('public', models.TextField()),
                ('trusted', models.CharField(choices=[('compared', 'fingerprint compared'), ('succeeded', 'named by the key before it')], max_length=10)),
                ('added', models.DateTimeField(auto_now_add=True)),
                ('ended', models.DateTimeField(null=True)),
                ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='exchange.partner')),
            ],
            options={
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(fields=('partner', 'fingerprint'), name='exchange_one_partner_key')],
            },
        ),
        migrations.CreateModel(
            name='SealingKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public', models.CharField(max_length=100, unique=True)),
                ('private', models.TextField()),
                ('made', models.DateTimeField(auto_now_add=True)),
                ('retired', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sealing_keys', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('retired', None)), fields=('unit',), name='exchange_one_sealing_key')],
            },
        ),
        migrations.CreateModel(
            name='Sent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kinds', models.JSONField(default=list)),
                ('counter', models.BigIntegerField()),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(default=0)),
                ('recipient', models.CharField(blank=True, max_length=100)),
                ('made', models.DateTimeField(auto_now_add=True)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.ownkey')),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files_sent', to='exchange.partner')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(fields=('partner', 'counter'), name='exchange_one_sent')],
            },
        ),
        migrations.CreateModel(
            name='StatedCounts',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('counter', models.BigIntegerField()),
                ('counts', models.JSONField(default=dict)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('inner', models.BooleanField(db_default=False, default=False)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stated', to='exchange.partner')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'ordering': ('-day', '-counter', '-pk'),
                'indexes': [models.Index(fields=['campaign', 'day'], name='exchange_stated_counted'), models.Index(fields=['campaign', 'unit', 'day'], name='exchange_stated_by_unit')],
                'constraints': [models.UniqueConstraint(fields=('unit', 'campaign', 'day', 'partner', 'counter'), name='exchange_one_statement')],
            },
        ),
        migrations.CreateModel(
            name='Taken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kinds', models.JSONField(default=list)),
                ('counter', models.BigIntegerField()),
                ('fingerprint', models.CharField(max_length=60)),
                ('result', models.JSONField(default=dict)),
                ('sha256', models.CharField(max_length=64)),
                ('made', models.DateTimeField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files_taken', to='exchange.partner')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(fields=('partner', 'counter'), name='exchange_one_taken')],
            },
        ),
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('done', models.DateTimeField(null=True)),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.partner')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(max_length=500, verbose_name='Address')),
                ('secret', models.TextField()),
                ('former', models.TextField(blank=True)),
                ('former_until', models.DateTimeField(null=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('ended', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to='units.unit')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=60, unique=True)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Delivered'), ('given_up', 'Given up')], default='waiting', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('next_attempt', models.DateTimeField()),
                ('delivered', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='exchange.webhook')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['state', 'next_attempt'], name='exchange_de_state_5089d8_idx')],
            },
        ),
        migrations.CreateModel(
            name='MispSighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('indicator', models.CharField(max_length=500)),
                ('day', models.DateField()),
                ('known', models.BooleanField()),
                ('server', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='told', to='exchange.mispserver')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('server', 'indicator', 'day'), name='exchange_one_misp')],
            },
        ),
    ]

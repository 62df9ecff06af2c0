"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("edxml", "0001_initial")]
    initial = True

    dependencies = [
        ('campaigns', '0001_baseline'),
        ('units', '0001_baseline'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(help_text='Small letters, digits and hyphens, such as truc-lien-thong.', max_length=40, unique=True, verbose_name='Name of the folder')),
                ('older_codes', models.BooleanField(default=False, verbose_name='Write unit identifiers in the older form (000.00.12.G06)')),
                ('must_be_signed', models.BooleanField(default=False, help_text='A file whose signature is not valid is refused in any case.', verbose_name='Take only files with a valid signature')),
                ('certificates', models.TextField(blank=True, help_text='PEM, one after the other: of those who sign, or of those who issued their certificates.', verbose_name='Trusted certificates')),
                ('locked_key', models.TextField(blank=True)),
                ('signer', models.CharField(blank=True, max_length=300)),
                ('url', models.URLField(blank=True, max_length=500)),
                ('locked_headers', models.TextField(blank=True)),
                ('paths', models.JSONField(default=dict)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('ended', models.DateTimeField(null=True)),
                ('last', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='edxml_connections', to='units.unit', verbose_name='Our unit')),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outgoing', models.BooleanField(default=False)),
                ('way', models.CharField(choices=[('upload', 'as an uploaded file'), ('mail', 'by e-mail'), ('folder', 'by the folder'), ('rest', 'by the service')], max_length=10)),
                ('state', models.CharField(choices=[('waiting', 'Waits for a decision'), ('taken', 'Accepted'), ('aside', 'Set aside'), ('refused', 'Refused'), ('queued', 'On its way out'), ('sent', 'Sent'), ('failed', 'Could not be sent')], max_length=10)),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(blank=True, max_length=10)),
                ('document_id', models.CharField(blank=True, max_length=300)),
                ('document_key', models.CharField(blank=True, db_index=True, max_length=300)),
                ('number', models.CharField(blank=True, max_length=60)),
                ('day', models.DateField(null=True)),
                ('due', models.DateField(null=True)),
                ('subject', models.CharField(blank=True, max_length=1000)),
                ('body', models.TextField(blank=True)),
                ('type', models.CharField(blank=True, max_length=100)),
                ('status', models.CharField(blank=True, max_length=10)),
                ('reason', models.TextField(blank=True)),
                ('time', models.DateTimeField(null=True)),
                ('sender_code', models.CharField(blank=True, max_length=60)),
                ('sender_name', models.CharField(blank=True, max_length=300)),
                ('recipients', models.JSONField(default=list)),
                ('answers', models.JSONField(default=list)),
                ('answered_key', models.CharField(blank=True, db_index=True, max_length=300)),
                ('signature', models.CharField(default='none', max_length=10)),
                ('signature_reason', models.CharField(blank=True, max_length=200)),
                ('signed_by', models.CharField(blank=True, max_length=300)),
                ('files', models.JSONField(default=list)),
                ('missing', models.JSONField(default=list)),
                ('path', models.CharField(blank=True, max_length=200)),
                ('size', models.BigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='edxml_messages', to='campaigns.campaign')),
                ('connection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='edxml.connection')),
                ('dispatch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='edxml_messages', to='campaigns.dispatch')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='edxml_messages', to='units.unit')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['outgoing', 'state', 'next_attempt'], name='edxml_to_deliver')],
            },
        ),
    ]

"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
import django.utils.timezone
import lamsach.i18n
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('accounts', '0001_initial'), ('accounts', '0003_daily_letter')]
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='E-mail')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='Full name')),
                ('phone', models.CharField(blank=True, max_length=50, verbose_name='Phone')),
                ('language', models.CharField(choices=lamsach.i18n.language_choices, default='vi', max_length=2, verbose_name='Language')),
                ('is_active', models.BooleanField(default=True)),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
                ('last_seen', models.DateTimeField(null=True)),
                ('locked', models.DateTimeField(null=True)),
                ('daily_letter', models.BooleanField(default=True, verbose_name='A letter each working day with what waits for me')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SetUpLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('used', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='E-mail')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='Full name')),
                ('role', models.CharField(choices=[('authority', 'Authority'), ('coordinator', 'Coordinator'), ('officer', 'Officer'), ('reader', 'Reader'), ('helper', 'Helper'), ('administrator', 'Administrator')], max_length=20, verbose_name='Role')),
                ('nonce', models.CharField(max_length=43, unique=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('expires', models.DateTimeField()),
                ('accepted', models.DateTimeField(null=True)),
                ('withdrawn', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]

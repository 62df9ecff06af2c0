"""Playbooks, saved views, search, kinds of threat; when a history was known; machines that have to be seen."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("botnet", "Botnet"),
    ("stealer", "Password stealer"),
    ("miner", "Coin miner"),
    ("ransom", "Precursor of ransomware"),
    ("loader", "Loader from cracked software"),
    ("unknown", "Unknown kind"),
]
CAUSES = [
    ("bundle", "findings came in"),
    ("decision", "somebody took a step"),
    ("exception", "an exception was approved, ended or expired"),
    ("rules", "the rules of verification were changed"),
    ("time", "a day passed"),
    ("merge", "machines were joined or parted"),
]


def key():
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def user(**options):
    return models.ForeignKey(to=settings.AUTH_USER_MODEL, on_delete=django.db.models.deletion.PROTECT, related_name="+", **options)


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0001_initial"),
        ("cases", "0003_grants"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            "rules",
            "quiet_days",
            models.PositiveSmallIntegerField(default=14, verbose_name="Quiet days with logs until a machine is verified"),
        ),
        migrations.AddField(
            "rules",
            "alive_days",
            models.PositiveSmallIntegerField(
                default=3, verbose_name="On so many of these days the machine itself has to be seen"
            ),
        ),
        migrations.AddField("case", "kind", models.CharField(choices=KINDS, default="unknown", max_length=10)),
        migrations.AddField("case", "kind_chosen", models.BooleanField(default=False)),
        migrations.AddField("case", "alive", models.PositiveIntegerField(default=0)),
        migrations.AddIndex(
            "case", models.Index(fields=["severity", "due", "id"], name="cases_case_severit_52de5e_idx")
        ),
        migrations.AddField("span", "known_from", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField("span", "known_until", models.DateTimeField(null=True)),
        migrations.AddField("span", "cause", models.CharField(blank=True, choices=CAUSES, default="", max_length=10), preserve_default=False),
        migrations.AddField("span", "cause_id", models.BigIntegerField(null=True)),
        migrations.AddIndex(
            "span",
            models.Index(
                fields=["campaign", "known_until", "valid_from", "valid_until"], name="cases_span_campaig_273f4b_idx"
            ),
        ),
        migrations.CreateModel(
            name="Playbook",
            fields=[
                key(),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("version", models.PositiveIntegerField()),
                ("steps", models.JSONField(default=list)),
                ("made", models.DateTimeField(auto_now_add=True)),
                ("campaign", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="playbooks", to="campaigns.campaign")),
                ("user", user()),
            ],
            options={"ordering": ("-version",)},
        ),
        migrations.AddConstraint(
            "playbook",
            models.UniqueConstraint(fields=("campaign", "kind", "version"), name="cases_one_playbook_version"),
        ),
        migrations.CreateModel(
            name="Tick",
            fields=[
                key(),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("version", models.PositiveIntegerField()),
                ("step", models.CharField(max_length=40)),
                ("done", models.BooleanField(default=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("who", models.CharField(blank=True, max_length=254)),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="ticks", to="cases.case")),
                ("note", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.note")),
                ("user", user(null=True)),
            ],
            options={"ordering": ("pk",)},
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                key(),
                ("name", models.CharField(max_length=80, verbose_name="Name of the view")),
                ("query", models.CharField(max_length=500)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ("name",)},
        ),
        migrations.AddConstraint(
            "savedview", models.UniqueConstraint(fields=("user", "name"), name="cases_one_view_name")
        ),
        migrations.CreateModel(
            name="CaseText",
            fields=[
                ("case", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="text", serialize=False, to="cases.case")),
                ("shared", models.TextField(blank=True)),
                ("own", models.TextField(blank=True)),
            ],
        ),
    ]

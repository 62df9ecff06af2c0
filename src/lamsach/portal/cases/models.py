"""Cases: one device in one campaign each.

`Step` is the append-only history; `Span` is the state on each day, recomputed when evidence arrives late.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import State
from lamsach.portal.base.models import AppendOnly, unique
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings.models import Bundle, Device
from lamsach.portal.units.models import FOREVER, Unit


class CaseState(models.TextChoices):
    """State of a case. Verified, blind, reinfected and excepted follow from evidence only."""

    NEW = "new", _("New")
    TOLD = "told", _("Notified")
    ACCEPTED = "accepted", _("Taken on")
    WORKING = "working", _("Being handled")
    CLEANED = "cleaned", _("Cleaned")
    VERIFIED = "verified", _("Verified clean")
    REINFECTED = "reinfected", _("Reinfected")
    BLIND = "blind", _("Blind")
    FALSE_ALARM = "false_alarm", _("False alarm")
    EXCEPTED = "excepted", _("Exception")


class CaseSeverity(models.IntegerChoices):
    """Urgency, see `states.severity`."""

    HIGH = 1, _("High")
    MEDIUM = 2, _("Medium")
    LOW = 3, _("Low")
    WATCH = 4, _("To watch")


class ThreatKind(models.TextChoices):
    """Probable kind of malware, which determines the playbook."""

    BOTNET = "botnet", _("Botnet")
    STEALER = "stealer", _("Password stealer")
    MINER = "miner", _("Coin miner")
    RANSOM = "ransom", _("Precursor of ransomware")
    LOADER = "loader", _("Loader from cracked software")
    UNKNOWN = "unknown", _("Unknown kind")


class Reminder(models.IntegerChoices):
    """Reminders sent about a case."""

    NONE = 0, _("not yet")
    SOON = 1, _("nearly due")
    LATE = 2, _("overdue")
    ABOVE = 3, _("the unit above was informed")


class Rules(models.Model):
    """Verification rules: covered quiet days, days with the machine active, days without logs until blind."""

    campaign = models.OneToOneField(Campaign, models.PROTECT, related_name="case_rules")
    quiet_days = models.PositiveSmallIntegerField(
        _("Quiet days with logs until a machine is verified"), default=14
    )
    alive_days = models.PositiveSmallIntegerField(
        _("On so many of these days the machine itself has to be seen"), default=3
    )
    blind_after = models.PositiveSmallIntegerField(_("Blind after so many days without logs"), default=3)


class Case(models.Model):
    """Work on a device.

    `quiet` counts covered days since the cleaning, `alive` those on which the device was seen; `missing`:
    missing logs (`coverage.Gap`). `kind` follows from the threat's name unless chosen by a person.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="cases")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cases")
    device = models.ForeignKey(Device, models.PROTECT, related_name="cases")
    state = models.CharField(max_length=12, choices=CaseState.choices, default=CaseState.NEW)
    since = models.DateField()
    severity = models.PositiveSmallIntegerField(choices=CaseSeverity.choices)
    threat = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=ThreatKind.choices, default=ThreatKind.UNKNOWN)
    kind_chosen = models.BooleanField(default=False)
    indicators = models.PositiveIntegerField(default=0)
    count = models.BigIntegerField(default=0)
    first_seen = models.DateField(null=True)
    last_seen = models.DateField(null=True)
    due = models.DateTimeField()
    quiet = models.PositiveIntegerField(default=0)
    alive = models.PositiveIntegerField(default=0)
    missing = models.JSONField(default=list)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reminded = models.PositiveSmallIntegerField(choices=Reminder.choices, default=Reminder.NONE)
    person_name = models.CharField(_("Who uses the machine"), max_length=200, blank=True)
    person_email = models.EmailField(_("E-mail of the person"), blank=True)
    superseded = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("severity", "due", "pk")
        constraints = (unique("cases_one_case", "campaign", "device"),)
        indexes = (
            models.Index(fields=("unit", "state", "severity", "due")),
            models.Index(fields=("campaign", "state")),
            models.Index(fields=("severity", "due", "id")),
            models.Index(fields=("unit", "superseded", "state", "due"), name="cases_case_counted"),
        )

    @property
    def number(self) -> str:
        """Number shown to people."""
        return f"M{self.pk:06d}"


class Step(AppendOnly):
    """A step: person, time, reason. Never changed or deleted.

    `unfollowed`: reason why no step of the playbook was done. `computed`: by the rules from evidence, not a
    decision.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    day = models.DateField()
    before = models.CharField(max_length=12, choices=CaseState.choices, blank=True)
    after = models.CharField(max_length=12, choices=CaseState.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)
    why = models.CharField(max_length=2000, blank=True)
    unfollowed = models.CharField(max_length=2000, blank=True, default="", db_default="")
    computed = models.BooleanField(default=False)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)


class Cause(models.TextChoices):
    """Cause of recomputing a case's history."""

    BUNDLE = "bundle", _("findings came in")
    DECISION = "decision", _("a step was taken")
    EXCEPTION = "exception", _("an exception was approved, ended or expired")
    RULES = "rules", _("the rules of verification were changed")
    TIME = "time", _("a day passed")
    MERGE = "merge", _("machines were joined or parted")


class Span(models.Model):
    """State of a case on days, as known from `known_from` until before `known_until` (None: still).

    So the numbers of any day are available as known now and as known then (see `tally`).
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="spans")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="case_spans")
    state = models.CharField(max_length=12, choices=CaseState.choices)
    valid_from = models.DateField()
    valid_until = models.DateField(default=FOREVER)
    known_from = models.DateTimeField(default=timezone.now)
    known_until = models.DateTimeField(null=True)
    cause = models.CharField(max_length=10, choices=Cause.choices, blank=True)
    cause_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("valid_from",)
        indexes = (
            models.Index(fields=("campaign", "unit", "valid_from", "valid_until")),
            models.Index(
                fields=("campaign", "known_until", "valid_until", "valid_from", "unit", "state"),
                name="cases_span_counted",
            ),
        )


class Note(models.Model):
    """A comment, a file, or the statement of a person or scan; no proof by itself."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="notes")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)
    text = models.TextField(blank=True)
    bundle = models.ForeignKey(Bundle, models.PROTECT, null=True, related_name="+")
    details = models.JSONField(default=dict)
    file_name = models.CharField(max_length=200, blank=True)
    file_path = models.CharField(max_length=200, blank=True)
    file_size = models.BigIntegerField(default=0)
    file_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("pk",)

    @property
    def display_text(self) -> str:
        """The text, in the reader's language if it is one of the product's own sentences."""
        words = gettext(self.text) if self.text else ""
        return words.replace("{name}", str(self.details.get("name", "{name}")))


class ClarificationKind(models.TextChoices):
    """Reason why a finding raises a question instead of a case."""

    INBOUND = "inbound", _("A listed address reached towards it")
    UNATTRIBUTED = "unattributed", _("It is not known which machine it was")


class Clarification(models.Model):
    """A question raised by a finding, open until a person answers it."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="clarifications")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="clarifications")
    device = models.ForeignKey(Device, models.PROTECT, related_name="clarifications")
    kind = models.CharField(max_length=12, choices=ClarificationKind.choices)
    count = models.BigIntegerField(default=0)
    last_seen = models.DateField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True)
    answered = models.DateTimeField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("answered", "-pk")
        constraints = (unique("cases_one_clarification", "campaign", "device"),)


class Exemption(models.Model):
    """An indicator ignored for a unit and all below it, or for one device, until a day."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="exemptions")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="exemptions")
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+")
    indicator = models.CharField(_("Indicator"), max_length=500)
    reason = models.CharField(_("Reason"), max_length=2000)
    expires = models.DateField(_("Valid until before"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)

    @property
    def shown_state(self) -> State:
        """State as shown on pages."""
        if self.ended_on or self.expires <= timezone.localdate():
            return State("none", gettext("over"))
        return (
            State("good", gettext("in force"))
            if self.approved_on
            else State("busy", gettext("waits for approval"))
        )

    class Meta:
        ordering = ("-pk",)


class Grant(models.Model):
    """A unit's permission for a unit above (`to`) to see the names of one case until a moment."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="grants")
    to = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-pk",)


class Playbook(models.Model):
    """A version of the steps against a kind of threat in a campaign; an edit creates the next version.

    `steps`: objects with `key`, `vi`, `en`, and instructions in `vi_how`, `en_how`.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="playbooks")
    kind = models.CharField(max_length=10, choices=ThreatKind.choices)
    version = models.PositiveIntegerField()
    steps = models.JSONField(default=list)
    made = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-version",)
        constraints = (unique("cases_one_playbook_version", "campaign", "kind", "version"),)


class Tick(AppendOnly):
    """A playbook step marked done or not done. `version` 0: built in. Append-only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="ticks")
    kind = models.CharField(max_length=10, choices=ThreatKind.choices)
    version = models.PositiveIntegerField()
    step = models.CharField(max_length=40)
    done = models.BooleanField(default=True)
    note = models.ForeignKey(Note, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ("pk",)


class SavedView(models.Model):
    """Named filters of the machine list, for one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(_("Name of the view"), max_length=80)
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ("name",)
        constraints = (unique("cases_one_view_name", "user", "name"),)


class CaseText(models.Model):
    """Folded search text of a case: for all who see the case, and for those who see the machine."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="text", primary_key=True)
    shared = models.TextField(blank=True)
    own = models.TextField(blank=True)

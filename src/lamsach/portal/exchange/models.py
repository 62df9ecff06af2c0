"""Keys, partners, exchange files, webhooks and MISP servers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import state_property
from lamsach.portal.base.models import unique
from lamsach.portal.jobs.claims import Held
from lamsach.portal.units.models import Unit


class OwnKey(models.Model):
    """A unit's signing key (Ed25519, PEM). `private` is locked; the one without `retired` signs.

    `succession`: signature by which the previous key names this one, empty when that may be in foreign hands.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="exchange_keys")
    fingerprint = models.CharField(max_length=60, unique=True)
    public = models.TextField()
    private = models.TextField()
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    succession = models.CharField(max_length=100, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    retired = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("exchange_one_key", "unit", condition=models.Q(retired=None)),)


class SealingKey(models.Model):
    """A unit's sealing key (X25519, texts of age). `private` is locked; retired ones open older files."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="sealing_keys")
    public = models.CharField(max_length=100, unique=True)
    private = models.TextField()
    made = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    retired = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("exchange_one_sealing_key", "unit", condition=models.Q(retired=None)),)


class Partner(models.Model):
    """The other side of exchange files.

    `recipient`: public key to seal its files to. `sent`: counter of the last file to it; `seen`: last of ours
    that it accepted. `holds`: digests of our payloads that it has, by kind; None until a file states them;
    `held`: counter and digest (and stored file) of its newest payload of each kind. `restored`: when this
    portal lost files to it, until the partner has returned them. `owes`: the partner lost files, which our
    next ones return. `online_by`: user in whose name its files are accepted by HTTPS; with a `url` we send
    ours there. `clock_off_s`: lead of its clock.
    """

    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="exchange_partners", verbose_name=_("Our unit")
    )
    code = models.CharField(_("Code of the other unit"), max_length=60)
    name = models.CharField(_("Name of the other unit"), max_length=300)
    above = models.BooleanField(_("It is above ours"))
    recipient = models.CharField(max_length=100, blank=True)
    sent = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    holds = models.JSONField(null=True)
    held = models.JSONField(default=dict)
    restored = models.DateTimeField(null=True)
    owes = models.BooleanField(default=False)
    online_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    url = models.CharField(max_length=500, blank=True)
    last = models.DateTimeField(null=True)
    problem = models.CharField(max_length=400, blank=True)
    clock_off_s = models.IntegerField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = (unique("exchange_one_partner", "unit", "code"),)

    def __str__(self) -> str:
        return self.name


class Trusted(models.TextChoices):
    """Reason to trust a partner's key."""

    COMPARED = "compared", _("fingerprint compared")
    SUCCEEDED = "succeeded", _("named by the key before it")


class PartnerKey(models.Model):
    """A partner's public key. An `ended` key verifies nothing any more."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="keys")
    fingerprint = models.CharField(max_length=60)
    public = models.TextField()
    trusted = models.CharField(max_length=10, choices=Trusted.choices)
    added = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("exchange_one_partner_key", "partner", "fingerprint"),)


SHIFT = 24
"""A counter is an epoch, shifted by this number of bits, plus a number within the epoch."""
ZERO = datetime(2020, 1, 1, tzinfo=UTC)
"""Origin of epochs, which are seconds."""


def begin_of(counter: int) -> int:
    """Return the counter before the first of the same epoch."""
    return counter >> SHIFT << SHIFT


def shown_counter(counter: int) -> str:
    """Format a counter for people: its number, in later epochs after the day on which the epoch began."""
    epoch, number = divmod(counter, 1 << SHIFT)
    day = datetime.fromtimestamp(ZERO.timestamp() + min(epoch, 1 << 32), UTC)
    return f"{day:%y%m%d}-{number}" if epoch else str(number)


class Carried(models.Model):
    """A file's counter and the kinds of its payloads."""

    counter: Any
    kinds = models.JSONField(default=list)

    class Meta:
        abstract = True

    @property
    def number(self) -> str:
        """The formatted counter."""
        return shown_counter(self.counter)

    @property
    def titles(self) -> list[Any]:
        """Titles of the kinds; the name for a kind no longer known."""
        from lamsach.portal.exchange.kinds import load

        known = load()
        return [known[name].title if name in known else name for name in self.kinds]


class Sent(Carried):
    """A file made for a partner."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="files_sent")
    counter = models.BigIntegerField()
    key = models.ForeignKey(OwnKey, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    recipient = models.CharField(max_length=100, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("exchange_one_sent", "partner", "counter"),)


class Taken(Carried):
    """An accepted file of a partner. Each counter is accepted once, which defeats replays."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="files_taken")
    counter = models.BigIntegerField()
    fingerprint = models.CharField(max_length=60)
    result = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    made = models.DateTimeField()
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("exchange_one_taken", "partner", "counter"),)


class Waiting(models.Model):
    """An uploaded file, unchanged, that the user has not confirmed yet."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
    done = models.DateTimeField(null=True)


class Counterpart(models.Model):
    """The same object in a partner's portal (`theirs`: its number or key) and in ours (primary key)."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="counterparts")
    kind = models.CharField(max_length=30)
    theirs = models.CharField(max_length=80)
    ours = models.BigIntegerField()

    class Meta:
        constraints = (unique("exchange_one_counterpart", "partner", "kind", "theirs"),)
        indexes = (models.Index(fields=("kind", "ours")),)


class StatedCounts(models.Model):
    """A unit's counts of machines on a day, stated by its portal; never who.

    A day's newest row counts; older rows show what was known when. `inner`: of a unit under the partner's.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="stated")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    campaign = models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="+")
    day = models.DateField()
    counter = models.BigIntegerField()
    counts = models.JSONField(default=dict)
    inner = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-day", "-counter", "-pk")
        constraints = (unique("exchange_one_statement", "unit", "campaign", "day", "partner", "counter"),)
        indexes = (
            models.Index(fields=("campaign", "day"), name="exchange_stated_counted"),
            models.Index(fields=("campaign", "unit", "day"), name="exchange_stated_by_unit"),
        )


class Webhook(models.Model):
    """Receiver of case events of a unit and all under it. `former` also signs until `former_until`."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="webhooks")
    url = models.URLField(_("Address"), max_length=500)
    secret = models.TextField()
    former = models.TextField(blank=True)
    former_until = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)


class Happening(models.Model):
    """A step of a case, not yet turned into deliveries."""

    step = models.ForeignKey("cases.Step", models.CASCADE, related_name="+")


class DeliveryState(models.TextChoices):
    """Progress of a delivery."""

    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Delivered")
    GIVEN_UP = "given_up", _("Given up")


class Delivery(Held):
    """An event for a webhook."""

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=60, unique=True)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    created = models.DateTimeField(auto_now_add=True)
    next_attempt = models.DateTimeField()
    delivered = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    shown_state = state_property({"done": "good", "waiting": "busy"}, "bad")

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("state", "next_attempt")),)


class MispServer(models.Model):
    """A MISP server that receives sightings, never the machine. `api_key` is locked."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="misp_servers")
    url = models.URLField(_("Address"), max_length=500)
    api_key = models.TextField()
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended = models.DateTimeField(null=True)
    last = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("pk",)


class MispSighting(models.Model):
    """An indicator and day already sent to a server."""

    server = models.ForeignKey(MispServer, models.CASCADE, related_name="told")
    indicator = models.CharField(max_length=500)
    day = models.DateField()
    known = models.BooleanField()

    class Meta:
        constraints = (unique("exchange_one_misp", "server", "indicator", "day"),)

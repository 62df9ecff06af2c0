"""Findings of hunts and scans: bundles, devices, sightings, coverage.

A bundle is stored unchanged. `Device` is a machine of a unit, described by one or more hunts; a merged device
points to its target, so that a merge is visible and can be undone. A `Sighting` combines device, indicator,
role, source (observer) and day; a `Part` is a bundle's share of it, so that overlapping hunts of the same
logs do not count twice (`evidence.heaviest`).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import state_property
from lamsach.portal.base.models import StoredRow, unique
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.jobs.models import Job, job_state
from lamsach.portal.units.models import Unit
from lamsach.results.labels import key_title


class BundleKind(models.TextChoices):
    """Kind of a bundle."""

    HUNT = "hunt", _("Hunt in logs")
    SCAN = "scan", _("Scan of one machine")


class BundleState(models.TextChoices):
    """Progress of a bundle."""

    RECEIVED = "received", _("Being imported")
    IMPORTED = "imported", _("Imported")
    REFUSED = "refused", _("Refused")


class Way(models.TextChoices):
    """Transport of a bundle."""

    UPLOAD = "upload", _("Upload")
    API = "api", _("Sent by the program")
    SIGNED = "signed", _("Signed file")
    BROWSER = "browser", _("Hunt in the portal")
    TRACE = "trace", _("Trace of public addresses")


class Bundle(StoredRow):
    """A unit's bundle in a campaign, unique by SHA-256. `to_look_at`: values attributed to nobody."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="bundles")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="bundles")
    kind = models.CharField(max_length=4, choices=BundleKind.choices)
    state = models.CharField(max_length=10, choices=BundleState.choices, default=BundleState.RECEIVED)
    way = models.CharField(max_length=10, choices=Way.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)
    received = models.DateTimeField(auto_now_add=True)
    imported = models.DateTimeField(null=True)
    problem = models.CharField(max_length=400, blank=True)
    tool_version = models.CharField(max_length=40, blank=True)
    list_digest = models.CharField(max_length=64, blank=True)
    partial = models.BooleanField(default=False)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    counts = models.JSONField(default=dict)
    to_look_at = models.JSONField(default=list)

    shown_state = state_property({"imported": "good", "refused": "bad"})

    class Meta:
        ordering = ("-pk",)
        constraints = (unique("findings_one_bundle", "unit", "campaign", "sha256"),)
        indexes = (models.Index(fields=("campaign", "unit", "state")),)

    def __str__(self) -> str:
        return self.name


class Device(models.Model):
    """A machine of a unit. `into`: target of its merge, or None."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="devices")
    key = models.CharField(max_length=300)
    mac = models.CharField(max_length=17, blank=True)
    name = models.CharField(max_length=255, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    user = models.CharField(max_length=255, blank=True)
    department = models.CharField(max_length=255, blank=True)
    into = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=("unit", "mac")), models.Index(fields=("unit", "name")))

    def __str__(self) -> str:
        return self.name or self.mac or self.ip or self.user or key_title(self.key, gettext)


class IdentityKind(models.TextChoices):
    """Kinds of identities, the strongest first."""

    MAC = "mac", _("MAC address")
    INVENTORY = "inventory", _("entry of the inventory")
    NAME = "name", _("host name")
    KEY = "key", _("the hunt's own key")


class Identity(models.Model):
    """A value that identifies a device across hunts."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="identities")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    value = models.CharField(max_length=600)

    class Meta:
        constraints = (unique("findings_one_identity", "unit", "kind", "value", "device"),)


class Merge(models.Model):
    """A merge of two devices by a common identity, possibly undone."""

    kept = models.ForeignKey(Device, models.PROTECT, related_name="merges")
    gone = models.ForeignKey(Device, models.PROTECT, related_name="merged")
    kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    value = models.CharField(max_length=600)
    bundle = models.ForeignKey(Bundle, models.PROTECT, null=True, related_name="merges")
    at = models.DateTimeField(auto_now_add=True)
    undone = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-pk",)


class Appearance(models.Model):
    """A device in a bundle, with the state and details by the hunt's rules."""

    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="appearances")
    device = models.ForeignKey(Device, models.PROTECT, related_name="appearances")
    state = models.CharField(max_length=20)
    record = models.JSONField(default=dict)

    class Meta:
        constraints = (unique("findings_one_appearance", "bundle", "device"),)


class Sighting(models.Model):
    """Events of a device, indicator, role, source and day: all (`count`), not blocked (`passed`)."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="sightings")
    device = models.ForeignKey(Device, models.PROTECT, related_name="sightings")
    indicator = models.CharField(max_length=500)
    indicator_type = models.CharField(max_length=10)
    threat = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=10)
    source = models.CharField(max_length=255, blank=True)
    day = models.DateField()
    count = models.BigIntegerField(default=0)
    passed = models.BigIntegerField(default=0)
    last = models.DateTimeField()

    class Meta:
        constraints = (
            unique("findings_one_sighting", "campaign", "device", "indicator", "role", "source", "day"),
        )
        indexes = (models.Index(fields=("campaign", "indicator")),)


class Part(models.Model):
    """A bundle's share of a sighting: interval on its day (see `months`), number of events."""

    sighting = models.ForeignKey(Sighting, models.CASCADE, related_name="parts")
    day = models.DateField()
    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="parts")
    first = models.DateTimeField()
    last = models.DateTimeField()
    count = models.BigIntegerField()
    passed = models.BigIntegerField()

    class Meta:
        constraints = (unique("findings_one_part", "sighting", "bundle"),)


class EvidenceLine(models.Model):
    """A log line that proves a sighting, stored once across bundles."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, models.PROTECT, related_name="evidence")
    indicator = models.CharField(max_length=500)
    time = models.CharField(max_length=40, blank=True)
    file = models.CharField(max_length=300)
    line = models.BigIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("time", "pk")
        constraints = (unique("findings_one_line", "campaign", "device", "digest"),)


class CoverageDay(models.Model):
    """A completely searched day of an observer's log, by list (`digest`)."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    observer = models.CharField(max_length=255)
    day = models.DateField()
    lines = models.BigIntegerField()
    digest = models.CharField(max_length=64, blank=True)
    format = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = (unique("findings_one_coverage", "campaign", "unit", "observer", "day", "digest"),)


class Transfer(models.Model):
    """An incomplete bundle sent in pieces, stored in the folder of uploads until complete."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    touched = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (unique("findings_one_transfer", "unit", "campaign", "sha256"),)


class Hunt(models.Model):
    """A hunt from the browser, run by `job`."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="hunts")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="hunts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    keep_logs = models.BooleanField(_("Keep the logs after the hunt"), default=False)
    bundle = models.ForeignKey(Bundle, models.PROTECT, null=True, related_name="+")
    page = models.CharField(max_length=200, blank=True)
    devices = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=400, blank=True)
    logs_deleted = models.DateTimeField(null=True)

    shown_state = job_state(_("waits for its logs"))

    class Meta:
        ordering = ("-pk",)


class HuntFile(models.Model):
    """A log of a hunt, `received` bytes so far. `nat`: not searched, resolves machines behind a gateway."""

    hunt = models.ForeignKey(Hunt, models.CASCADE, related_name="files")
    name = models.CharField(max_length=160)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    nat = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ("pk",)
        constraints = (unique("findings_one_file_a_use", "hunt", "name", "size", "nat"),)


class Composition(models.Model):
    """A combination of the campaign's lists with the digest that hunts with it state."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    lists = models.JSONField(default=list)

    class Meta:
        constraints = (unique("findings_one_composition", "campaign", "digest"),)


class Contained(models.Model):
    """An indicator known to be in the list with a digest, by a hunt's match or the campaign's lists."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    indicator = models.CharField(max_length=500)

    class Meta:
        constraints = (unique("findings_one_contained", "campaign", "digest", "indicator"),)


class AliveDay(models.Model):
    """A day on which a device appears in its unit's logs."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="alive_days")
    day = models.DateField()

    class Meta:
        constraints = (unique("findings_one_alive_day", "device", "day"),)


class Mark(models.Model):
    """Mark of a device under a unit's key (`key`: the key's name, see `devices.presence`)."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="marks")
    key = models.CharField(max_length=16)
    value = models.CharField(max_length=40)

    class Meta:
        constraints = (unique("findings_one_mark", "device", "key", "value"),)

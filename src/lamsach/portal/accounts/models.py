"""Accounts, invitations and the one-time set-up link."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.i18n import language_choices
from lamsach.portal.base.roles import MFA_COMPULSORY, Role
from lamsach.portal.units.models import Unit


class UserManager(BaseUserManager["User"]):
    """Manager of accounts; e-mail addresses are stored in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an account; without `password` it has no usable one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the account of an e-mail address, case-insensitive."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Account of a person."""

    email = models.EmailField(_("E-mail"), unique=True)
    name = models.CharField(_("Full name"), max_length=200, blank=True)
    phone = models.CharField(_("Phone"), max_length=50, blank=True)
    language = models.CharField(_("Language"), max_length=2, choices=language_choices, default="vi")
    daily_letter = models.BooleanField(_("A letter each working day with what waits for me"), default=True)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(null=True)
    locked = models.DateTimeField(null=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def roles(self) -> frozenset[Role]:
        """Roles that the person holds in any unit; none while locked."""
        from lamsach.portal.units.access import memberships

        return frozenset(Role(m.role) for m in memberships(self)) if self.is_active else frozenset()

    @property
    def needs_second_factor(self) -> bool:
        """Return whether any role of the person makes a second factor compulsory."""
        return bool(settings.MFA_REQUIRED and self.roles & MFA_COMPULSORY)


class Invitation(models.Model):
    """Single-use invitation by e-mail to a role in a unit."""

    email = models.EmailField(_("E-mail"))
    name = models.CharField(_("Full name"), max_length=200, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("Unit"))
    role = models.CharField(_("Role"), max_length=20, choices=Role.choices)
    nonce = models.CharField(max_length=43, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires = models.DateTimeField()
    accepted = models.DateTimeField(null=True)
    withdrawn = models.DateTimeField(null=True)


class SetUpLink(models.Model):
    """Set-up link that `lamsach serve` prints while there is no administrator, stored as a digest."""

    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(null=True)

"""Second factors: TOTP secrets and recovery-code seeds are encrypted in the database."""

from __future__ import annotations

import logging
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, get_totp_secret
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import InputError
from lamsach.portal.base import locks

_PURPOSE = "lamsach.accounts.second-factor/1"
_MARK = "locked:"
"""Prefix of encrypted secrets; the library's own are base32 or hexadecimal and have no colon."""
logger = logging.getLogger("lamsach.portal.accounts")


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Hook of allauth for encrypted secrets."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret with the portal's secret key."""
        return _MARK + locks.lock(_PURPOSE, text)

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret; plain ones of older versions pass. ValidationError for another secret key."""
        if not encrypted_text.startswith(_MARK):
            return encrypted_text
        try:
            return locks.unlock(_PURPOSE, encrypted_text.removeprefix(_MARK))
        except InputError as problem:
            logger.error(
                "A second factor cannot be opened: LAMSACH_SECRET_KEY is another than when it was set up,"
                " see LAMSACH_OLD_SECRET_KEYS."
            )
            raise ValidationError(
                _("The second factor cannot be checked on this server. Tell the administrator.")
            ) from problem


class ActivateForm(ActivateTOTPForm):  # type: ignore[misc]
    """Set-up of an authenticator app; its secret is encrypted in the session, too (in the database)."""

    secret: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret = self._opened(self.secret)
        context.request.session[SECRET_SESSION_KEY] = FactorAdapter().encrypt(self.secret)

    @staticmethod
    def _opened(stored: str) -> str:
        """Decrypt the secret, or generate a new one (a new code to scan) after a change of the secret key."""
        try:
            return FactorAdapter().decrypt(stored)
        except ValidationError:
            return str(get_totp_secret(regenerate=True))


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """New security key or passkey."""

    name = forms.CharField(label=gettext_lazy("Name of the key"), required=False, max_length=100)


class EditKeyForm(EditWebAuthnForm):  # type: ignore[misc]
    """Renaming of a key."""

    name = forms.CharField(label=gettext_lazy("Name of the key"), max_length=100)

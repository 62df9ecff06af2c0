"""The forms of a security key, whose name the library asks for in English only."""

from __future__ import annotations

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new key."""

    name = forms.CharField(label=gettext_lazy("Name of the key"), required=False, max_length=100)


class EditKeyForm(EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a key."""

    name = forms.CharField(label=gettext_lazy("Name of the key"), max_length=100)

"""Django's own translation functions, fed from `lamsach.portal.catalogue_vi`.

English stands in templates and code (`{% translate %}`, `gettext`); Vietnamese stands in plain Python
dictionaries, as in the rest of the product, so that no compiled `.mo` files and no gettext program are
needed. A test compares the two.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import trans_real

from lamsach.catalogue_vi import VIETNAMESE as PRODUCT
from lamsach.portal.catalogue_vi import VIETNAMESE


def _one_form(number: int) -> int:
    """Vietnamese has one form for every number."""
    return 0


class _Catalogue:
    """The texts in the shape that Django merges: by text, and by (text, plural form)."""

    plural = staticmethod(_one_form)

    def __init__(self, texts: dict[str, str]) -> None:
        self._catalog: dict[Any, str] = {**texts, **{(text, 0): value for text, value in texts.items()}}


def load() -> None:
    """Merge the product's and the portal's Vietnamese, and our English for libraries, into Django's texts."""
    for language, texts in (("vi", {**PRODUCT, **VIETNAMESE}), ("en", ENGLISH)):
        catalog: Any = trans_real.translation(language)._catalog  # type: ignore[attr-defined]
        catalog.update(_Catalogue(texts))


ENGLISH: dict[str, str] = {
    "Email": "E-mail",
    "Email address": "E-mail address",
    "Current Password": "Present password",
    "New Password": "New password",
    "New Password (again)": "New password again",
    "Please type your current password.": "Give your present password.",
    "Enter a valid email address.": "Enter a valid e-mail address.",
    "Forgot your password?": "Forgotten the password?",
    "The email address and/or password you specified are not correct.": "The e-mail address or the password is not right.",
    "Too many failed login attempts. Try again later.": "Too many attempts to log in. Try again later.",
    "Incorrect password.": "The password is not right.",
    "Password Reset": "New password",
    "Forgotten your password? Enter your email address below, and we'll send you an email allowing you to reset it.": "Give your e-mail address. The portal sends a link there, with which you set a new password.",
    "Reset My Password": "Send the link",
    "Please contact us if you have any trouble resetting your password.": "If it does not work, ask your unit's coordinator.",
    "We have sent you an email. If you have not received it please check your spam folder. Otherwise contact us if you do not receive it in a few minutes.": "The portal has sent you an e-mail. If it does not come within a few minutes, look into the folder for spam, then ask your unit's coordinator.",
    "Bad Token": "The link does not work",
    'The password reset link was invalid, possibly because it has already been used.  Please request a <a href="%(passwd_reset_url)s">new password reset</a>.': 'The link for a new password works no longer, perhaps because it was used. <a href="%(passwd_reset_url)s">Ask for a new one</a>.',
    "Change Password": "Change the password",
    "Set Password": "Set the password",
    "Your password is now changed.": "The password is changed.",
    "Password successfully changed.": "The password is changed.",
    "Password successfully set.": "The password is set.",
    "Sign In": "Log in",
    "Sign in with a passkey": "Log in with a passkey",
    "Sign Out": "Log out",
    "Two-Factor Authentication": "Second factor at log-in",
    "Authenticator App": "Authenticator app",
    "Security Keys": "Security keys",
    "Recovery Codes": "Recovery codes",
    "Activate Authenticator App": "Activate an authenticator app",
    "Deactivate Authenticator App": "Deactivate the authenticator app",
    "Add Security Key": "Add a security key",
    "Remove Security Key": "Remove a security key",
    "Edit Security Key": "Change a security key",
    "Passwordless": "Without a password",
    "Enabling passwordless operation allows you to sign in using just this key, but imposes additional requirements such as biometrics or PIN protection.": "You then log in with this key alone. It has to be one that asks for a fingerprint, a face or a PIN.",
    "Confirm Access": "Confirm that it is you",
    "Please reauthenticate to safeguard your account.": "This part of your account asks once more, in case somebody else sits at your screen.",
    "IP Address": "IP address",
    "This account is currently inactive.": "This account is locked. Ask your unit's coordinator.",
    "New Recovery Codes Generated": "New recovery codes were made",
    "Authenticator App Activated": "An authenticator app was activated",
    "Authenticator App Deactivated": "The authenticator app was deactivated",
    "Security Key Added": "A security key was added",
    "Security Key Removed": "A security key was removed",
    "Are you sure you want to sign out?": "Do you want to log out?",
    "You have signed out.": "You are logged out.",
    "Successfully signed in as %(name)s.": "Logged in: %(name)s.",
    "Sign Out Other Sessions": "End the other sessions",
    "Signed out of all other sessions.": "The other sessions are ended.",
    "Hello from %(site_name)s!": "Dear Sir or Madam,",
    "Thank you for using %(site_name)s!\n%(site_domain)s": "The malware clean-up portal\n%(site_domain)s",
    "Password Reset Email": "A link for a new password",
    "You're receiving this email because you or someone else has requested a password reset for your user account.\nIt can be safely ignored if you did not request a password reset. Click the link below to reset your password.": "A new password was asked for your account. If it was not you who asked, do nothing.\nOpen this address to set the new password:",
    "In case you forgot, your username is %(username)s.": "Your user name is %(username)s.",
    "You are receiving this mail because the following change was made to your account:": "Your account was changed:",
    "If you do not recognize this change then please take proper security precautions immediately. The change to your account originates from:\n\n- IP address: %(ip)s\n- Browser: %(user_agent)s\n- Date: %(timestamp)s": "If it was not you, tell your unit's coordinator at once. The change came from:\n\n- IP address: %(ip)s\n- Browser: %(user_agent)s\n- Time: %(timestamp)s",
    "Your password has been reset.": "A new password was set by a link.",
    "Your password has been changed.": "The password was changed.",
    "Your password has been set.": "A password was set.",
    "Password Changed": "The password was changed",
    "Password Set": "A password was set",
    "Unknown Account": "No account with this address",
    "This mail can be safely ignored if you did not initiate this action.": "If it was not you who asked, do nothing.",
}
"""By the library's text. A test compares the keys with the library's pages."""

"""Poster (A4) and slides (16:9) as PDF, by Typst (Apache-2.0). Texts are passed as data, not markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lamsach.portal.base.charts import typeset
from lamsach.portal.base.links import absolute
from lamsach.portal.campaigns.models import Campaign

KINDS = ("poster", "slides")
_TEMPLATES = Path(__file__).parent / "typst"
_CACHED_S = 3600


def pdf(kind: str, campaign: Campaign | None) -> bytes:
    """Return the PDF in the reader's language with the campaign's name and contact; cached for an hour."""
    content = _content(campaign)
    key = f"awareness:{kind}:{get_language()}:{hash(repr(content))}"
    cached: bytes | None = cache.get(key)
    if cached is None:
        cached = typeset(_TEMPLATES / f"{kind}.typ", content, absolute("public:campaign"))
        cache.set(key, cached, _CACHED_S)
    return cached


def _content(campaign: Campaign | None) -> dict[str, Any]:
    owner = campaign.owner if campaign else None
    contact = list(owner.contact.values()) if owner else []
    return {
        "language": (get_language() or "vi")[:2],
        "campaign": campaign.name if campaign else "",
        "title": _("Cracked software opens the door to malware"),
        "lead": _(
            "A cracked program costs nothing - until your passwords, files and machine belong to others."
        ),
        "dont_title": _("Do not"),
        "dont": [
            _("install cracked programs, activators or key generators"),
            _("switch off the antivirus program because a program asks for it"),
            _("open files and links whose sender you do not expect"),
        ],
        **_advice(),
        "scan": _("Check your machine"),
        "address": absolute("public:campaign"),
        "contact_title": _("Support contact"),
        "contact": [part for part in contact if part],
        "note": _("Nobody is blamed for asking."),
    }


def _advice() -> dict[str, Any]:
    return {
        "do_title": _("Do"),
        "do": [
            _("ask for a licence, or use a free program"),
            _("take programs from their publisher's own page only"),
            _("remove cracked software and scan your machine"),
            _("tell your IT officer when something looks odd"),
        ],
        "happens_title": _("What happens"),
        "happens": [
            _("A password stealer takes the passwords saved in your browser: e-mail, bank, work."),
            _("Your machine becomes part of a botnet and attacks others in your name."),
            _("Ransomware locks your files and those of your office."),
            _("The program gets no updates, so every hole in it stays open."),
        ],
        "clean_title": _("When it has happened"),
        "clean": [
            _("Remove cracked programs, activators and key generators."),
            _("Scan the machine with a tool of the campaign."),
            _("Switch the antivirus program and automatic updates on again."),
            _("Change your passwords from another machine that is clean."),
        ],
    }

"""The letter to the person who uses a machine as a sheet to print: for whoever has no e-mail address. It says what the e-mail says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lamsach.portal.cases.models import Case
from lamsach.portal.cases.people import words_of
from lamsach.portal.units.tree import today

_TEMPLATE = Path(__file__).parent / "typst" / "machine.typ"


def sheet(case: Case) -> bytes:
    """The PDF, in the reader's language."""
    import typst

    from lamsach.portal.base.charts import qr

    words = words_of(case)
    data = json.dumps(_content(words), ensure_ascii=False).encode("utf-8", "replace").decode()
    sources = {"main.typ": _TEMPLATE.read_bytes(), "qr.svg": qr(words["address"])}
    compiled: Any = typst.compile  # its stub does not know of several sources
    made = compiled(sources, format="pdf", ignore_system_fonts=True, sys_inputs={"data": data}, timestamp=0)
    assert isinstance(made, bytes)
    return made


def _content(words: dict[str, Any]) -> dict[str, Any]:
    contact = words["contact"]
    phone = f", {_('phone')} {contact['phone']}" if contact["phone"] else ""
    return {
        "language": (get_language() or "vi")[:2],
        "unit": words["unit"],
        "day": f"{today():%d/%m/%Y}",
        "title": _("Your machine {machine} needs to be cleaned").format(machine=words["machine"]),
        "greeting": _("Dear {name},").format(name=words["name"]) if words["name"] else "",
        "why": _(
            "{unit} found signs of malware on the machine {machine} (number {number}) in its network logs. Nobody accuses you: such programs mostly come with cracked software or false updates."
        ).format(unit=words["unit"], machine=words["machine"], number=words["number"]),
        "please": _("Please do this:"),
        "steps": [
            _(
                "Do not log in to any account on this machine any more. Change your passwords from another machine."
            ),
            _(
                "Do not delete anything and do not install Windows anew yourself: what is on the machine is needed to find out what happened."
            ),
            f"{_('Get the scanner here and run it, or ask the IT officer to do it:')} {words['tools']}",
            _(
                "Tell us that you did it, or that you need help: read the code with a phone, or ask the IT officer."
            ),
        ],
        "answer": _("Tell us here"),
        "address": words["address"],
        "note": _("The logs of the next days show whether the machine is clean."),
        "contact_title": _("Support contact"),
        "contact": f"{contact['name']}{phone}",
    }

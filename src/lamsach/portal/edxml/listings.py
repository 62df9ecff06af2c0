"""Page lists of edXML messages and connections."""

from __future__ import annotations

from dataclasses import replace

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from lamsach.portal.base.lists import Below, Cell, Link, Listing
from lamsach.portal.base.lists import State as Shown
from lamsach.portal.base.templatetags.page_tags import size
from lamsach.portal.edxml.models import Connection, Message, State, signed


def _title(row: Message) -> str:
    if row.kind == "status":
        return f"{row.status} {_(row.kind_words)}"
    return row.number or row.subject or "edXML"


def _other_side(row: Message) -> str:
    if not row.outgoing:
        return row.sender_name or row.sender_code
    names = ", ".join(recipient.get("name") or recipient.get("id", "") for recipient in row.recipients[:2])
    return f"{_('sent to')} {names}{' …' if len(row.recipients) > 2 else ''}"


MESSAGES = Listing(
    title="Dispatches by edXML",
    cells=(
        Cell(
            "Dispatch or status",
            lambda row: (_title(row), Below(Truncator(row.subject).chars(150) if row.number else "")),
            "number",
            view="edxml:message",
        ),
        Cell("From or to", _other_side, "sender_name"),
        Cell("Date", "at", css="nowrap"),
        Cell(
            "Signature",
            lambda row: None if row.outgoing or row.state == State.REFUSED else row.shown_signature,
            "signature",
        ),
        Cell("State", "shown_state", "state"),
    ),
    empty="Nothing here. Messages come by a connection, by e-mail, or as a file that you upload below.",
    export="edxml.exported",
    template="edxml/overview.html",
)
SOME = replace(MESSAGES, empty="Nothing yet.", export="")
"""List of messages on the page of a connection or dispatch."""


def _works(row: Connection) -> Shown:
    if row.problem:
        return Shown("bad", _("problem"))
    return Shown("good", _("works")) if row.last else Shown("none", _("not run yet"))


CONNECTIONS = Listing(
    title="Connections to document-management systems",
    cells=(
        Cell("Connection", "name", view="edxml:connection"),
        Cell("Our unit", "unit__name"),
        Cell("Last run", lambda row: row.last or _("not yet")),
        Cell("State", _works),
    ),
    empty="No connection yet. Files can still be uploaded by hand.",
)
HISTORY = Listing(
    title="Statuses and answers",
    cells=(
        Cell("Status", _title, view="edxml:message"),
        Cell("Unit", lambda row: row.sender_name or row.sender_code),
        Cell("When", "at"),
        Cell("Words with it", "reason"),
    ),
)
_FILE_CELLS = (
    Cell(
        "File",
        lambda row: Link(row["name"], reverse("edxml:attached", args=(row["message"], row["place"]))),
    ),
    Cell("Size", lambda row: size(row["size"]), css="number"),
)
SENT_FILES = Listing(title="Attached files", cells=_FILE_CELLS)
FILES = replace(
    SENT_FILES, cells=(*_FILE_CELLS, Cell("Signature", lambda row: signed(row.get("signature", ""))))
)
UNSENT = Listing(
    title="Reports that have not gone out",
    cells=(
        Cell("Unit", "unit__name", view="reports:report"),
        Cell("State", lambda row: row.get_state_display()),
        Cell("", template="edxml/send_report.html"),
    ),
)

"""An edXML file that an e-mail carries: taken as one that is handed in, but what it says acts only when it is validly signed."""

from __future__ import annotations

from functools import partial

from lamsach.channels.edxml.reader import read
from lamsach.channels.edxml.writer import SUFFIX
from lamsach.errors import LamsachError
from lamsach.portal.edxml.identifiers import units_of
from lamsach.portal.edxml.models import Message, Way
from lamsach.portal.edxml.taking import Source, take
from lamsach.portal.mail.incoming import Keep, reads
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parsing import Parsed
from lamsach.portal.units.models import Unit

MOST = 5
"""Files of one e-mail that are looked at."""


@reads
def from_mail(letter: Letter | None, parsed: Parsed) -> Keep | None:
    """Take the edXML files of an e-mail; None when it carries none that can be taken."""
    files = [file for file in parsed.files if file.name.lower().endswith(SUFFIX)][:MOST]
    taken, problem = [], ""
    for file in files:
        try:
            unit = _unit(file.content, letter)
            if unit is not None:
                taken.append(take(file.content, file.name, Source(unit, Way.MAIL))[0])
        except LamsachError as error:
            problem = f"{error.what} {error.where}"[:500]
    return partial(_keep, taken, problem) if taken or problem else None


def _keep(taken: list[Message], problem: str, incoming: Incoming) -> str:
    incoming.problem = problem or incoming.problem
    if not taken:
        return ""
    incoming.unit = incoming.unit or taken[0].unit
    return f"edxml:{taken[0].pk}"


def _unit(data: bytes, letter: Letter | None) -> Unit | None:
    """Our unit: the one that the message is sent to, else that of the dispatch that it answers, else the one that the letter went to."""
    from lamsach.portal.edxml.acting import _key

    found = read(data, "")
    named = units_of(one.id for one in found.recipients)
    if named:
        return named[0]
    from lamsach.channels.edxml.model import as_mapping

    keys = [key for row in as_mapping(found)["responds_to"] if (key := _key(row))]
    ours = Message.objects.filter(outgoing=True, document_key__in=keys).select_related("unit").first()
    return ours.unit if ours else (letter.unit if letter else None)

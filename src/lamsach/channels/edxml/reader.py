"""Reader of edXML: dispatch or status message, as an envelope, in the older flat form or inside SOAP.

Elements are found by their local names in any case, regardless of prefixes and namespaces; `tables.toml`
contains other spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from xml.etree.ElementTree import Element

from lamsach.channels.edxml.contents import read_attachments
from lamsach.channels.edxml.days import day_of, time_of
from lamsach.channels.edxml.model import Answered, Hop, Message, Organ, Staff
from lamsach.channels.edxml.tables import Tables, tables
from lamsach.channels.pdf_signature import verify_pdf
from lamsach.channels.signature import UNSIGNED
from lamsach.channels.xml_input import as_utf8, child, children, descendants, root_of, text_of
from lamsach.channels.xml_signature import Certificates, verify
from lamsach.errors import InputError
from lamsach.i18n import mark

MOST_ROWS = 1000
"""Maximum number of recipients, hops and answered documents read per message."""
# 7816/VPCP-TTĐT
_WHOLE_CODE = re.compile(r"([^/]{0,40}?)\s*/\s*(\S.*)")


def _find(element: Element | None, name: str) -> Element | None:
    return child(element, *tables().spellings(name))


def _text(element: Element | None, name: str) -> str:
    return text_of(_find(element, name))


def _every(element: Element | None, name: str) -> Iterator[Element]:
    return islice(children(element, *tables().spellings(name)), MOST_ROWS)


def read(data: bytes, where: str, trusted: Certificates = ()) -> Message:
    """Read the message in a file and verify its signature with the trusted certificates.

    Raises UnreadableError, LimitError or InputError for a file that is damaged, too large, or no edXML.
    """
    text = as_utf8(data, where)
    root = root_of(text, where)
    known = tables()
    status = _status(root, known)
    headers = list(islice(descendants(root, *known.spellings("MessageHeader")), 2))
    if len(headers) > 1 or (status is None and not headers):
        raise InputError(
            mark("The file is no edXML dispatch: it has no message header, or more than one."),
            where,
            mark("Export it from the document-management system again, as .edxml."),
        )
    header = headers[0] if headers else None
    message = _dispatch(root, header, known) if status is None else _answer(root, status, header)
    files, missing = read_attachments(root, known, where)
    signature = verify(text, trusted) if _is_signed(root) else UNSIGNED
    checked = tuple(replace(file, signature=verify_pdf(file.content, trusted)) for file in files)
    return replace(message, attachments=checked, missing=missing, signature=signature)


def _is_signed(root: Element) -> bool:
    return any(len(item) or text_of(item) for item in descendants(root, "signature", "digitalsignature"))


def _status(root: Element, known: Tables) -> Element | None:
    names = known.spellings("StatusCode")
    found = descendants(root, *known.spellings("Status"))
    return next((status for status in found if child(status, *names) is not None), None)


def _dispatch(root: Element, header: Element | None, known: Tables) -> Message:
    number, notation = _code(header)
    promulgation = _find(header, "PromulgationInfo")
    kind = _find(header, "DocumentType")
    business = next(descendants(root, *known.spellings("Bussiness")), None)
    action = _text(business, "BussinessDocType")
    signer = _find(header, "SignerInfo")
    return Message(
        kind=known.kind(action) if action else "new",
        document_id=_text(header, "DocumentId"),
        number=number,
        notation=notation,
        place=_text(promulgation, "Place"),
        date=day_of(_text(promulgation, "PromulgationDate")),
        due=day_of(_text(header, "DueDate")),
        subject=_text(header, "Subject"),
        content=_text(header, "Content"),
        type=_text(kind, "TypeName") or known.type_name(_text(kind, "Type")),
        signer_position=_text(signer, "Position") or _text(signer, "Competence"),
        signer_name=_text(signer, "FullName"),
        to_places=tuple(map(text_of, _every(_find(header, "ToPlaces"), "Place"))),
        reason=_text(business, "BussinessDocReason"),
        sender=_organ(_find(header, "From")),
        recipients=_organs(header),
        responds_to=tuple(map(_answered, _every(header, "ResponseFor"))),
        staff=_staff(_find(business, "StaffInfo")),
        trace=tuple(map(_hop, islice(descendants(root, *known.spellings("TraceHeader")), MOST_ROWS))),
    )


def _answer(root: Element, status: Element, header: Element | None) -> Message:
    code = _text(status, "StatusCode")
    time = time_of(_text(status, "Timestamp"))
    sender = _find(status, "From")
    answered = descendants(root, *tables().spellings("ResponseFor"))
    return Message(
        kind="status",
        status=code.zfill(2),
        date=time.date() if time else None,
        time=time,
        reason=_text(status, "Description"),
        sender=_organ(_find(header, "From") if sender is None else sender),
        recipients=_organs(status) or _organs(header),
        responds_to=tuple(map(_answered, islice(answered, MOST_ROWS))),
        staff=_staff(_find(status, "StaffInfo")),
    )


def _code(holder: Element | None) -> tuple[str, str]:
    """Return number and notation, from separate elements, from one, or from the text of `Code`."""
    code = _find(holder, "Code")
    place = holder if code is None else code
    number, notation = _text(place, "CodeNumber"), _text(place, "CodeNotation")
    whole = number or ("" if code is None or len(code) else text_of(code))
    if not notation and (match := _WHOLE_CODE.fullmatch(whole)):
        return match[1], match[2]
    return whole, notation


def _organ(element: Element | None) -> Organ:
    return Organ(
        id=_text(element, "OrganId"),
        name=_text(element, "OrganName"),
        in_charge=_text(element, "OrganizationInCharge"),
        address=_text(element, "OrganAdd"),
        email=_text(element, "Email"),
        telephone=_text(element, "Telephone"),
        fax=_text(element, "Fax"),
        website=_text(element, "Website"),
    )


def _organs(holder: Element | None) -> tuple[Organ, ...]:
    found = map(_organ, _every(holder, "To"))
    return tuple(organ for organ in found if organ != Organ())


def _answered(element: Element) -> Answered:
    number, notation = _code(element)
    return Answered(
        organ_id=_text(element, "OrganId"),
        number=number,
        notation=notation,
        date=day_of(_text(element, "PromulgationDate")),
        document_id=_text(element, "DocumentId"),
    )


def _staff(element: Element | None) -> Staff:
    return Staff(*(_text(element, name) for name in ("Department", "Staff", "Mobile", "Email")))


def _hop(element: Element) -> Hop:
    return Hop(_text(element, "OrganId"), time_of(_text(element, "Timestamp")))

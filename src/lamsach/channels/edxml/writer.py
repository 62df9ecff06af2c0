"""Writer of edXML in the regulation's first form: envelope, manifest, attachments as base64."""

from __future__ import annotations

from base64 import b64encode
from datetime import date, datetime

from lamsach.channels.edxml.days import VIETNAM
from lamsach.channels.edxml.markup import PREFIX, XLINK, Markup, document, element, fields
from lamsach.channels.edxml.model import Answered, Attachment, Message, Organ, Staff
from lamsach.channels.edxml.tables import Tables, tables
from lamsach.channels.xml_signature import PLACE, Signer, sign

SUFFIX = ".edxml"


def write(message: Message, signer: Signer | None = None) -> bytes:
    """Write the message's file, signed if a signer is given. Builds a missing id of a dispatch.

    Raises MissingExtraError when it must be signed and the packages for it are not installed.
    """
    known = tables()
    header = _status(message) if message.kind == "status" else _header(message, known)
    place = element(PREFIX + "DigitalSignature", Markup(PLACE)) if signer else Markup()
    envelope = element(
        PREFIX + "edXMLEnvelope", element(PREFIX + "edXMLHeader", header, place), _body(message.attachments)
    )
    whole = document(envelope, _attachments(message.attachments))
    return sign(whole, signer) if signer else whole


def day(value: date | None) -> str:
    """Format a day as the regulation requires."""
    return f"{value:%Y/%m/%d}" if value else ""


def clock(value: datetime | None) -> str:
    """Format a time as the regulation requires, on Vietnam's clock."""
    return f"{value.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}" if value else ""


def organ(name: str, body: Organ) -> Markup:
    """Write a sending (`From`) or receiving (`To`) body."""
    return fields(
        name,
        OrganId=body.id,
        OrganizationInCharge=body.in_charge,
        OrganName=body.name,
        OrganAdd=body.address,
        Email=body.email,
        Telephone=body.telephone,
        Fax=body.fax,
        Website=body.website,
    )


def _header(message: Message, known: Tables) -> Markup:
    main = element(
        PREFIX + "MessageHeader",
        organ("From", message.sender),
        *(organ("To", body) for body in message.recipients),
        fields("Code", CodeNumber=message.number, CodeNotation=message.notation),
        fields("PromulgationInfo", Place=message.place, PromulgationDate=day(message.date)),
        fields("DocumentType", Type=known.type_code(message.type), TypeName=message.type),
        _text("Subject", message.subject),
        _text("Content", message.content),
        fields("SignerInfo", Position=message.signer_position, FullName=message.signer_name),
        _text("DueDate", day(message.due)),
        _places(message.to_places),
        *map(_answered, message.responds_to),
        _text("DocumentId", message.identity),
    )
    hops = [fields("TraceHeader", OrganId=hop.organ_id, Timestamp=clock(hop.time)) for hop in message.trace]
    business = element(
        PREFIX + "Bussiness",
        _text("BussinessDocType", known.kind_code(message.kind or "new")),
        _text("BussinessDocReason", message.reason),
        _text("Paper", "0"),
        _staff(message.staff),
    )
    trace = element(PREFIX + "TraceHeaderList", *hops, business, version="1.0", mustUnderstand="1")
    return Markup(main + trace)


def _status(message: Message) -> Markup:
    return element(
        PREFIX + "Status",
        *map(_answered, message.responds_to),
        organ("From", message.sender),
        _text("StatusCode", message.status),
        _text("Description", message.reason),
        _text("Timestamp", clock(message.time)),
        _staff(message.staff),
    )


def _text(name: str, value: str) -> Markup:
    return element(PREFIX + name, value) if value else Markup()


def _places(places: tuple[str, ...]) -> Markup:
    return element(PREFIX + "ToPlaces", *(_text("Place", place) for place in places)) if places else Markup()


def _staff(staff: Staff) -> Markup:
    return fields(
        "StaffInfo", Department=staff.department, Staff=staff.name, Mobile=staff.mobile, Email=staff.email
    )


def _answered(answered: Answered) -> Markup:
    code = "/".join(filter(None, (answered.number, answered.notation)))
    return fields(
        "ResponseFor",
        OrganId=answered.organ_id,
        Code=code,
        PromulgationDate=day(answered.date),
        DocumentId=answered.document_id,
    )


def _body(attachments: tuple[Attachment, ...]) -> Markup:
    rows = [
        element(
            PREFIX + "Reference",
            _text("ContentId", f"cid:{_content_id(number)}"),
            _text("ContentType", attachment.type),
            _text("AttachmentName", attachment.name),
            _text("Description", attachment.description),
            xmlns_xlink=XLINK,
            xlink_href=f"cid:{_content_id(number)}",
        )
        for number, attachment in enumerate(attachments, 1)
    ]
    manifest = element(PREFIX + "edXMLManifest", *rows, version="1.0")
    return element(PREFIX + "edXMLBody", manifest) if rows else Markup()


def _attachments(attachments: tuple[Attachment, ...]) -> Markup:
    found = [
        element(
            "Attachment",
            element("ContentType", attachment.type),
            element("ContentId", _content_id(number)),
            element("Description", attachment.description),
            element("ContentTransferEncoded", Markup(b64encode(attachment.content).decode())),
            element("AttachmentName", attachment.name),
        )
        for number, attachment in enumerate(attachments, 1)
    ]
    return element("AttachmentEncoded", *found) if found else Markup()


def _content_id(number: int) -> str:
    return f"attachment-{number}"

"""Messages with any text are read back as they were written."""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.channels.edxml.days import VIETNAM
from lamsach.channels.edxml.model import Answered, Attachment, Hop, Message, Organ, Staff
from lamsach.channels.edxml.reader import read
from lamsach.channels.edxml.writer import write

WORD = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12)
CODE = st.from_regex(r"[A-Z0-9.]{1,10}", fullmatch=True)
DAY = st.none() | st.dates(date(1990, 1, 1), date(2090, 1, 1))
TIME = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(
    lambda time: time.replace(microsecond=0, tzinfo=VIETNAM, fold=0)
)
ORGAN = st.builds(Organ, id=CODE, name=WORD, email=WORD, address=WORD)
ANSWERED = st.builds(Answered, organ_id=CODE, number=CODE, notation=CODE, date=DAY, document_id=CODE)
STAFF = st.builds(Staff, department=WORD, name=WORD)
FILES = st.lists(
    st.binary(min_size=1, max_size=40).filter(lambda data: not data.startswith(b"PK")), max_size=3
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    files = tuple(Attachment(f"{number}.bin", data, "a/b", "c") for number, data in enumerate(draw(FILES)))
    common = {
        "sender": draw(ORGAN),
        "responds_to": tuple(draw(st.lists(ANSWERED, max_size=2))),
        "staff": draw(STAFF),
        "reason": draw(WORD),
        "attachments": files,
    }
    if draw(st.booleans()):
        time = draw(TIME)
        return Message(
            kind="status",
            status=draw(st.sampled_from(["01", "06", "16"])),
            time=time,
            date=time.date(),
            **common,
        )  # type: ignore[arg-type]
    return Message(
        kind=draw(st.sampled_from(["new", "revoke", "update", "replace"])),
        document_id=draw(CODE),
        number=draw(CODE),
        notation=draw(CODE),
        place=draw(WORD),
        date=draw(DAY),
        due=draw(DAY),
        subject=draw(WORD),
        content=draw(WORD),
        type=draw(st.sampled_from(["", "Công văn", "Loại khác"])),
        signer_position=draw(WORD),
        signer_name=draw(WORD),
        to_places=tuple(draw(st.lists(WORD.filter(bool), max_size=2))),
        recipients=tuple(draw(st.lists(ORGAN, max_size=3))),
        trace=tuple(draw(st.lists(st.builds(Hop, CODE, TIME), max_size=2))),
        **common,  # type: ignore[arg-type]
    )


@settings(max_examples=120, deadline=None)
@given(messages())
def test_a_message_comes_back(message: Message) -> None:
    assert read(write(message), "a") == message


def test_invalid_characters_are_omitted_and_the_id_is_built() -> None:
    message = Message(
        sender=Organ("H1"),
        date=date(2026, 9, 3),
        number="7",
        notation="ABC",
        subject="a\x00\ud800\ufffe]]>\r&b",
    )
    found = read(write(message), "a")
    assert (found.subject, found.document_id) == ("a]]> &b", "H1,2026/09/03,7/ABC")

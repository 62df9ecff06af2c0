"""What DNS messages in captures tell, as events."""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.logs.binary.capture.dns import Message
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.values import domain_of, ip_of
from lamsach.model import Action, Event, EventKind

MOST_NAMES = 64


def dns_events(message: Message, ends: Event, *, multicast: bool) -> Iterator[Event]:
    """One event a question; for an answer without question (mDNS) one a name.

    `ends`: an event with the time and the addresses of the packet. The client of an answer is who receives it, except when it
    goes to a group. The answers' own names (CNAME) count as answers too.
    """
    client, server = (ends.source_ip, ends.source_port), (ends.destination_ip, ends.destination_port)
    if message.response and not multicast:
        client, server = server, client
    names = message.questions or tuple(dict.fromkeys(answer.name for answer in message.answers))[:MOST_NAMES]
    for name in dict.fromkeys(names):
        values = (
            answer.value
            for answer in message.answers
            if answer.value and (message.questions or answer.name == name)
        )
        answers = tuple(dict.fromkeys(filter(None, (ip_of(v) or domain_of(v) for v in values))))
        yield decide(
            Event(
                time=ends.time,
                kind=EventKind.DNS,
                source_ip=client[0],
                source_port=client[1],
                destination_ip=server[0],
                destination_port=server[1],
                domain=question_name(name),
                answers=answers,
                action=Action.ALLOWED if message.response and message.rcode == 0 else Action.UNKNOWN,
                response=message.response,
                format=ends.format,
                file=ends.file,
                line=ends.line,
            ),
            role=Role.SERVES_THE_UNIT,
        )

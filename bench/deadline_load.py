"""The people of `bench.deadline`.

Thousands of users and the readers of the public page over few sockets on loopback, each request at its time
whether or not earlier ones were answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

from bench.deadline_sockets import Answer, Connection, Sockets, address_of, request

ACTIVE = 100
"""So many users are in the middle of something; who is done makes room for the next."""
READERS = 1 << 16
"""The readers' addresses are so many others."""
AGAIN = 20
"""One in so many forms is pressed twice at once."""
TOKEN = "a" * 32
SENDING = ("acknowledge", "upload 5 MB", "begin a report", "correct", "submit", "approve", "send")
PUBLIC, BRANCH, WHOLE = "public page", " of a branch", " of the whole country"
_INPUT = re.compile(
    r'<input type="(?:text|date|number|hidden)" name="([^"]+)"(?:[^>]*? value="([^"]*)")?'
    r'|<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', re.DOTALL)  # fmt: skip


@dataclass(slots=True)
class Person:
    """A user: an officer with a copy of the dispatch to answer, or somebody who leads units (`copy` 0)."""

    session: str
    unit: int
    copy: int = 0
    address: str = ""
    done: int = 0
    report: str = ""
    stated: int | None = None


@dataclass(slots=True)
class Told:
    """Acts that the portal has confirmed to its users."""

    acknowledged: list[int] = field(default_factory=list)
    bundles: list[int] = field(default_factory=list)
    reports: list[int] = field(default_factory=list)
    stated: dict[int, int] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Measured:
    """Seconds from when each request was due to its whole answer, by its kind; what went wrong.

    How often nobody was free to act.
    """

    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    crowded: int = 0

    def p95_of(self, kind: str) -> float:
        """The 95th percentile of one kind."""
        found = sorted(self.times.get(kind, ()))
        return found[min(int(len(found) * 0.95), len(found) - 1)] if found else 0.0

    def p95_s(self, public: bool = False, sending: bool = False) -> float:
        """The 95th percentile of pages, of the public page, or of sending."""
        found = sorted(
            one for kind, times in self.times.items()
            if (kind in SENDING) == sending and (kind == PUBLIC) == public for one in times
        )  # fmt: skip
        return found[min(int(len(found) * 0.95), len(found) - 1)] if found else 0.0


class Crowd:
    """Everybody, and what they do."""

    def __init__(self, sockets: Sockets, place: dict[str, Any], bundle: bytes) -> None:
        self._sockets, self._bundle = sockets, bundle
        self._names, self._campaign, self._root = place["names"], place["campaign"], place["root"]
        leaders = [Person(*one) for one in place["leaders"]]
        officers = [Person(*one) for one in place["officers"]]
        for number, person in enumerate([*leaders, *officers]):
            person.address = address_of(number)
        self.alone = [officers.pop() for _ in range(min(len(officers) // 4, 15))]
        """Officers who act by themselves before the others, so that the cost of each kind can be seen."""
        self.leaders, self.told, self.measured = leaders, Told(), Measured()
        step = max(1, len(officers) // max(1, len(leaders)))
        self._waiting: deque[Person] = deque()
        for number, officer in enumerate(officers):
            self._waiting.append(officer)
            if number % step == 0 and number // step < len(leaders):
                self._waiting.append(leaders[number // step])
        self._active = [self._waiting.popleft() for _ in range(min(ACTIVE, len(self._waiting)))]
        """Those who are in the middle of something and free to act.

        All kinds of acts come at any time, as many of each.
        """
        self._chance, self._posts, self._looks = random.Random(3), 0, 0

    def leading(self) -> tuple[list[Person], list[Person]]:
        """Some who lead a branch, and some who lead the whole country."""
        whole = [one for one in self.leaders if one.unit == self._root]
        return [one for one in self.leaders if one.unit != self._root][:15], whole[:5]

    async def drive(self, rate: float, public_rate: float, seconds: float) -> Measured:
        """So many acts of users and looks at the public page a second.

        What was measured, once the last is answered.
        """
        self.measured = Measured()
        patience = asyncio.ensure_future(self._sockets.patience())
        await asyncio.gather(self._users(rate, seconds), self.readers(public_rate, seconds))
        patience.cancel()
        return self.measured

    async def _users(self, rate: float, seconds: float) -> None:
        tasks = set()
        async for due in _moments(rate, seconds):
            if (doing := self._somebody(due)) is not None:
                task = asyncio.ensure_future(doing)
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def readers(self, rate: float, seconds: float) -> None:
        """Looks at the public page, each from another address, without a task for each.

        What is not answered at the end counts.
        """
        measured, waiting, sockets = self.measured, Counter[str](), self._sockets
        times = measured.times.setdefault(PUBLIC, [])

        def asked(due: float, connection: Connection) -> Callable[[Answer], None]:
            def answered(answer: Answer) -> None:
                times.append(time.monotonic() - due)
                waiting[PUBLIC] -= 1
                sockets.give_back(connection, answer)
                if answer.status != 200:
                    measured.wrong.append(f"{PUBLIC}: {answer.status}")

            return answered

        async for due in _moments(rate, seconds):
            self._looks += 1
            data = request("GET", "/", address_of(READERS + self._looks % READERS), {})
            try:
                connection = await sockets.connection()
            except OSError as error:
                measured.wrong.append(f"{PUBLIC}: {type(error).__name__}")
                continue
            waiting[PUBLIC] += 1
            connection.ask(data, asked(due, connection))
        while waiting[PUBLIC]:
            await asyncio.sleep(0.01)

    def _somebody(self, due: float) -> Awaitable[None] | None:
        if not self._active:
            self.measured.crowded += 1
            return None
        place = self._chance.randrange(len(self._active))
        self._active[place], self._active[-1] = self._active[-1], self._active[place]
        return self._turn(self._active.pop(), due)

    async def _turn(self, person: Person, due: float) -> None:
        try:
            await self.act(person, due)
        finally:
            if person.done % (8 if person.copy else 4) == 0:
                self._waiting.append(person)
                person = self._waiting.popleft()
            self._active.append(person)

    async def act(self, person: Person, due: float) -> str:
        """The person's next act; its kind."""
        if person.copy:
            acts = (self._home, self._acknowledge, self._upload, self._begin, self._correct, self._submit,
                self._approve, self._send)  # fmt: skip
            place = person.done if person.done < len(acts) else 0
        else:
            acts = (self._home, self._board, self._late, self._unit)  # type: ignore[assignment]
            place = person.done % len(acts)
        person.done += 1
        return await acts[place](person, due)

    async def _home(self, person: Person, due: float) -> str:
        return await self._look("home", "/office/", person, due)

    async def _board(self, person: Person, due: float) -> str:
        return await self._look("board", f"/office/campaigns/{self._campaign}/board/", person, due)

    async def _late(self, person: Person, due: float) -> str:
        address = f"/office/campaigns/{self._campaign}/board/?state=late"
        return await self._look("late list", address, person, due)

    async def _unit(self, person: Person, due: float) -> str:
        return await self._look("unit page", f"/office/units/{person.unit}/", person, due)

    async def _look(self, kind: str, address: str, person: Person, due: float) -> str:
        kind += "" if person.copy else WHOLE if person.unit == self._root else BRANCH
        await self._ask(kind, "GET", address, due, person)
        return kind

    async def _acknowledge(self, person: Person, due: float) -> str:
        values = {"kind": "acknowledged", "day": "", "note": ""}
        if await self._post("acknowledge", f"/office/answers/{person.copy}/", values, due, person):
            self.told.acknowledged.append(person.copy)
        return "acknowledge"

    async def _upload(self, person: Person, due: float) -> str:
        """A bundle of its own: the same archive with another comment at its end."""
        comment = f"{person.unit:016d}".encode()
        data = self._bundle[:-2] + len(comment).to_bytes(2, "little") + comment
        border = "border-of-the-form"
        fields = {"campaign": self._campaign, "unit": person.unit, "csrfmiddlewaretoken": TOKEN}
        head = "".join(
            f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="bundle.zip"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{border}--\r\n".encode()
        kind = f"multipart/form-data; boundary={border}"
        found = await self._ask("upload 5 MB", "POST", "/office/findings/", due, person, body, kind)
        if found is not None:
            self.told.bundles.append(person.unit)
        return "upload 5 MB"

    async def _begin(self, person: Person, due: float) -> str:
        address = f"/office/campaigns/{self._campaign}/reports/{person.unit}/"
        found = await self._post("begin a report", address, {"x": "1"}, due, person)
        if found is not None:
            person.report = found.location
            self.told.reports.append(person.unit)
        return "begin a report"

    async def _correct(self, person: Person, due: float) -> str:
        """Open the draft, state another number, save."""
        page = await self._ask("draft", "GET", f"{person.report}edit/", due, person)
        values = fields_of(page.body.decode()) if page else {}
        key = next((name for name in values if name.startswith("stated_")), "")
        person.stated = 1000 + person.unit
        values |= {key: str(person.stated), key.replace("stated_", "reason_"): "Đếm bằng tay", "itself": "on"}
        found = await self._post("correct", f"{person.report}edit/", values, time.monotonic(), person)
        if found is not None:
            self.told.stated[person.unit] = person.stated
        return "correct"

    async def _submit(self, person: Person, due: float) -> str:
        return await self._step(person, due, "submit", 2)

    async def _approve(self, person: Person, due: float) -> str:
        return await self._step(person, due, "approve", 3)

    async def _send(self, person: Person, due: float) -> str:
        return await self._step(person, due, "send", 4)

    async def _step(self, person: Person, due: float, action: str, version: int) -> str:
        values = {
            "action": action,
            "version": str(version),
            "signer": "Nguyễn Văn A",
            "position": "Trưởng phòng",
        }
        found = await self._post(action, f"{person.report}step/", values, due, person)
        if found is not None and action == "send":
            self.told.sent.append(person.unit)
        return action

    async def _post(
        self, kind: str, path: str, values: dict[str, str], due: float, person: Person
    ) -> Answer | None:
        """Send a form, now and then twice at once: both are to get the same answer."""
        body = urlencode({**values, "csrfmiddlewaretoken": TOKEN}).encode()
        presses = [self._ask(kind, "POST", path, due, person, body)]
        self._posts += 1
        if self._posts % AGAIN == 0:
            presses.append(self._ask(kind, "POST", path, due, person, body))
        first, *others = await asyncio.gather(*presses)
        for other in others:
            if first and other and other.location != first.location:
                self.measured.wrong.append(f"{kind} pressed twice: {first.location}, {other.location}")
        return first

    async def _ask(
        self, kind: str, method: str, path: str, due: float, person: Person, body: bytes = b"",
        content: str = "application/x-www-form-urlencoded",
    ) -> Answer | None:  # fmt: skip
        cookies = f"{self._names['session']}={person.session}; {self._names['csrf']}={TOKEN}"
        headers = {"Cookie": cookies, "X-CSRFToken": TOKEN, **({"Content-Type": content} if body else {})}
        try:
            answer = await self._sockets.ask(method, path, person.address, headers, body)
        except OSError:
            answer = Answer(0)
        right = answer.status == (302 if method == "POST" else 200)
        self.measured.times.setdefault(kind, []).append(time.monotonic() - due)
        if not right:
            self.measured.wrong.append(f"{kind}: {answer.status} {path} {shown(answer.body)}")
        return answer if right else None


async def _moments(rate: float, seconds: float) -> AsyncIterator[float]:
    """Yield each moment at which something is due; late ones at once, one after the other."""
    begin = time.monotonic()
    for number in range(int(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield due


def shown(body: bytes) -> str:
    """The first complaint of a page."""
    found = re.search(
        r'class="(?:errorlist|note note-error|invalid-feedback)[^>]*>(.*?)<', body.decode("utf-8", "replace")
    )
    return found[1][:200] if found else ""


def fields_of(page: str) -> dict[str, str]:
    """Return the fields of the draft's form, by name."""
    found = {}
    with contextlib.suppress(ValueError):
        page = page[page.index("<main") :]
    for name, value, area, text in _INPUT.findall(page):
        found[name or area] = unescape(value or text)
    return {name: value for name, value in found.items() if name not in ("csrfmiddlewaretoken", "next")}


def differences(told: Told, held: dict[str, Any]) -> list[str]:
    """List by name what was lost or doubled between users' confirmations and the portal's tables."""
    found = []
    for name in ("acknowledged", "bundles", "reports", "sent"):
        here, there = Counter(getattr(told, name)), Counter(held[name])
        found += [f"{name}: {one} lost" for one in (here - there)]
        found += [f"{name}: {one} doubled or never told" for one in (there - here)]
    stated = {int(unit): value for unit, value in held["stated"].items()}
    found += [
        f"stated: {unit}"
        for unit in told.stated.keys() | stated.keys()
        if told.stated.get(unit) != stated.get(unit)
    ]
    expected = {
        "imports": len(told.bundles),
        "deliveries": len(told.sent),
        "audited": len(told.sent),
        "unread": 0,
        "broken": 0,
        "doubled": 0,
    }
    found += [
        f"{name}: {held[name]} instead of {value}" for name, value in expected.items() if held[name] != value
    ]
    return found

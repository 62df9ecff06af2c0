"""The people of `bench.deadline`.

Thousands of users and the readers of the public page over few sockets on loopback; each request is sent at
its time, whether or not earlier ones were answered.
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
"""Number of users who are in the middle of their acts; a finished user makes room for the next."""
READERS = 1 << 16
"""Number of different addresses of readers."""
AGAIN = 20
"""One in this many forms is submitted twice at once."""
TOKEN = "a" * 32
SENDING = ("acknowledge", "upload 5 MB", "begin a report", "correct", "submit", "approve", "send")
PUBLIC, BRANCH, WHOLE = "public page", " of a branch", " of the whole country"
_INPUT = re.compile(
    r'<input type="(?:text|date|number|hidden)" name="([^"]+)"(?:[^>]*? value="([^"]*)")?'
    r'|<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', re.DOTALL)  # fmt: skip


@dataclass(slots=True)
class Person:
    """A user: an officer with a copy of the dispatch to answer, or a leader of units (`copy` 0)."""

    session: str
    unit: int
    copy: int = 0
    address: str = ""
    done: int = 0
    report: str = ""
    stated: int | None = None


@dataclass(slots=True)
class Confirmed:
    """Acts that the portal has confirmed to its users."""

    acknowledged: list[int] = field(default_factory=list)
    bundles: list[int] = field(default_factory=list)
    reports: list[int] = field(default_factory=list)
    stated: dict[int, int] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Measured:
    """Seconds from each request's due time to its full answer, by kind; errors; acts without a free user."""

    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    crowded: int = 0

    def p95_of(self, kind: str) -> float:
        """Return the 95th percentile of one kind."""
        found = sorted(self.times.get(kind, ()))
        return found[min(int(len(found) * 0.95), len(found) - 1)] if found else 0.0

    def p95_s(self, public: bool = False, sending: bool = False) -> float:
        """Return the 95th percentile of pages, of the public page, or of sending."""
        found = sorted(
            seconds for kind, times in self.times.items()
            if (kind in SENDING) == sending and (kind == PUBLIC) == public for seconds in times
        )  # fmt: skip
        return found[min(int(len(found) * 0.95), len(found) - 1)] if found else 0.0


class Crowd:
    """All users and readers, and their acts."""

    def __init__(self, sockets: Sockets, portal: dict[str, Any], bundle: bytes) -> None:
        self._sockets, self._bundle = sockets, bundle
        self._names, self._campaign, self._root = portal["names"], portal["campaign"], portal["root"]
        leaders = [Person(*row) for row in portal["leaders"]]
        officers = [Person(*row) for row in portal["officers"]]
        for number, person in enumerate([*leaders, *officers]):
            person.address = address_of(number)
        self.alone = [officers.pop() for _ in range(min(len(officers) // 4, 15))]
        """Officers who act alone before the others, to measure the cost of each kind."""
        self.leaders, self.confirmed, self.measured = leaders, Confirmed(), Measured()
        step = max(1, len(officers) // max(1, len(leaders)))
        self._waiting: deque[Person] = deque()
        for number, officer in enumerate(officers):
            self._waiting.append(officer)
            if number % step == 0 and number // step < len(leaders):
                self._waiting.append(leaders[number // step])
        self._active = [self._waiting.popleft() for _ in range(min(ACTIVE, len(self._waiting)))]
        """Users in the middle of their acts and free to act.

        All kinds of acts occur at any time, equally often.
        """
        self._chance, self._posts, self._views = random.Random(3), 0, 0

    def leading(self) -> tuple[list[Person], list[Person]]:
        """Return some leaders of a branch, and some of the whole country."""
        country = [leader for leader in self.leaders if leader.unit == self._root]
        return [leader for leader in self.leaders if leader.unit != self._root][:15], country[:5]

    async def drive(self, rate: float, public_rate: float, seconds: float) -> Measured:
        """Send acts of users and views of the public page at these rates; return the measurements."""
        self.measured = Measured()
        patience = asyncio.ensure_future(self._sockets.patience())
        await asyncio.gather(self._users(rate, seconds), self.readers(public_rate, seconds))
        patience.cancel()
        return self.measured

    async def _users(self, rate: float, seconds: float) -> None:
        tasks = set()
        async for due in _moments(rate, seconds):
            if (doing := self._free_user(due)) is not None:
                task = asyncio.ensure_future(doing)
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def readers(self, rate: float, seconds: float) -> None:
        """Send views of the public page, each from another address, without a task for each.

        Unanswered views at the end count.
        """
        measured, waiting, sockets = self.measured, Counter[str](), self._sockets
        times = measured.times.setdefault(PUBLIC, [])

        def on_answer(due: float, connection: Connection) -> Callable[[Answer], None]:
            def receive(answer: Answer) -> None:
                times.append(time.monotonic() - due)
                waiting[PUBLIC] -= 1
                sockets.give_back(connection, answer)
                if answer.status != 200:
                    measured.wrong.append(f"{PUBLIC}: {answer.status}")

            return receive

        async for due in _moments(rate, seconds):
            self._views += 1
            data = request("GET", "/", address_of(READERS + self._views % READERS), {})
            try:
                connection = await sockets.connection()
            except OSError as error:
                measured.wrong.append(f"{PUBLIC}: {type(error).__name__}")
                continue
            waiting[PUBLIC] += 1
            connection.ask(data, on_answer(due, connection))
        while waiting[PUBLIC]:
            await asyncio.sleep(0.01)

    def _free_user(self, due: float) -> Awaitable[None] | None:
        if not self._active:
            self.measured.crowded += 1
            return None
        index = self._chance.randrange(len(self._active))
        self._active[index], self._active[-1] = self._active[-1], self._active[index]
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
        """Perform the person's next act; return its kind."""
        if person.copy:
            acts = (self._home, self._acknowledge, self._upload, self._begin, self._correct, self._submit,
                self._approve, self._send)  # fmt: skip
            position = person.done if person.done < len(acts) else 0
        else:
            acts = (self._home, self._board, self._late, self._unit)  # type: ignore[assignment]
            position = person.done % len(acts)
        person.done += 1
        return await acts[position](person, due)

    async def _home(self, person: Person, due: float) -> str:
        return await self._view("home", "/office/", person, due)

    async def _board(self, person: Person, due: float) -> str:
        return await self._view("board", f"/office/campaigns/{self._campaign}/board/", person, due)

    async def _late(self, person: Person, due: float) -> str:
        address = f"/office/campaigns/{self._campaign}/board/?state=late"
        return await self._view("late list", address, person, due)

    async def _unit(self, person: Person, due: float) -> str:
        return await self._view("unit page", f"/office/units/{person.unit}/", person, due)

    async def _view(self, kind: str, address: str, person: Person, due: float) -> str:
        kind += "" if person.copy else WHOLE if person.unit == self._root else BRANCH
        await self._ask(kind, "GET", address, due, person)
        return kind

    async def _acknowledge(self, person: Person, due: float) -> str:
        values = {"kind": "acknowledged", "day": "", "note": ""}
        if await self._post("acknowledge", f"/office/answers/{person.copy}/", values, due, person):
            self.confirmed.acknowledged.append(person.copy)
        return "acknowledge"

    async def _upload(self, person: Person, due: float) -> str:
        """A bundle of its own: the same archive with a different comment at its end."""
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
            self.confirmed.bundles.append(person.unit)
        return "upload 5 MB"

    async def _begin(self, person: Person, due: float) -> str:
        address = f"/office/campaigns/{self._campaign}/reports/{person.unit}/"
        found = await self._post("begin a report", address, {"x": "1"}, due, person)
        if found is not None:
            person.report = found.location
            self.confirmed.reports.append(person.unit)
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
            self.confirmed.stated[person.unit] = person.stated
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
            self.confirmed.sent.append(person.unit)
        return action

    async def _post(
        self, kind: str, path: str, values: dict[str, str], due: float, person: Person
    ) -> Answer | None:
        """Send a form, sometimes twice at once: both are to get the same answer."""
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
    """Yield each moment at which an act is due; late ones at once, one after the other."""
    begin = time.monotonic()
    for number in range(int(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield due


def shown(body: bytes) -> str:
    """Return the first error message of a page."""
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


def differences(confirmed: Confirmed, stored: dict[str, Any]) -> list[str]:
    """List losses and duplicates between users' confirmations and the portal's tables, by name."""
    found = []
    for name in ("acknowledged", "bundles", "reports", "sent"):
        confirmed_units, stored_units = Counter(getattr(confirmed, name)), Counter(stored[name])
        found += [f"{name}: {unit} lost" for unit in (confirmed_units - stored_units)]
        found += [f"{name}: {unit} doubled or never told" for unit in (stored_units - confirmed_units)]
    stated = {int(unit): value for unit, value in stored["stated"].items()}
    found += [
        f"stated: {unit}"
        for unit in confirmed.stated.keys() | stated.keys()
        if confirmed.stated.get(unit) != stated.get(unit)
    ]
    expected = {
        "imports": len(confirmed.bundles),
        "deliveries": len(confirmed.sent),
        "audited": len(confirmed.sent),
        "unread": 0,
        "broken": 0,
        "doubled": 0,
    }
    found += [
        f"{name}: {stored[name]} instead of {value}"
        for name, value in expected.items()
        if stored[name] != value
    ]
    return found

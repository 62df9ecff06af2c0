"""A simulated month of three portals, by a seed: people's actions, carriers' mishaps, final comparison."""

from __future__ import annotations

import random
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.federation.world import Call, Portal

M, PROVINCES = "B01", ("B01.A", "B01.B")
BEGIN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
"""A Monday, 8:00 in Vietnam."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Flight:
    """A file in transit."""

    path: Path
    sender: str
    receiver: str
    due: datetime


@dataclass
class Account:
    """Counts of the month's events, and errors."""

    seed: int
    units: int
    counted: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Month:
    """A run.

    `portals`: of the ministry, the provinces, and of all units (`all`), each in a fresh state. `lost`: the
    one to restore from a backup; chosen by the seed if empty.
    """

    def __init__(
        self,
        portals: dict[str, Portal],
        folder: Path,
        seed: int,
        units: int,
        days: int,
        url: str = "",
        lost: str = "",
    ) -> None:
        self.rng = random.Random(seed)
        self.portals, self.folder, self.days, self.url, self.lost = portals, folder, days, url, lost
        self.account = Account(seed, units)
        self.now = BEGIN
        self.flights: list[Flight] = []
        self.carried: list[Flight] = []
        self.cut_until: dict[str, datetime] = {}
        self.made = 0
        self.below = {province: self._names(province, units) for province in PROVINCES}
        self.own = [f"{M}.{number:02d}" for number in range(1, 4)]
        self.machines: list[list[Any]] = []
        """Unit, number and whether granted, for each found machine."""
        self.waiting: dict[str, list[tuple[datetime, bool, Call]]] = {name: [] for name in (M, *PROVINCES)}
        """Actions of a portal: time, whether a partner can return it, call."""
        self.sent = ["1/M"]
        self.answered: dict[tuple[str, str], set[str]] = {}
        self.moves: list[tuple[str, str, str]] = []
        self.listed: list[str] = []
        self.backup: tuple[str, Path, datetime] | None = None
        self.restored = False
        self.between = max(4, days // 3)
        """Days between two comparisons."""
        self.seconds: list[float] = []
        """Durations of the days."""

    def _names(self, province: str, units: int) -> list[tuple[str, str]]:
        """Generate units with their parents: some offices, each with rooms."""
        count = max(4, (units - 6) // 2)
        offices = max(2, round(count**0.5 / 1.5))
        names = [(f"{province}.{number:03d}", province) for number in range(offices)]
        return names + [
            (f"{province}.{number % offices:03d}.{number:05d}", f"{province}.{number % offices:03d}")
            for number in range(count - offices)
        ]

    # -- people

    def home(self, code: str) -> str:
        """Return the portal of a unit."""
        return next((province for province in PROVINCES if code.startswith(province)), M)

    def act(self, home: str, name: str, /, *, back: bool = False, **arguments: Any) -> Any:
        """Run an action in a portal, and at the same clock time in the portal of all units.

        `back`: a partner returns its effects after a restore.
        """
        portal, whole = self.portals[home], self.portals["all"]
        call: Call = (name, arguments)
        portal.send(self.now + portal.off, [call])
        whole.send(self.now + portal.off, [call])
        result, expected = portal.receive()[0], whole.receive()[0]
        if result != expected:
            self.account.wrong.append(f"{self.now} {home} {name} {arguments}: {result}, not {expected}")
        self.waiting[home].append((self.now, _from_above(name, arguments) if home == M else back, call))
        self.account.counted[name] += 1
        return result

    def set_up(self) -> None:
        """Create trees, keys, partners, the campaign and its dispatch."""
        since = (BEGIN - 60 * DAY).date().isoformat()
        trunk: list[tuple[str, str | None]] = [(M, None), *((name_, M) for name_ in (*PROVINCES, *self.own))]
        for name, portal in self.portals.items():
            portal.off = timedelta()
            own = trunk if name in (M, "all") else [(M, None), (name, M)]
            under = [pair for name_ in PROVINCES if name in (name_, "all") for pair in self.below[name_]]
            home = M if name == "all" else name
            portal.ask(
                self.now, ("fresh", {}), ("begin", {"units": [*own, *under], "since": since, "home": home})
            )
        publics = {name: self.portals[name].one(self.now, "keys", code=name) for name in (M, *PROVINCES)}
        for province in PROVINCES:
            for ours, theirs in ((M, province), (province, M)):
                public, recipient = publics[theirs]
                self.portals[ours].one(
                    self.now, "add_partner", ours=ours, code=theirs, above=theirs == M, public=public,
                    recipient=recipient, url=self.url if ours != M else "",
                )  # fmt: skip
        for name in (M, *PROVINCES):
            self.portals[name].off = HOUR * self.rng.choice((0, 0, -7, -3, 2, 5, 8))
        due = {
            name: self.day(number)
            for name, number in (("acknowledge_due", 7), ("deploy_due", 14), ("report_due", 24))
        }
        if self.rng.random() < 0.5:
            due["acknowledge_due"] = None  # type: ignore[assignment]
        self.act(M, "campaign", owner=M, starts=BEGIN.date().isoformat(), days=due)
        self.act(M, "send", issuer=M, number="1/M", about="", deadline=self.day(24), whole=False)

    def day(self, number: int) -> str:
        """Return the day so many days after the first."""
        return (BEGIN + number * DAY).date().isoformat()

    def people(self, number: int) -> None:
        """Run a day's actions."""
        if number == self.days // 4 + 1:
            self.sent.append("2/M")
            self.act(M, "send", issuer=M, number="2/M", about="", deadline=self.day(24), whole=False)
        for item in (*self.own, *PROVINCES):
            if self.rng.random() < 0.3:
                self._answer(item, self.rng.choice(self.sent))
        for province in PROVINCES:
            if number >= 2 and (province, "") not in self.answered and self._knows(province):
                self.answered[province, ""] = set()
                number_ = f"1/{province}"
                deadline = self.day(self.rng.randrange(16, 24))
                self.act(province, "send", issuer=province, number=number_, about="1/M", deadline=deadline,
                    whole=True)  # fmt: skip
            elif (province, "") in self.answered:
                self._work_in(province, number)
        for item, chance in ((self._lists, 0.3), (self._deadlines, 0.25), (self._judge, 0.7)):
            if self.rng.random() < chance:
                item(number)
        if number >= self.days - 6:
            for item in (*self.own, *PROVINCES):
                if self.rng.random() < 0.4 and self._knows(item) and self._heard(item):
                    self.act(self.home(item), "report", back=True, code=item)

    def _knows(self, province: str, number: str = "1/M") -> bool:
        """Return whether a dispatch of the campaign has arrived."""
        return province not in PROVINCES or bool(self.portals[province].one(self.now, "knows", number=number))

    def _answer(self, code: str, number: str) -> None:
        if not self._knows(code, number):
            return
        done = self.answered.setdefault((code, number), set())
        kind = self.rng.choice(("opened", "acknowledged", "deployed"))
        if "deployed" in done and self.rng.random() < 0.2:
            self.act(self.home(code), "withdraw", back=True, code=code, number=number)
            done.discard("deployed")
        elif kind not in done:
            self.act(self.home(code), "answer", back=True, code=code, number=number, kind=kind)
            done.add(kind)

    def _work_in(self, province: str, number: int) -> None:
        codes = [code for code, _ in self.below[province]]
        few = self.rng.sample(codes, min(200, len(codes), max(3, len(codes) // 15)))
        for kind in ("acknowledged", "deployed"):
            part = self.rng.sample(few, len(few) // 2)
            self.act(province, "answer_many", back=True, codes=part, number=f"1/{province}", kind=kind)
            for code in part:
                self.answered.setdefault((code, f"1/{province}"), set()).add(kind)
        deployed = [code for code in few if "deployed" in self.answered.get((code, f"1/{province}"), ())]
        if deployed and self.rng.random() < 0.3:
            self.act(province, "withdraw", back=True, code=deployed[0], number=f"1/{province}")
            self.answered[deployed[0], f"1/{province}"].discard("deployed")
        if self.rng.random() < 0.5:
            self._hunt(self.rng.choice(few))
        if self.rng.random() < 0.4:
            self.act(province, "report", code=few[-1])
        if self.rng.random() < 0.15:
            self.act(province, "move_deadline", scope="subtree", code=few[0], kind="deploy",
                day=self.day(self.rng.randrange(12, 26)))  # fmt: skip
        if self.rng.random() < 0.1:
            self.made += 1
            self.act(province, "add_units", back=True, units=[(f"{province}.N{self.made:02d}", province)])
            self.act(province, "rename", back=True, code=few[-1], name=f"Tên mới {number}")
        if not self._losing(province):
            self._cases(province)

    def _hunt(self, code: str) -> None:
        first = self.rng.randrange(1, 6)
        today = (self.now - BEGIN).days
        seen = [self.day(today - ago) for ago in range(1, first + 1)]
        known = sum(machine[0] == code for machine in self.machines)
        machines = list(range(known, known + self.rng.randrange(0, 3)))
        covered = [self.day(today - ago) for ago in range(1, first + 3)]
        self.act(self.home(code), "findings", code=code, machines=machines, days=seen if machines else [],
            covered=covered)  # fmt: skip
        self.machines += [[code, number, False] for number in machines]

    def _cases(self, province: str) -> None:
        own = [machine for machine in self.machines if machine[0].startswith(province)]
        for machine in self.rng.sample(own, min(len(own), 2)):
            code, number, granted = machine
            to = self.rng.choice(("accepted", "working", "cleaned", "cleaned", "false_alarm"))
            self.act(province, "step", code=code, number=number, to=to)
            if granted and self.rng.random() < 0.5:
                self.act(province, "end_grant", code=code, number=number)
                machine[2] = False
            elif not granted and self.rng.random() < 0.4:
                until = (BEGIN + 70 * DAY).isoformat()
                self.act(province, "grant", code=code, number=number, to=M, until=until)
                machine[2] = True

    def _lists(self, number: int) -> None:
        if self.listed and self.rng.random() < 0.4:
            self.act(M, "withdraw_list", name=self.listed.pop(0))
        else:
            name = f"list-{number}.txt"
            self.act(M, "add_list", name=name, values=[f"bot{number}-{n}.example" for n in range(20)])
            self.listed.append(name)

    def _deadlines(self, number: int) -> None:
        if self.moves and self.rng.random() < 0.3:
            scope, code, _ = self.moves.pop()
            self.act(M, "undo_move", scope=scope, code=code)
            return
        scope, code = self.rng.choice((("all", ""), ("one", PROVINCES[0]), ("subtree", self.own[0])))
        kind = self.rng.choice(("acknowledge", "deploy", "report"))
        self.act(
            M, "move_deadline", scope=scope, code=code, kind=kind, day=self.day(self.rng.randrange(8, 30))
        )
        self.moves.append((scope, code, kind))

    def _judge(self, number: int) -> None:
        """Judge reports that have arrived at the ministry, in both portals."""
        for code in (*self.own, *PROVINCES):
            action = self.rng.choice(("accept", "accept", "refuse"))
            if self._same_report(code):
                self.act(M, "judge", code=code, action=action)

    def _same_report(self, code: str) -> bool:
        """Return whether the unit's newest report has reached the ministry; others are not judged."""
        received, expected = (self._reports(name, code) for name in (M, "all"))
        own = self._reports(self.home(code), code)
        return bool(received) and received[-1:] == own[-1:] and received[-1][:2] == expected[-1][:2]

    def _heard(self, code: str) -> bool:
        """Return whether the unit knows the decision on its report; unanswered ones are not corrected."""
        own, expected = (self._reports(name, code) for name in (self.home(code), "all"))
        return [row[:2] for row in own[-1:]] == [row[:2] for row in expected[-1:]]

    def _reports(self, name: str, code: str) -> list[list[Any]]:
        found: list[list[Any]] = self.portals[name].one(self.now, "reports_of", code=code)
        return found

    # -- carriers

    def carry(self) -> None:
        """Run an hour's traffic between the ministry and each province."""
        for province in PROVINCES:
            if self.now < self.cut_until.get(province, BEGIN):
                self.account.counted["hours cut"] += 1
                continue
            if self.rng.random() < 0.04:
                self.cut_until[province] = self.now + HOUR * self.rng.choice((3, 10, 30, 70))
            if self.rng.random() < 0.35:
                self._online(province) if self.rng.random() < 0.6 else self._by_file(province)
        self.rng.shuffle(self.flights)
        for flight in [flight for flight in self.flights if flight.due <= self.now]:
            self.flights.remove(flight)
            self._deliver(flight)
        if self.carried and self.rng.random() < 0.1:
            self.account.counted["replays"] += 1
            self._deliver(self.rng.choice(self.carried))

    def _path(self) -> Path:
        self.account.counted["files"] += 1
        return self.folder / f"{self.account.counted['files']:06d}.zip.age"

    def _online(self, province: str) -> None:
        """Run a transfer in both directions, occasionally cut in the middle."""
        self.account.counted["transfers"] += 1
        if self.url:
            self.portals[M].ask(self.now)
            if self.portals[province].one(self.now, "call", code=M):
                self.account.counted["transfers cut"] += 1
            return
        request, answer = self._path(), self._path()
        self.portals[province].one(self.now, "make_file", code=M, path=str(request), news=True)
        cut = self.rng.random()
        if cut < 0.1:
            self._cut(request)
        problem = self.portals[M].one(self.now, "answer_file", path=str(request), target=str(answer))
        if cut < 0.2 or problem:
            self.account.counted["transfers cut"] += 1
            return
        self.portals[province].one(self.now, "take_file", code=M, path=str(answer))

    def _cut(self, path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: self.rng.randrange(1, len(data))])

    def _by_file(self, province: str) -> None:
        """Send sealed files on sticks, which arrive hours or days later, or never."""
        for sender, receiver in ((province, M), (M, province)):
            path = self._path()
            self.portals[sender].one(self.now, "make_file", code=receiver, path=str(path), news=False)
            if self.rng.random() < 0.15:
                self.account.counted["files lost"] += 1
                continue
            self.flights.append(
                Flight(path, sender, receiver, self.now + HOUR * self.rng.choice((1, 2, 20, 50)))
            )

    def _deliver(self, flight: Flight) -> None:
        if self.rng.random() < 0.05:
            broken = flight.path.with_suffix(".cut")
            shutil.copy(flight.path, broken)
            self._cut(broken)
            assert self.portals[flight.receiver].one(
                self.now, "take_file", code=flight.sender, path=str(broken)
            )
        self.portals[flight.receiver].one(self.now, "take_file", code=flight.sender, path=str(flight.path))
        self.carried.append(flight)

    # -- a restore

    def _losing(self, province: str) -> bool:
        """Return whether actions of this time will be lost.

        Cases then wait, since a step of a case counts from its own day.
        """
        return self.backup is not None and self.backup[0] == province and not self.restored

    def disaster(self, number: int) -> None:
        """Back up a portal on one day, and restore it some days later, losing the days between."""
        lost_days = 3 if self.days < 10 else 4
        if number == self.days // 4:
            home = self.lost or self.rng.choice((M, *PROVINCES))
            file = self.folder / "backup.zip"
            self.portals[home].one(self.now, "back_up", path=str(file))
            self.backup = (home, file, self.now)
        elif number == self.days // 4 + lost_days and self.backup is not None:
            home, file, at = self.backup
            self._settle(1)  # partners know everything to be returned
            before, held, bore = self._held(home)
            self.portals[home].one(self.now, "put_back", path=str(file))
            self.restored = True
            self._settle(2)
            if home == M:
                self._again(home, at)
            after, now, bears = self._held(home)
            if any(after[name] < before[name] for name in ("informed", "deployed")):
                self.account.wrong.append(f"lost by the restore: {before}, {after}")
            if now != held:
                self.account.wrong.append(f"a report did not come back: {now}, not {held}")
            if bears != bore:
                self.account.wrong.append(f"dispatches have other numbers: {bears}, not {bore}")
            if home != M:
                self._again(home, at)
            self.account.counted[f"restored {home}"] += 1
            self._after_restore(home, bore)

    def _held(self, home: str) -> tuple[Any, list[Any], Any]:
        """Return the ministry's counts, newest reports, and primary keys of dispatches known to others."""
        portal = self.portals[home]
        sums = self.portals[M].one(self.now, "sums", home=M)
        reports = [
            portal.one(self.now, "reports_of", code=code)[-1:]
            for code in (PROVINCES if home == M else (home,))
        ]
        bore = portal.one(self.now, "dispatch_numbers", code=M) if home == M else {}
        return sums, [[row[1:] for row in rows] for rows in reports], bore  # a province numbers editions anew

    def _after_restore(self, home: str, bore: dict[str, int]) -> None:
        """Check that the ministry's next dispatch has an unused primary key."""
        if home == M:
            self.sent.append("3/M")
            self.act(M, "send", issuer=M, number="3/M", about="", deadline=self.day(24), whole=False)
            new = self.portals[M].one(self.now, "dispatch_numbers", code=M)["3/M"]
            if new <= max(bore.values()):
                self.account.wrong.append(f"a number was given again: {new}, {bore}")

    def _again(self, home: str, since: datetime) -> None:
        """Repeat the actions that no partner can return, then further steps, with their original dates."""
        portal, now = self.portals[home], self.now
        for at, back, call in self.waiting[home]:
            if at >= since and not back:
                portal.ask(at, call)
        for at, back, call in self.waiting[home]:
            if at >= since and back and call[0] in ("answer_many", "answer", "withdraw"):
                portal.ask(at, call)
        self.now = now

    # -- the end

    def _settle(self, rounds: int) -> None:
        """Transfer files in both directions without cuts, some times."""
        for _ in range(rounds):
            for province in PROVINCES:
                request, answer = self._path(), self._path()
                self.portals[province].one(self.now, "make_file", code=M, path=str(request), news=True)
                problem = self.portals[M].one(self.now, "answer_file", path=str(request), target=str(answer))
                refused = problem or self.portals[province].one(
                    self.now, "take_file", code=M, path=str(answer)
                )
                if refused:
                    self.account.wrong.append(f"{self.now} {province}: {refused}")

    def run(self) -> Account:
        """Run the whole month, then compare."""
        self.set_up()
        for number in range(self.days):
            began = time.monotonic()
            self.disaster(number)
            self.people(number)
            for hour in range(24):
                self.now = BEGIN + number * DAY + (hour + 1) * HOUR
                if hour % 3 == 0:
                    self.carry()
            self.seconds.append(round(time.monotonic() - began, 1))
            print(f"day {number + 1} of {self.days}: {self.seconds[-1]} s", file=sys.stderr, flush=True)
            if number % self.between == self.between - 1 and number < self.days - 1:
                self.checkpoint(number + 1)
        self.now = BEGIN + self.days * DAY + 4 * HOUR
        for flight in self.flights:
            self._deliver(flight)
        self._settle(2)
        for code in (*self.own, *PROVINCES):
            self.act(self.home(code), "report", code=code)
        self._settle(2)
        for code in (*self.own, *PROVINCES):
            self.act(M, "judge", code=code, action="accept")
        for portal in self.portals.values():
            # before the campaign is closed, since a province continues until it knows
            portal.one(self.now, "night")
        if self.rng.random() < 0.3:
            self.act(M, "close_campaign")
        self._settle(3)
        self.compare(self.days)
        return self.account

    def checkpoint(self, until: int) -> None:
        """Compare after complete transfers; files in transit arrive later."""
        self._settle(2)
        for portal in self.portals.values():
            portal.one(self.now, "night")
        self._settle(2)
        self.compare(until)
        self.account.counted["checkpoints"] += 1

    def compare(self, until: int) -> None:
        """Compare the ministry and each province with the portal of all units, on each day so far."""
        days = [self.day(number) for number in range(until + 1)]
        for home in (M, *PROVINCES):
            for name, arguments in (("figures", {"days": days}), ("granted_to", {})):
                found = self.portals[home].one(self.now, name, home=home, **arguments)
                self.portals["all"].off = self.portals[home].off
                wanted = self.portals["all"].one(self.now, name, home=home, **arguments)
                if name == "granted_to":
                    found, wanted = {"granted": found}, {"granted": wanted}
                if home != M:
                    for shown in (found, wanted):
                        shown.pop("home", None)
                        shown.pop("dispatches", None)
                for key in wanted:
                    if found[key] != wanted[key]:
                        self.account.wrong.append(f"{home} {key}: {_difference(found[key], wanted[key])}")
        self.portals["all"].off = timedelta()
        for home in (M, *PROVINCES):
            for row in self.portals[home].one(self.now, "partners"):
                if row[2]:
                    self.account.wrong.append(f"{home} still waits for what {row[0]} has to return")
                off = (self.portals[row[0]].off - self.portals[home].off).total_seconds()
                if self.url and row[3] != off:
                    self.account.wrong.append(
                        f"{home} takes the clock of {row[0]} to be off by {row[3]} s, not {off}"
                    )


def _from_above(name: str, arguments: dict[str, Any]) -> bool:
    """Return whether an action of the ministry reaches the provinces, which can return it."""
    code = arguments.get("code", "")
    return (
        name in ("send", "add_list", "withdraw_list") or code in PROVINCES or arguments.get("scope") == "all"
    )


def _difference(found: Any, wanted: Any) -> str:
    """Describe where two figures differ."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = [key for key in sorted({*found, *wanted}) if found.get(key) != wanted.get(key)][:4]
        return "; ".join(f"{key}: {found.get(key)}, not {wanted.get(key)}" for key in keys)
    if isinstance(found, list) and isinstance(wanted, list):
        pairs = [(a, b) for a, b in zip(found, wanted, strict=False) if a != b][:4]
        return (
            "; ".join(f"{a}, not {b}" for a, b in pairs)
            or f"{len(found)} rows, not {len(wanted)}: {found[-2:]}, {wanted[-2:]}"
        )
    return f"{found}, not {wanted}"

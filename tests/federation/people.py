"""Actions of the portals' users in a simulated month."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.federation.run import BEGIN, DAY, HOUR, PROVINCES, M, Run


class People:
    """Users of all units, who act in their portals."""

    def __init__(self, run: Run) -> None:
        self.run, self.rng, self.act, self.day = run, run.rng, run.act, run.day
        self.made = 0
        self.machines: list[list[Any]] = []
        """Unit, number and whether granted, for each found machine."""
        self.answered: dict[tuple[str, str], set[str]] = {}
        self.moves: list[tuple[str, str, str]] = []
        self.listed: list[str] = []

    def set_up(self) -> None:
        """Create trees, keys, partners, the campaign and its dispatch."""
        since = (BEGIN - 60 * DAY).date().isoformat()
        trunk: list[tuple[str, str | None]] = [
            (M, None),
            *((name_, M) for name_ in (*PROVINCES, *self.run.own)),
        ]
        for name, portal in self.run.portals.items():
            portal.off = timedelta()
            own = trunk if name in (M, "all") else [(M, None), (name, M)]
            under = [pair for name_ in PROVINCES if name in (name_, "all") for pair in self.run.below[name_]]
            home = M if name == "all" else name
            portal.ask(
                self.run.now,
                ("fresh", {}),
                ("begin", {"units": [*own, *under], "since": since, "home": home}),
            )
        publics = {name: self.run.ask(name, "keys", code=name) for name in (M, *PROVINCES)}
        for province in PROVINCES:
            for ours, theirs in ((M, province), (province, M)):
                public, recipient = publics[theirs]
                self.run.ask(ours, "add_partner", ours=ours, code=theirs, above=theirs == M, public=public,
                    recipient=recipient, url=self.run.url if ours != M else "",
                )  # fmt: skip
        for name in (M, *PROVINCES):
            self.run.portals[name].off = HOUR * self.rng.choice((0, 0, -7, -3, 2, 5, 8))
        due = {
            name: self.day(number)
            for name, number in (("acknowledge_due", 7), ("deploy_due", 14), ("report_due", 24))
        }
        if self.rng.random() < 0.5:
            due["acknowledge_due"] = None  # type: ignore[assignment]
        self.act(M, "campaign", owner=M, starts=BEGIN.date().isoformat(), days=due)
        self.run.send("1/M")

    def run_day(self, number: int) -> None:
        """Run a day's actions."""
        if number == self.run.days // 4 + 1:
            self.run.send("2/M")
        for item in (*self.run.own, *PROVINCES):
            if self.rng.random() < 0.3:
                self._answer(item, self.rng.choice(self.run.sent))
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
        if number >= self.run.days - 6:
            for item in (*self.run.own, *PROVINCES):
                if self.rng.random() < 0.4 and self._knows(item) and self._heard(item):
                    self.act(self.run.home(item), "report", back=True, code=item)

    def _knows(self, province: str, number: str = "1/M") -> bool:
        """Return whether a dispatch of the campaign has arrived."""
        return province not in PROVINCES or bool(self.run.ask(province, "knows", number=number))

    def _answer(self, code: str, number: str) -> None:
        if not self._knows(code, number):
            return
        done = self.answered.setdefault((code, number), set())
        kind = self.rng.choice(("opened", "acknowledged", "deployed"))
        if "deployed" in done and self.rng.random() < 0.2:
            self.act(self.run.home(code), "withdraw", back=True, code=code, number=number)
            done.discard("deployed")
        elif kind not in done:
            self.act(self.run.home(code), "answer", back=True, code=code, number=number, kind=kind)
            done.add(kind)

    def _work_in(self, province: str, number: int) -> None:
        codes = [code for code, _ in self.run.below[province]]
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
        if self.run.losing != province:  # cases wait: a step counts from its own day
            self._cases(province)

    def _hunt(self, code: str) -> None:
        first = self.rng.randrange(1, 6)
        today = (self.run.now - BEGIN).days
        seen = [self.day(today - ago) for ago in range(1, first + 1)]
        known = sum(machine[0] == code for machine in self.machines)
        machines = list(range(known, known + self.rng.randrange(0, 3)))
        covered = [self.day(today - ago) for ago in range(1, first + 3)]
        self.act(self.run.home(code), "findings", code=code, machines=machines, days=seen if machines else [],
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
        scope, code = self.rng.choice((("all", ""), ("one", PROVINCES[0]), ("subtree", self.run.own[0])))
        kind = self.rng.choice(("acknowledge", "deploy", "report"))
        self.act(
            M, "move_deadline", scope=scope, code=code, kind=kind, day=self.day(self.rng.randrange(8, 30))
        )
        self.moves.append((scope, code, kind))

    def _judge(self, number: int) -> None:
        """Judge reports that have arrived at the ministry, in both portals."""
        for code in (*self.run.own, *PROVINCES):
            action = self.rng.choice(("accept", "accept", "refuse"))
            if self._same_report(code):
                self.act(M, "judge", code=code, action=action)

    def _same_report(self, code: str) -> bool:
        """Return whether the unit's newest report has reached the ministry; others are not judged."""
        received, expected = (self._reports(name, code) for name in (M, "all"))
        own = self._reports(self.run.home(code), code)
        return bool(received) and received[-1:] == own[-1:] and received[-1][:2] == expected[-1][:2]

    def _heard(self, code: str) -> bool:
        """Return whether the unit knows the decision on its report; unanswered ones are not corrected."""
        own, expected = (self._reports(name, code) for name in (self.run.home(code), "all"))
        return [row[:2] for row in own[-1:]] == [row[:2] for row in expected[-1:]]

    def _reports(self, name: str, code: str) -> list[list[Any]]:
        found: list[list[Any]] = self.run.ask(name, "reports_of", code=code)
        return found

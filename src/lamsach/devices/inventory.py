"""The unit's inventory: addresses, hardware addresses, names, users and departments of its machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lamsach.devices.names import host_key
from lamsach.devices.stated_roles import stated_role
from lamsach.model import Problem

PROBLEMS_KEPT = 100
"""Maximum number of an inventory's rows that are reported individually."""
OnProblem = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """One machine as the sheet states it. `where` is `file:sheet:row`."""

    ips: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    name: str | None = None
    user: str | None = None
    department: str | None = None
    where: str = ""
    kind: str | None = None
    note: str | None = None

    @property
    def role(self) -> str | None:
        """Role that the row's type and note state (`stated_roles.stated_role`)."""
        return stated_role(self.kind, self.note)

    @property
    def mac(self) -> str | None:
        """Main hardware address of the machine: the first in its row."""
        return self.macs[0] if self.macs else None

    @property
    def key(self) -> tuple[str | None, ...]:
        """Key that is equal for two rows of the same machine."""
        return (self.mac,) if self.macs else (host_key(self.name or ""), *self.ips)


class Inventory:
    """Machines by hardware address, by address and by name.

    An address or name stated for two different machines belongs to neither (`by_ip`, `by_name` give None): a
    contradiction must not accuse anybody. A hardware address in two rows belongs to the first.
    """

    def __init__(self, entries: Iterable[InventoryEntry] = (), on_problem: OnProblem | None = None) -> None:
        self._macs: dict[str, InventoryEntry] = {}
        self._ips: dict[str, InventoryEntry | None] = {}
        self._names: dict[str, InventoryEntry | None] = {}
        self.entries: tuple[InventoryEntry, ...] = tuple(entries)
        self._report = Reporter(on_problem)
        for entry in self.entries:
            self._add(entry)
        self._report.finish()

    def __len__(self) -> int:
        return len(self.entries)

    def by_mac(self, mac: str) -> InventoryEntry | None:
        """Return the machine with the hardware address (`aa:bb:cc:dd:ee:ff`)."""
        return self._macs.get(mac)

    def by_ip(self, ip: str) -> InventoryEntry | None:
        """Return the machine with the address (canonical text), if only one states it."""
        return self._ips.get(ip)

    def by_name(self, name: str) -> InventoryEntry | None:
        """Return the machine with the host name in any spelling (see `host_key`), if only one has it."""
        key = host_key(name)
        return None if key is None else self._names.get(key)

    def _add(self, entry: InventoryEntry) -> None:
        duplicate = False
        for mac in entry.macs:
            known = self._macs.setdefault(mac, entry)
            if known is not entry:
                same = host_key(known.name or "") == host_key(entry.name or "")
                duplicate = duplicate or same
                if not same:
                    self._report(entry.where, "A hardware address is in two rows with different names.")
        for ip in entry.ips:
            duplicate |= self._put(self._ips, ip, entry, "An address is in two rows of different machines.")
        name = host_key(entry.name or "")
        if name is not None:
            duplicate |= self._put(
                self._names, name, entry, "A machine name is in two rows of different machines."
            )
        if duplicate:
            self._report(entry.where, "The machine is in two rows.")

    def _put(
        self, table: dict[str, InventoryEntry | None], key: str, entry: InventoryEntry, what: str
    ) -> bool:
        """Enter the machine under a key; True for a repetition, a problem for another machine."""
        if key not in table:
            table[key] = entry
            return False
        known = table[key]
        if known is not None and known.key == entry.key:
            return True
        table[key] = None
        self._report(entry.where, what)
        return False


class Reporter:
    """Reporter of the first problems individually and of the rest as one."""

    def __init__(self, on_problem: OnProblem | None) -> None:
        self._pass_on = on_problem or (lambda _problem: None)
        self._count = 0
        self._last = ""

    def __call__(self, where: str, what: str) -> None:
        """Report a problem of one row."""
        self._count += 1
        self._last = where
        if self._count <= PROBLEMS_KEPT:
            self._pass_on(
                Problem(
                    where, what, "Correct the inventory; the hunt goes on without this statement.", minor=True
                )
            )

    def finish(self) -> None:
        """Report the rest."""
        if self._count > PROBLEMS_KEPT:
            self._pass_on(
                Problem(
                    self._last, "More rows of the inventory have problems than are listed here.", minor=True
                )
            )

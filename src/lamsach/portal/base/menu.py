"""The menu of the work pages: which entry leads where and for whom. A new app adds its line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.roles import ADMINISTRATORS, ALL, COORDINATORS, HELPERS, LEADERS, WRITERS, Role


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu: its words, the view's name, who sees it."""

    title: Any
    view: str
    roles: frozenset[Role]
    also: tuple[str, ...] = ()
    """Beginnings of other addresses whose pages belong here."""


MENU: tuple[Entry, ...] = (
    Entry(_("My work"), "web:home", ALL),
    Entry(_("Campaigns"), "campaigns:list", ALL, ("/office/dispatches/", "/office/answers/")),
    Entry(_("Machines"), "cases:list", ALL),
    Entry(_("Findings"), "findings:list", ALL),
    Entry(_("Scans of machines"), "fleet:list", ALL),
    Entry(_("Lists"), "lists:overview", ALL),
    Entry(_("Log sources"), "sources:list", ALL),
    Entry(_("Reports"), "reports:mine", ALL, ("/office/malware-reports/",)),
    Entry(_("Units"), "units:list", ALL),
    Entry(_("People"), "accounts:people", COORDINATORS),
    Entry(_("Awareness"), "awareness:list", ALL),
    Entry(_("Questions"), "support:list", HELPERS, ("/office/knowledge/",)),
    Entry(_("Tools"), "public:tools", LEADERS),
    Entry(_("E-mail"), "mail:log", COORDINATORS),
    Entry(_("Personal data"), "privacy:overview", WRITERS),
    Entry(_("Exchange"), "exchange:overview", COORDINATORS),
    Entry(_("Document exchange"), "edxml:overview", COORDINATORS),
    Entry(_("Audit trail"), "audit:list", ADMINISTRATORS),
)

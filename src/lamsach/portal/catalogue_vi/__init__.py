"""The portal's Vietnamese texts, by their English originals: one file for each group of pages."""

from lamsach.portal.catalogue_vi.audit import AUDIT, DETAILS
from lamsach.portal.catalogue_vi.avreports import AVREPORTS
from lamsach.portal.catalogue_vi.awareness import WAVES
from lamsach.portal.catalogue_vi.base import BASE
from lamsach.portal.catalogue_vi.campaigns import CAMPAIGNS, MATERIALS
from lamsach.portal.catalogue_vi.case_work import HANDLING
from lamsach.portal.catalogue_vi.cases import CASES
from lamsach.portal.catalogue_vi.deadlines import DEADLINES
from lamsach.portal.catalogue_vi.edxml import EDXML
from lamsach.portal.catalogue_vi.exchange import EXCHANGE
from lamsach.portal.catalogue_vi.findings import FINDINGS
from lamsach.portal.catalogue_vi.fleet import FLEET
from lamsach.portal.catalogue_vi.knowledge import KNOWLEDGE
from lamsach.portal.catalogue_vi.libraries import LIBRARIES
from lamsach.portal.catalogue_vi.lists import LISTS
from lamsach.portal.catalogue_vi.mail import MAIL
from lamsach.portal.catalogue_vi.people import PEOPLE
from lamsach.portal.catalogue_vi.privacy import PRIVACY
from lamsach.portal.catalogue_vi.public import PUBLIC
from lamsach.portal.catalogue_vi.reports import LETTERHEADS, REPORTS
from lamsach.portal.catalogue_vi.rooms import ROOMS, WAITING
from lamsach.portal.catalogue_vi.sources import SOURCES
from lamsach.portal.catalogue_vi.support import AWARENESS, SUPPORT
from lamsach.portal.catalogue_vi.traces import TRACES
from lamsach.portal.catalogue_vi.units import UNITS

GROUPS: tuple[dict[str, str], ...] = (
    LIBRARIES,
    AUDIT,
    DETAILS,
    SOURCES,
    LISTS,
    FINDINGS,
    FLEET,
    TRACES,
    CASES,
    EXCHANGE,
    EDXML,
    AVREPORTS,
    PRIVACY,
    HANDLING,
    BASE,
    ROOMS,
    PEOPLE,
    UNITS,
    LETTERHEADS,
    CAMPAIGNS,
    DEADLINES,
    PUBLIC,
    AWARENESS,
    SUPPORT,
    REPORTS,
    MAIL,
    WAVES,
    KNOWLEDGE,
    MATERIALS,
    WAITING,
)
VIETNAMESE: dict[str, str] = {text: said for group in GROUPS for text, said in group.items()}

"""The Vietnamese texts, by their English originals (see `lamsach.i18n`): one file for each part that speaks to people."""

from lamsach.catalogue_vi.archive import ARCHIVE
from lamsach.catalogue_vi.avreport import AVREPORT
from lamsach.catalogue_vi.blocklists import BLOCKING
from lamsach.catalogue_vi.channels import CHANNELS
from lamsach.catalogue_vi.cli import CLI
from lamsach.catalogue_vi.delivery import DELIVERY
from lamsach.catalogue_vi.desk import DESK
from lamsach.catalogue_vi.devices import DEVICES
from lamsach.catalogue_vi.indicators import INDICATORS
from lamsach.catalogue_vi.letters import LETTERS
from lamsach.catalogue_vi.logs import LOGS
from lamsach.catalogue_vi.portal import PORTAL
from lamsach.catalogue_vi.results import RESULTS
from lamsach.catalogue_vi.scanner import SCANNER
from lamsach.catalogue_vi.stores import STORES
from lamsach.catalogue_vi.trace import TRACE

GROUPS: tuple[dict[str, str], ...] = (
    ARCHIVE,
    STORES,
    SCANNER,
    INDICATORS,
    BLOCKING,
    LOGS,
    DEVICES,
    DESK,
    RESULTS,
    DELIVERY,
    AVREPORT,
    LETTERS,
    PORTAL,
    CHANNELS,
    CLI,
    TRACE,
)
VIETNAMESE: dict[str, str] = {text: said for group in GROUPS for text, said in group.items()}

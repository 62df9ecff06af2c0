"""The formats of lists that are read, in the order in which they are tried. One more format: its file here, its line below."""

from lamsach.indicators.base import ListFormat
from lamsach.indicators.formats.blocklist import Blocklist
from lamsach.indicators.formats.clamav import ClamAv
from lamsach.indicators.formats.delimited import Delimited
from lamsach.indicators.formats.doc import Doc
from lamsach.indicators.formats.docx import Docx
from lamsach.indicators.formats.fortigate_config import FortigateConfig
from lamsach.indicators.formats.html import Html
from lamsach.indicators.formats.ids_rules import IdsRules
from lamsach.indicators.formats.json_records import JsonRecords
from lamsach.indicators.formats.markup import Markup
from lamsach.indicators.formats.mikrotik import MikroTik
from lamsach.indicators.formats.misp import Misp
from lamsach.indicators.formats.misp_index import MispIndex
from lamsach.indicators.formats.opendocument import OpenDocument
from lamsach.indicators.formats.openioc import OpenIoc
from lamsach.indicators.formats.own_records import OwnRecords
from lamsach.indicators.formats.paged_text import PagedText
from lamsach.indicators.formats.pdf import Pdf
from lamsach.indicators.formats.rpz import Rpz
from lamsach.indicators.formats.rtf import Rtf
from lamsach.indicators.formats.stix import Stix
from lamsach.indicators.formats.stix1 import Stix1
from lamsach.indicators.formats.suricata_dataset import SuricataDataset
from lamsach.indicators.formats.text import Text
from lamsach.indicators.formats.xls import Xls
from lamsach.indicators.formats.xlsx import Xlsx
from lamsach.indicators.formats.xml_records import XmlRecords
from lamsach.indicators.formats.yara_rules import YaraRules
from lamsach.indicators.formats.zeek_intel import ZeekIntel

FORMATS: tuple[type[ListFormat], ...] = (
    Xlsx,
    Docx,
    Doc,
    OpenDocument,
    Xls,
    Rtf,
    Pdf,
    OwnRecords,
    Stix,
    Misp,
    JsonRecords,
    Html,
    OpenIoc,
    Stix1,
    XmlRecords,
    IdsRules,
    YaraRules,
    ZeekIntel,
    ClamAv,
    MispIndex,
    Rpz,
    MikroTik,
    FortigateConfig,
    SuricataDataset,
    PagedText,
    Markup,
    Blocklist,
    Delimited,
    Text,
)

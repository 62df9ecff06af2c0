"""The formats of lists that are read, in the order in which they are tried. One more format: its file here, its line below."""

from lamsach.indicators.base import ListFormat
from lamsach.indicators.formats.delimited import Delimited
from lamsach.indicators.formats.html import Html
from lamsach.indicators.formats.json_records import JsonRecords
from lamsach.indicators.formats.misp import Misp
from lamsach.indicators.formats.openioc import OpenIoc
from lamsach.indicators.formats.pdf import Pdf
from lamsach.indicators.formats.stix import Stix
from lamsach.indicators.formats.text import Text
from lamsach.indicators.formats.xlsx import Xlsx
from lamsach.indicators.formats.xml_records import XmlRecords

FORMATS: tuple[type[ListFormat], ...] = (
    Xlsx,
    Pdf,
    Stix,
    Misp,
    JsonRecords,
    Html,
    OpenIoc,
    XmlRecords,
    Delimited,
    Text,
)

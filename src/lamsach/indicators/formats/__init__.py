"""The formats of lists that are read, in the order in which they are tried. One more format: its file here, its line below."""

from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.formats.delimited import Delimited
from lamsach.indicators.formats.text import Text
from lamsach.indicators.formats.xlsx import Xlsx

FORMATS: tuple[type[ListFormat], ...] = (
    Xlsx,
    Delimited,
    Text,
)

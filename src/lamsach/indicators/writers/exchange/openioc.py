"""OpenIOC 1.1 (https://github.com/fireeye/OpenIOC_1.1): one document, an item a value, any of which counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import uuid5
from xml.sax.saxutils import escape

from lamsach.indicators.writers.base import SYNTAX, Stamp, Writer, iso
from lamsach.indicators.writers.exchange.stix import NAMESPACE
from lamsach.model import Indicator
from lamsach.model.indicator_types import BY_TYPE


class OpenIoc(Writer):
    """XML."""

    name = "openioc"
    title = "OpenIOC 1.1"
    suffix = ".ioc"

    def lost(self, item: Indicator) -> str | None:
        """XML 1.0 has no way to write some characters."""
        return None if all(_is_xml(letter) for letter in item.value) else SYNTAX

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Metadata, then item by item."""
        made = iso(stamp.made)
        identifier = uuid5(NAMESPACE, "openioc " + stamp.text())
        yield (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="{identifier}" last-modified="{made}" published-date="{made}">\n'
            "<metadata><short_description>Lamsach list</short_description>"
            f"<description>{escape(stamp.text())}</description><keywords/><authored_by>Lamsach</authored_by>"
            f"<authored_date>{made}</authored_date><links/></metadata>\n"
            f'<criteria><Indicator id="{uuid5(NAMESPACE, "or " + stamp.text())}" operator="OR">\n'
        )
        for item in items:
            document, search, kind = BY_TYPE[item.type].openioc
            place = uuid5(NAMESPACE, f"openioc {item.type.value} {item.value}")
            yield (
                f'<IndicatorItem id="{place}" condition="is" preserve-case="false" negate="false">'
                f'<Context document="{document}" search="{search}" type="mir"/>'
                f'<Content type="{kind}">{escape(item.value)}</Content></IndicatorItem>\n'
            )
        yield "</Indicator></criteria><parameters/>\n</OpenIOC>\n"


def _is_xml(letter: str) -> bool:
    code = ord(letter)
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF

"""Glyphs of a PDF's font: text and widths of its codes (ISO 32000-2, section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf.generic._font import Font


class Glyphs:
    """Text of a font's codes, and their widths in thousandths of its height."""

    def __init__(self, font: Font) -> None:
        self._font = font
        self.gap = max(100.0, float(font.space_width) / 2)
        """Minimum gap between two words without a space between."""
        self._known: dict[str, tuple[str, float, bool]] = {}

    def of(self, data: bytes | str) -> list[tuple[str, float, bool]]:
        """Return text and width of each code, and whether it is a one-byte space (for word spacing)."""
        encoding = self._font.encoding
        if isinstance(data, str):
            raw = data
        elif isinstance(encoding, str):
            try:
                raw = data.decode(encoding, "surrogatepass")
            except (UnicodeDecodeError, LookupError):
                raw = data.decode("latin-1")
        else:
            raw = data.decode("latin-1")
        known = self._known
        return [known.get(code) or self._glyph(code) for code in raw]

    def _glyph(self, code: str) -> tuple[str, float, bool]:
        font = self._font
        simple = not isinstance(font.encoding, str)
        text = font.encoding.get(ord(code), code) if not isinstance(font.encoding, str) else code
        text = "".join(str(font.character_map.get(part, part)) for part in text)
        width = font.space_width if code == font.space_char else font.get_text_width(code)
        found = self._known[code] = text, float(width), simple and code == " "
        return found

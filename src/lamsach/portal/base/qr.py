"""QR codes as drawings."""

from __future__ import annotations

import base64
from io import BytesIO


def qr(text: str) -> bytes:
    """A QR code (ISO/IEC 18004, error correction M) as SVG, with the quiet zone of four modules."""
    import qrcode  # type: ignore[import-untyped]
    from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    buffer = BytesIO()
    code.make_image(image_factory=SvgPathFillImage).save(buffer)
    return buffer.getvalue()


def qr_address(text: str) -> str:
    """The same as an address that a page shows as a picture."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr(text)).decode()

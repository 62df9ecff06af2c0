"""Make the documentation's pictures again: `make pictures` starts the demo's portal on loopback and captures
each page shown in a document.

The pages are those of `PICTURES`; a picture is 1,200 px wide (a phone's 360) and as high as its content.
Needs Chromium.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.poll import until
from tests.ports import free_port

OUT = Path(__file__).parents[1] / "docs/pictures"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page of the demo's portal, as seen by one of its people."""

    name: str
    role: str
    """`coordinator` or `officer`; empty: a visitor."""
    path: str
    """Its address, or the text of links to follow from there, behind `>`."""
    width: int = 1200
    height: int = 760


PICTURES = (
    Picture("coordinator-work", "coordinator", "/office/"),
    Picture("officer-work", "officer", "/office/"),
    Picture("unit-tree", "coordinator", "/office/units/"),
    Picture("unit-map", "coordinator", "/office/units/?view=map"),
    Picture("board", "coordinator", "/office/campaigns/1/board/"),
    Picture("deadlines", "coordinator", "/office/campaigns/1/deadlines/"),
    Picture("machines", "officer", "/office/campaigns/1/machines/"),
    Picture("check", "", "/check/"),
    Picture("check-phone", "", "/check/", 360, 640),
)


@contextmanager
def portal() -> Iterator[tuple[str, str]]:
    """Start the demo's portal; yield its address, and the password of all its people."""
    port = free_port()
    words = [str(Path(sys.executable).with_name("lamsach")), "demo", "--port", str(port)]
    output: list[str] = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        reader = threading.Thread(target=lambda: output.extend(demo.stdout or ()), daemon=True)
        reader.start()
        address = f"http://127.0.0.1:{port}"
        try:
            until(lambda: _alive(address), still=lambda: demo.poll() is None, why=lambda: "".join(output))
            password: Any = until(lambda: re.search(r"(?:ật khẩu|assword)[^\n:]*:\s*(\S+)", "".join(output)))
            yield address, password[1]
        finally:
            demo.send_signal(2)


def _alive(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/alive", timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except OSError:
        return False


def log_in(page: Page, address: str, role: str, password: str) -> None:
    """Log in as one of the demo's people."""
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=login]", f"{role}@demo.example")
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)


def main() -> None:
    """Make every picture, or the named ones."""
    OUT.mkdir(exist_ok=True)
    wanted = [picture for picture in PICTURES if not sys.argv[1:] or picture.name in sys.argv[1:]]
    with portal() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for role in dict.fromkeys(picture.role for picture in wanted):
            page = browser.new_context(locale="vi-VN").new_page()
            if role:
                log_in(page, address, role, password)
            for picture in (picture for picture in wanted if picture.role == role):
                page.set_viewport_size({"width": picture.width, "height": picture.height})
                answer = page.goto(address + picture.path)
                if answer is None or answer.status != 200:
                    sys.exit(f"{picture.path}: {answer and answer.status}")
                path = OUT / f"{picture.name}.png"
                page.screenshot(path=path)
                Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()

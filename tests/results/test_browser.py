"""The page in a real browser: phone width, no script, nothing loaded, no errors."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from lamsach.model import AddressInterval, Evidence, Findings
from lamsach.results import write
from tests.chromium import chromium

from .sample import DAY0, REASONS, empty_findings, large_findings, moment, rich_findings

pytestmark = pytest.mark.browser
PAGES = {"rich": rich_findings, "empty": empty_findings, "large": lambda: large_findings(300, 4)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        findings: Findings = make()
        for language in ("vi", "en"):
            write(findings, folder / f"{name}-{language}.html", language, REASONS)
    return {path.stem: path.as_uri() for path in folder.iterdir()}


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("name", ["rich-vi", "rich-en", "empty-vi", "large-vi"])
def test_the_page_fits_loads_nothing_and_complains_of_nothing(
    browser: Any, pages: dict[str, str], name: str, javascript: bool
) -> None:
    """On a phone and on a desk, in light and in dark."""
    context = browser.new_context(viewport={"width": 360, "height": 900}, java_script_enabled=javascript)
    complaints: list[str] = []
    requests: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(pages[name])
    for width, scheme in product((360, 1440), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.locator("h1").inner_text() in ("Máy cần xử lý", "Machines to handle")
        if javascript:
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(f"matchMedia('(prefers-color-scheme: {scheme})').matches")
            assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == "28px"
    assert requests == [pages[name]]
    assert complaints == []
    context.close()


def test_a_fold_opens_by_keyboard_without_javascript(browser: Any, pages: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["rich-vi"])
    fold = page.locator("#m1 figure details")
    assert not fold.locator("table").is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.locator("table").is_visible()
    context.close()


def test_links_and_folds_are_large_enough_on_a_phone(browser: Any, pages: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.goto(pages["rich-vi"])
    heights = page.evaluate(
        "[...document.querySelectorAll('main a, header a, summary')].map(e => "
        "e.getBoundingClientRect().height).filter(h => h)"
    )
    assert heights
    assert min(heights) >= 44
    context.close()


def test_it_prints_on_a4_with_the_folded_evidence(browser: Any, pages: dict[str, str]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(pages["rich-vi"])
    page.emulate_media(media="print")
    assert page.locator("#m1 .evidence").is_visible()
    assert not page.locator("#m1 figure details table").is_visible(), "the chart names every figure"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    context.close()


def pdf_texts(page: Any) -> list[str]:
    reader = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    return [sheet.extract_text() for sheet in reader.pages]


def test_a_machine_is_printed_on_one_page(browser: Any, tmp_path: Path) -> None:
    """Also one with as much evidence as the page shows."""
    findings = large_findings(3, 40)
    lines = tuple(Evidence("", "a.log", number, "x" * 900) for number in range(20))
    held = tuple(AddressInterval(f"10.0.0.{n}", moment(n), moment(n + 1), "lease") for n in range(40))
    devices = tuple(replace(device, addresses=held) for device in findings.devices)
    seen = tuple(replace(sighting, evidence=lines) for sighting in findings.sightings)
    write(replace(findings, devices=devices, sightings=seen), tmp_path / "r.html", "vi", REASONS)
    page = browser.new_page()
    page.goto((tmp_path / "r.html").as_uri())
    parts = ("Việc cần làm ngay", "Dấu hiệu đã khớp", "Bản in")
    sheets = [[part in " ".join(text.split()) for part in parts] for text in pdf_texts(page)]
    assert [sheet for sheet in sheets if any(sheet)] == [[True] * len(parts)] * 3
    page.close()


def test_a_year_of_blind_days_is_printed(browser: Any, tmp_path: Path) -> None:
    blind = tuple((f"FW-{n}", DAY0 + timedelta(days=day)) for n in range(4) for day in range(336))
    write(empty_findings(blind_days=blind), tmp_path / "r.html", "vi", REASONS)
    page = browser.new_page()
    page.goto((tmp_path / "r.html").as_uri())
    assert sum(text.count("mù") for text in pdf_texts(page)) > 1342
    page.close()

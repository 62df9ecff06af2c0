"""Documentation in the portal: rendered documents, links, and no access to other files."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import Client

from lamsach.portal.support import manual

pytestmark = pytest.mark.django_db


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of documents of the test's own."""
    monkeypatch.setattr(manual, "folder", lambda: tmp_path)
    manual.rendered.cache_clear()
    return tmp_path


def test_every_document_is_drawn_and_its_links_lead_to_pages(client: Client) -> None:
    links = set()
    for path in sorted(manual.folder().rglob("*.md")):
        name = path.relative_to(manual.folder()).as_posix().removesuffix(".md")
        if not manual._NAME.fullmatch(name):
            continue
        answer = client.get(f"/help/docs/{name}/")
        assert answer.status_code == 200, name
        text = answer.content.decode()
        assert "<h1 id=" in text, name
        shown = text[text.index('class="document"') :]
        links |= {
            (name, html.unescape(link))
            for link in re.findall(r'<a href="([^"]+)"', shown)
            if "://" not in link
        }
    for name, link in sorted(links):
        page, _, place = unquote(link).partition("#")
        if page.startswith("/accounts/") or page == "/":
            continue
        answer = client.get(page or f"/help/docs/{name}/")
        assert answer.status_code == 200, (name, link)
        assert not place or f'id="{place}"' in html.unescape(answer.content.decode()), (name, link)


def test_contents_are_in_the_visitors_language(client: Client) -> None:
    assert 'lang="vi"><h1 id="lamsach-tài-liệu"' in client.get("/help/docs/").content.decode()
    client.cookies["django_language"] = "en"
    assert 'lang="en"><h1' in client.get("/help/docs/", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize(
    "name",
    [
        "../settings",
        "..%2f..%2fREADME",
        "%2e%2e/README",
        "/etc/passwd",
        "no-such",
        "INDEX",
        "a//b",
        "index.md",
    ],
)
def test_nothing_else_of_the_disk_is_shown(client: Client, name: str) -> None:
    assert client.get(f"/help/docs/{name}/").status_code == 404
    assert client.get(f"/help/docs/pictures/{name}.png", follow=True).status_code == 404


def test_a_documents_own_html_and_scripts_are_text(client: Client, documents: Path) -> None:
    (documents / "a.md").write_text(
        (
            "# A <b>\n\n<script>alert(1)</script>\n\n"
            "[x](javascript:alert(1)) [y](../../etc.md) [z](b.md#c-d) [w](https://example.org/)\n\n| a |\n"
            "|---|\n| b |\n"
        ),
        "utf-8",
    )
    (documents / "b.md").write_text("# B\n\n## C d\n", "utf-8")
    shown = client.get("/help/docs/a/").content.decode().partition('class="document"')[2]
    assert "<script" not in shown.partition("</main>")[0]
    assert "javascript:" not in re.sub(r"\[x\].*?\)", "", shown)
    assert 'href="/help/docs/b/#c-d"' in shown
    assert 'href="https://example.org/"' in shown
    assert "etc.md" not in shown
    assert '<div class="scroll" tabindex="0"><table>' in shown

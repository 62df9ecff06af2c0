"""Values that documents cite: links of footnotes, keys of ciphers, versions, exclusions of a Sigma rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, Problem, Refusal
from tests.indicators.document_samples import docx, paragraph, pdf

FOOTNOTES = ["1 https://blog.example.org/lumma", "2. https://intel.example.org/report.pdf"]


def read(tmp_path: Path, data: bytes | str, name: str) -> tuple[set[str], dict[str, str]]:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    problems: list[Problem] = []
    found = list(read_list(str(path), problems.append))
    assert not problems
    return {item.value for item in found if isinstance(item, Indicator)}, {
        item.value: item.reason for item in found if isinstance(item, Refusal)
    }


def as_pdf(lines: list[str]) -> tuple[bytes, str]:
    return pdf([lines]), "advisory.pdf"


def as_docx(lines: list[str]) -> tuple[bytes, str]:
    return docx("".join(map(paragraph, lines))), "advisory.docx"


def as_html(lines: list[str]) -> tuple[bytes, str]:
    return (
        "<html><body>" + "".join(f"<p>{line}</p>" for line in lines) + "</body></html>"
    ).encode(), "a.html"


@pytest.mark.parametrize("build", [as_pdf, as_docx, as_html])
def test_a_numbered_link_is_a_footnote_where_the_author_defangs_links(tmp_path: Path, build) -> None:  # type: ignore[no-untyped-def]
    data, name = build(["The loader came from hxxps://evil-x[.]top/gate.", *FOOTNOTES])
    accepted, refused = read(tmp_path, data, name)
    assert accepted == {"https://evil-x.top/gate"}
    assert refused == {
        "https://blog.example.org/lumma": refusals.REFERENCE,
        "https://intel.example.org/report.pdf": refusals.REFERENCE,
    }


def test_a_numbered_link_is_listed_where_no_link_is_defanged_or_words_follow(tmp_path: Path) -> None:
    accepted, _ = read(
        tmp_path, pdf([["Indicators", "1 https://evil-y.top/a", "2 https://evil-z.top/b"]]), "a.pdf"
    )
    assert accepted == {"https://evil-y.top/a", "https://evil-z.top/b"}
    rows = [
        "The loader came from hxxps://evil-x[.]top/gate.",
        "1 http://evil-y.top/a C2",
        "2 http://evil-z.top/b C2",
    ]
    accepted, _ = read(tmp_path, pdf([rows]), "b.pdf")
    assert {"http://evil-y.top/a", "http://evil-z.top/b"} <= accepted


SIGMA = """# Lumma

The loader asks for evil-a[.]top.

```yaml
title: Lumma
detection:
    selection:
        QueryName|endswith:
            - '.evil-b.top'
            - 'evil-c.top'
    filter_main_known:
        QueryName:
            - 'good-a.com'
            - 'good-b.com'
    other:
        QueryName: 'evil-d.top'
    condition: selection and not 1 of filter_*
```

evil-e.top
"""


def test_values_that_a_sigma_rule_excludes_are_allowed(tmp_path: Path) -> None:
    accepted, refused = read(tmp_path, SIGMA, "advisory.md")
    assert accepted == {"evil-a.top", "evil-b.top", "evil-c.top", "evil-d.top", "evil-e.top"}
    assert refused["good-a.com"] == refused["good-b.com"] == refusals.ALLOWED


@pytest.mark.parametrize(
    ("line", "value", "reason"),
    [
        ("It decrypts its strings with the key " + "0a" * 16 + " first.", "0a" * 16, refusals.CODE_HASH),
        ("The RC4 key " + "0b" * 16 + " is in the file.", "0b" * 16, refusals.CODE_HASH),
        ("They exploited FortiOS 7.4.1.2 of firewalls.", "7.4.1.2", refusals.VERSION),
    ],
)
def test_keys_and_versions_in_sentences(tmp_path: Path, line: str, value: str, reason: str) -> None:
    accepted, refused = read(tmp_path, pdf([["Loader at evil-x[.]top and 203.0.113.4.", line]]), "a.pdf")
    assert accepted == {"evil-x.top", "203.0.113.4"}
    assert refused[value] == reason

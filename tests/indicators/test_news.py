"""Values that a news feed (RSS, Atom) lists, and its description of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator

_FEEDS = [
    (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        '<title>x</title><link href="https://blog.vendor-news.net/"/>'
        "<author><name>Team</name><uri>https://people.vendor-news.net/team</uri></author><entry>"
        "<title>Campaign</title>"
        '<link href="https://blog.vendor-news.net/p"/><summary type="html">&lt;p&gt;C2: '
        "hxxp://bot-c2[.]xyz/x and 203.0.113.5&lt;/p&gt;</summary></entry></feed>",
        {"http://bot-c2.xyz/x", "203.0.113.5"},
    ),
    (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>'
        "<link>https://vendor-news.net/</link>"
        "<image><url>https://cdn.vendor-news.net/logo.png</url></image><item><title>bot-d2[.]xyz</title>"
        '<enclosure url="https://cdn.vendor-news.net/a.mp3" '
        'type="audio/mpeg"/><description><![CDATA[Host: bot-e2.xyz<br/>IP: '
        "203.0.113.6]]></description></item></channel></rss>",
        {"bot-d2.xyz", "bot-e2.xyz", "203.0.113.6"},
    ),
]


@pytest.mark.parametrize(("text", "expected"), _FEEDS, ids=["atom", "rss"])
def test_values_of_a_news_feed(text: str, expected: set[str], tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(text, encoding="utf-8")
    found = {item.value for item in read_list(str(path), lambda _: None) if isinstance(item, Indicator)}
    assert found == expected

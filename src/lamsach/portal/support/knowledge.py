"""Knowledge articles that fit a question, found by the words that people use."""

from __future__ import annotations

import re

from lamsach.documents.headings import folded
from lamsach.portal.support.models import Article

MOST = 3
MOST_READ = 1000
_LEAST = 2.0
_COMMON = frozenset(
    re.findall(
        r"[a-z]+",
        "toi ban anh chi em minh la va co khong cua cho nay do thi nhu the nao sao lam gi bi duoc den tu voi mot cac nhung khi sau"
        " the a an and is of to in on my i it not do does can how what when with for this that",
    )
)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z0-9]{2,30}", folded(text[:5000])) if word not in _COMMON}


def fitting(subject: str, text: str, language: str) -> list[Article]:
    """At most three articles of the language, the best first. A phrase that people use for it counts most, then words of the title, then of the text."""
    asked = folded(f"{subject} {text}"[:5000])
    words = _words(asked)
    scored: list[tuple[float, int, Article]] = []
    for article in Article.objects.filter(withdrawn=None, language=language)[:MOST_READ]:
        phrases = [folded(part) for part in article.words.split(",") if part.strip()]
        score = 3.0 * sum(phrase in asked for phrase in phrases)
        score += 1.0 * len(words & _words(article.title)) + 0.2 * len(words & _words(article.text))
        if score >= _LEAST:
            scored.append((-score, article.pk, article))
    return [article for _, _, article in sorted(scored, key=lambda entry: entry[:2])[:MOST]]

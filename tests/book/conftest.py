"""One fictitious results folder and one book for the whole session: the build is the slow part."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from book_factory import write_results

from ess_impact.report.book import BookBuilt, build_book


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the fictitious results folder."""
    return write_results(tmp_path_factory.mktemp("été essai") / "results")


@pytest.fixture(scope="session")
def built(results: Path, tmp_path_factory: pytest.TempPathFactory) -> BookBuilt:
    """Return the public book of the fictitious results."""
    return build_book(results, tmp_path_factory.mktemp("livre"))


@pytest.fixture(scope="session")
def source(built: BookBuilt) -> Callable[[str], str]:
    """Return the HTML of a page by name."""
    return lambda name: (built.index.parent / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def said(source: Callable[[str], str]) -> Callable[[str], str]:
    """Return what a reader sees of a page: text without tags, one space between words."""

    def text(name: str) -> str:
        article = re.sub(r"<script.*?</script>", "", source(name), flags=re.DOTALL).split("<article", 1)[1]
        article = article.split("</article>", 1)[0]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", article)).split(" "))

    return text

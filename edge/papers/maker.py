"""Which papers there are, and what each is as a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from edge.papers import sign
from edge.papers.blocks import Paper, open_questions
from edge.papers.cannot import cannot
from edge.papers.council import council
from edge.papers.dpia import dpia
from edge.papers.installation import Installation
from edge.papers.markdown import markdown
from edge.papers.page import html, sign_html
from edge.papers.records import records
from edge.papers.words import Language, Words

# In the order in which a retailer needs them. The sign is the one that only a shop has.
PAPERS: Final[dict[str, Callable[[Installation, Words], Paper] | None]] = {
    "sign": None,
    "records": records,
    "dpia": dpia,
    "council": council,
    "cannot": cannot,
}


@dataclass(frozen=True, slots=True)
class Made:
    """One paper in one language; `open`: how many answers the retailer owes."""

    name: str
    language: Language
    title: str
    html: str
    markdown: str
    open: int


def make(here: Installation, language: Language, *, only: str = "") -> Iterator[Made]:
    """Every paper of an installation in one language, or the one called `only`."""
    words = Words(language, here.timezone)
    for name, written in PAPERS.items():
        if only not in ("", name):
            continue
        if written is not None:
            paper = written(here, words)
            page = html(paper, words, here)
        elif here.shop is not None:
            sheet = sign.sheet(here, words)
            paper, page = sign.paper(sheet, words), sign_html(sheet, words.tablet)
        else:
            continue
        text = markdown(paper, words, here)
        yield Made(name, language, paper.title, page, text, open_questions(paper))

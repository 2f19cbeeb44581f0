"""A paper as Markdown: CommonMark with pipe tables, for whoever keeps their papers in a repository or a wiki."""

import re
from collections.abc import Iterable
from typing import Final, assert_never

from edge.papers.blocks import Ask, Block, Grid, Heading, Paper, Points, Text
from edge.papers.installation import Installation, made_of
from edge.papers.words import Words

# What Markdown takes for its own; a name of a shop or of a test is none of that.
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(paper: Paper, words: Words, here: Installation) -> str:
    parts = [f"# {_plain(paper.title)}", f"*{_plain(paper.lead)}*"]
    parts += [_block(each, words) for each in paper.blocks]
    return "\n\n".join([*parts, "---", _plain(paper.foot), _plain(made_of(here, words))]) + "\n"


def _block(block: Block, words: Words) -> str:
    match block:
        case Heading(text=text):
            return f"## {_plain(text)}"
        case Text(text=text):
            return _plain(text)
        case Points(items=items):
            return "\n".join(f"* {_plain(each)}" for each in items)
        case Ask(question=question):
            return f"> **{_plain(words.say('ask'))}** {_plain(question)}\n>\n> …"
        case Grid(head=head, rows=rows):
            return "\n".join(
                [_row(head), _row("---" for _ in head), *(_row(map(_cell, each)) for each in rows)]
            )
        case _ as unreachable:
            assert_never(unreachable)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return _plain(text) or "…"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))

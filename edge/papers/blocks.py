"""What a paper is made of, whichever way it is written down."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Points:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; each row is as long as `head`. An empty cell is left for a pen."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """What no setting can know: the retailer answers, with a pen or in the Markdown."""

    question: str


Block = Heading | Text | Points | Grid | Ask


@dataclass(frozen=True, slots=True)
class Paper:
    """`lead` stands over the title: what it is, and by which article."""

    name: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    foot: str


def open_questions(paper: Paper) -> int:
    """How many answers the retailer owes: questions, and rows with an empty cell."""
    return sum(_owed(each) for each in paper.blocks)


def _owed(block: Block) -> int:
    match block:
        case Ask():
            return 1
        case Grid(rows=rows):
            return sum(not all(row) for row in rows)
        case _:
            return 0


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Grid:
    return Grid(tuple(head), tuple(tuple(row) for row in rows))


def points(items: Iterable[str]) -> Points:
    return Points(tuple(items))

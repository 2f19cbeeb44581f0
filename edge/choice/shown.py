"""A question or an outcome in one language, as pages of the tablet and of a phone show it alike. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edge.choice.rules import Asked, Given, Nothing, Outcome, Pick, Point, address_of
from edge.choice.tree import JOINT, Helper, Text

FALLBACK: Final = "en"


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer, and the answers that stand in the address once it is given."""

    text: str
    answers: str


@dataclass(frozen=True, slots=True)
class Question:
    """`back` is the address of the question before: empty at the second one, None at the first."""

    ask: str
    help: str
    choices: tuple[Choice, ...]
    number: int
    of: int
    back: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A question as it was answered; `change` leads to it again."""

    ask: str
    answer: str
    change: str


@dataclass(frozen=True, slots=True)
class Reason:
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Named:
    """A product with what speaks for it and against, each with the answer that makes it matter."""

    item: str
    speaks_for: tuple[Reason, ...]
    against: tuple[Reason, ...]
    but: str


@dataclass(frozen=True, slots=True)
class Result:
    title: str
    why: str
    tips: tuple[str, ...]
    said: tuple[Said, ...]
    named: tuple[Named, ...]
    nothing: Nothing
    back: str


def language_of(helper: Helper, wanted: str) -> str:
    """The language to say a helper in: the one wanted where all of it is written in that, else English."""
    return wanted if all(wanted in text for text in _texts(helper)) else FALLBACK


def question(asked: Asked, language: str) -> Question:
    so_far = address_of(asked.given)
    return Question(
        ask=asked.question.ask[language],
        help=asked.question.help[language] if asked.question.help else "",
        choices=tuple(
            Choice(each.say[language], JOINT.join(filter(None, (so_far, each.id))))
            for each in asked.question.answers
        ),
        number=asked.number,
        of=asked.of,
        back=address_of(asked.given[:-1]) if asked.given else None,
    )


def result(found: Outcome, language: str) -> Result:
    return Result(
        title=found.end.title[language],
        why=found.end.why[language],
        tips=tuple(each[language] for each in found.end.tips),
        said=said(found.given, language),
        named=tuple(_named(each, language) for each in found.picks),
        nothing=found.nothing,
        back=address_of(found.given[:-1]),
    )


def said(given: Sequence[Given], language: str) -> tuple[Said, ...]:
    return tuple(
        Said(each.question.ask[language], each.answer.say[language], address_of(given[:number]))
        for number, each in enumerate(given)
    )


def _named(pick: Pick, language: str) -> Named:
    def reasons(points: Sequence[Point]) -> tuple[Reason, ...]:
        return tuple(Reason(each.text[language], each.answer.say[language]) for each in points)

    but = pick.but[language] if pick.but else ""
    return Named(pick.item.item, reasons(pick.speaks_for), reasons(pick.against), but)


def _texts(helper: Helper) -> Iterator[Text]:
    yield from (helper.title, helper.intro)
    for question in helper.questions:
        yield question.ask
        yield from (each.say for each in question.answers)
        yield from filter(None, (question.help,))
    for each in helper.properties:
        yield each.yes
        yield from filter(None, (each.no,))
    yield from (ware.but for ware in helper.wares if ware.but)
    for end in helper.ends:
        yield from (end.title, end.why, *end.tips)

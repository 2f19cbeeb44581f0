"""Playing a choice helper: a step for each answer, and at the end what fits, what speaks for it and against. Pure.

Answers are all there is: nobody is asked for, nothing is kept, and the same answers lead to the same place.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from edge.advice.limits import Wording
from edge.advice.rules import Item, barred
from edge.choice.tree import JOINT, TOP, Answer, End, Helper, Question, Text, Ware

Look = Callable[[Collection[str]], Mapping[str, Item]]
# Why nothing is named: the file says so; what fits is not sold; it may not be advised; there is none left.
Nothing = Literal["", "none", "gone", "barred", "sold_out"]


@dataclass(frozen=True, slots=True)
class Given:
    """One answer that was given."""

    question: Question
    answer: Answer


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that is next; `of` is how many there are at most on the way from here."""

    question: Question
    given: tuple[Given, ...]
    of: int

    @property
    def number(self) -> int:
        return len(self.given) + 1


@dataclass(frozen=True, slots=True)
class Ended:
    end: End
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """What speaks for a product or against it, and the answer that makes it matter."""

    answer: Answer
    text: Text


@dataclass(frozen=True, slots=True)
class Pick:
    """A product that fits; `but` speaks against it whatever was answered."""

    item: Item
    speaks_for: tuple[Point, ...]
    against: tuple[Point, ...]
    but: Text | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """At most three picks, the best first; without any, why there is nothing."""

    end: End
    given: tuple[Given, ...]
    picks: tuple[Pick, ...]
    nothing: Nothing = ""


def answers_of(address: str) -> tuple[str, ...]:
    """The answers that stand in an address."""
    return tuple(address.split(JOINT)) if address else ()


def address_of(given: Sequence[Given]) -> str:
    return JOINT.join(each.answer.id for each in given)


def walk(helper: Helper, answers: Sequence[str]) -> Asked | Ended | None:
    """Where `answers` lead to; None where they are no way through this helper (it was changed since, say)."""
    given: list[Given] = []
    here = helper.start
    for id_ in answers:
        question = helper.question(here)
        chosen = next((each for each in question.answers if each.id == id_), None) if question else None
        if question is None or chosen is None:
            return None
        given.append(Given(question, chosen))
        here = chosen.to
    if (end := helper.end(here)) is not None:
        return Ended(end, tuple(given))
    following = helper.question(here)
    if following is None:
        return None
    return Asked(following, tuple(given), len(given) + longest(helper, here))


def stand(helper: Helper, address: str) -> tuple[Asked | Ended, bool]:
    """Where the answers in `address` lead to, and whether the helper was changed since.

    Then it is begun anew: half an answer would be a guess.
    """
    where = walk(helper, answers_of(address))
    begun = where or walk(helper, ())
    assert begun is not None, "a helper begins with a question"
    return begun, where is None


def longest(helper: Helper, id_: str) -> int:
    """How many questions there are at most from this one on, itself counted; 0 at an end."""
    question = helper.question(id_)
    if question is None:
        return 0
    return 1 + max(longest(helper, each.to) for each in question.answers)


def fitting(helper: Helper, given: Sequence[Given]) -> list[Ware]:
    """Wares with all that the answers ask for, those with most of what they would rather have first."""
    must = {name for each in given for name in each.answer.must}
    like = {name for each in given for name in each.answer.like} - must
    fit = [ware for ware in helper.wares if must <= ware.has]
    return sorted(fit, key=lambda ware: -len(like & ware.has))  # stable: else as the file has them


def outcome(helper: Helper, ended: Ended, look: Look, *, words: Wording, top: int = TOP) -> Outcome:
    """What to name: in the catalogue, not counted as gone, and not barred by `words` or a mark of its own."""
    if ended.end.nothing:
        return Outcome(ended.end, ended.given, (), "none")
    fit = fitting(helper, ended.given)
    known = look([ware.item for ware in fit])
    may = [ware for ware in fit if ware.item in known and not barred(known[ware.item], words)]
    there = [ware for ware in may if known[ware.item].stock != 0]
    picks = tuple(_pick(helper, ware, known[ware.item], ended.given) for ware in there[:top])
    return Outcome(
        ended.end, ended.given, picks, "" if picks else _why_nothing(may=bool(may), known=bool(known))
    )


def _why_nothing(*, may: bool, known: bool) -> Nothing:
    if may:
        return "sold_out"
    return "barred" if known else "gone"


def _pick(helper: Helper, ware: Ware, item: Item, given: Sequence[Given]) -> Pick:
    speaks_for: list[Point] = []
    against: list[Point] = []
    seen: set[str] = set()
    properties = {each.id: each for each in helper.properties}
    for each in given:
        for name in (*each.answer.must, *each.answer.like):
            if name in seen:
                continue
            seen.add(name)
            asked = properties[name]
            if name in ware.has:
                speaks_for.append(Point(each.answer, asked.yes))
            elif asked.no is not None:
                against.append(Point(each.answer, asked.no))
    return Pick(item, tuple(speaks_for), tuple(against), ware.but)

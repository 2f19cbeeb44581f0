"""What a choice helper is made of: questions, answers, properties, wares and ends. README.md describes the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

FORMAT: Final = 1
MOST_QUESTIONS: Final = 6  # on any way through: more than this nobody finishes standing before a shelf
ANSWERS: Final = (2, 6)  # of one question: they fit on a tablet without scrolling
MOST_WAYS: Final = 5_000  # each of them is tried when a file is read
TOP: Final = 3
JOINT: Final = "."  # between the answers in an address

Text = Mapping[str, str]  # language -> what is said; nl and en always


@dataclass(frozen=True, slots=True)
class Answer:
    """`to` is a question or an end. A product must have every property of `must`, and better has those of `like`."""

    id: str
    say: Text
    to: str
    must: tuple[str, ...] = ()
    like: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    ask: Text
    answers: tuple[Answer, ...]
    help: Text | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """How it is said of a product that it has it, and of one that has it not."""

    id: str
    yes: Text
    no: Text | None = None


@dataclass(frozen=True, slots=True)
class Ware:
    """A product by its item number; `but` speaks against it whatever was answered."""

    item: str
    has: frozenset[str]
    but: Text | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Where answers lead to. `nothing`: the shop has nothing for them, and `why` says what to do instead."""

    id: str
    title: Text
    why: Text
    tips: tuple[Text, ...] = ()
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Helper:
    """One choice helper. Wares stand in the order in which they are named when they fit alike."""

    name: str
    title: Text
    intro: Text
    start: str
    questions: tuple[Question, ...]
    properties: tuple[Property, ...]
    wares: tuple[Ware, ...]
    ends: tuple[End, ...]
    picture: str = ""
    file: str = field(default="", compare=False)

    def question(self, id_: str) -> Question | None:
        return next((each for each in self.questions if each.id == id_), None)

    def end(self, id_: str) -> End | None:
        return next((each for each in self.ends if each.id == id_), None)

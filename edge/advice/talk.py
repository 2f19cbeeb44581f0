"""What the house and its advice worker say to each other: one JSON line each, over the worker's stdin and stdout."""

from dataclasses import asdict
from typing import Any

import msgspec

from edge.advice.reasons import Code, Suggestion, code_of, reason_of
from edge.kit.child import Failed


class Train(msgspec.Struct, frozen=True, tag=True):
    """Read every history anew; between its slices other requests are answered."""

    now_ms: int


class Refresh(msgspec.Struct, frozen=True, tag=True):
    """Read these customers' histories again: consent, purchases or the whole customer may have gone."""

    customers: list[bytes]
    now_ms: int


class Advise(msgspec.Struct, frozen=True, tag=True):
    """`refused`: put away at this visit, beside what the customer's own file says."""

    customer: bytes
    in_hand: list[str]
    now_ms: int
    refused: list[str] = []


Request = Train | Refresh | Advise


class Line(msgspec.Struct, frozen=True):
    """A request with the number under which it is answered."""

    number: int
    request: Request


class Because(msgspec.Struct, frozen=True):
    code: Code
    evidence: dict[str, Any]


class Made(msgspec.Struct, frozen=True):
    """`also`: what else is true of it and spoke for it."""

    item: str
    title: str
    code: Code
    evidence: dict[str, Any]
    also: list[Because] = []

    @classmethod
    def of(cls, made: Suggestion) -> "Made":
        also = [Because(code_of(each), asdict(each)) for each in made.also]
        return cls(made.item, made.title, made.code, made.evidence, also)

    def suggestion(self) -> Suggestion:
        also = tuple(reason_of(each.code, each.evidence) for each in self.also)
        return Suggestion(self.item, self.title, reason_of(self.code, self.evidence), also)


class Trained(msgspec.Struct, frozen=True, tag=True):
    """Also after a refresh: how much the model holds, and histories that did not open.

    `ranked`: a ranking was learnt from it; `failed`: why the last one was not, a place in the code.
    """

    customers: int
    baskets: int
    unreadable: int
    duration_ms: int
    ranked: bool = False
    failed: str = ""


class Advised(msgspec.Struct, frozen=True, tag=True):
    """`profiled`: the customer's own history was used, which it may be until `until_ms`."""

    made: list[Made]
    profiled: bool
    until_ms: int


Answer = Trained | Advised | Failed


class Reply(msgspec.Struct, frozen=True):
    number: int
    answer: Answer

"""The post of the demo: what customers were sent, on a page, because the demo has no mail server. Only there."""

import re
from dataclasses import dataclass, field
from typing import Final

from litestar import Response

from staff_ui.desk import Desk, Guest, StageLetter, frame, html
from staff_ui.pages.stage import on
from staff_ui.security import Ask
from staff_ui.sheets import Frame

_ADDRESS: Final = re.compile(r"(https?://[^\s]+)")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a letter: words, or an address that may be followed."""

    text: str = field(repr=False)
    link: bool


@dataclass(frozen=True, slots=True)
class Letter:
    to: str = field(repr=False)
    subject: str = field(repr=False)
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Post:
    frame: Frame
    letters: tuple[Letter, ...] = field(repr=False)


async def post(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo/post`."""
    around = frame(desk, request, guest)
    it = Post(around, tuple(letter(each) for each in on(desk).letters()))
    return html(desk, "post.html", it, language=around.language)


def letter(sent: StageLetter) -> Letter:
    pieces = _ADDRESS.split(sent.text.strip())
    return Letter(
        sent.to,
        sent.subject,
        tuple(Part(text.strip(), place % 2 == 1) for place, text in enumerate(pieces) if text.strip()),
    )

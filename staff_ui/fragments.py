"""The arrivals fragment, rendered once for each (version, role, language, pinned visit and by whom)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.config import Language
from edge.consent.rules import Role
from edge.kit.clock import ShopTime
from edge.live import Live

# A shop has a handful of (role, language) pairs; the rest are pinned visits, a few tablets each.
MOST_KEPT: Final = 256
_ALWAYS: Final = ((b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A fragment that says what is true until `until_ms`; `visit_id` is whose card it shows.

    `head` is all that the head of the answer has but its age: with the body it is the same for every tablet.
    """

    text: str = field(repr=False)
    body: bytes = field(repr=False)
    head: bytes
    until_ms: int
    visit_id: bytes | None


Render = Callable[[Role, Language, bytes | None, int, bytes], tuple[str, int, bytes | None]]
Key = tuple[Role, Language, bytes | None, bytes]


class Fragments:
    """Keeps what was rendered until something is told, or time takes something away from it."""

    def __init__(
        self, live: Live, time: ShopTime, render: Render, *, headers: Sequence[tuple[bytes, bytes]]
    ) -> None:
        self._live = live
        self._time = time
        self._render = render
        self._always = b"".join(b"%b: %b\r\n" % each for each in (*_ALWAYS, *headers))
        self._version = -1
        self._kept: dict[Key, Rendered] = {}
        self._followed: set[tuple[Role, Language]] = set()
        self.rendered = 0
        live.after_telling = self.prepare

    def prepare(self) -> None:
        """Render again what tablets follow, while the poke travels to them and their GET back."""
        followed, self._followed = self._followed, set()
        for role, language in followed:
            self._fresh(role, language, None, self._time.now_ms())

    def get(
        self, role: Role, language: Language, pinned: bytes | None, now_ms: int, me: bytes = b""
    ) -> Rendered:
        """The fragment as it is true at `now_ms`, rendered if nobody asked for it yet.

        `me` is the colleague who pinned a visit: whoever helps has another button there than the rest.
        """
        if pinned is None:
            self._followed.add((role, language))
        return self._fresh(role, language, pinned, now_ms, me if pinned else b"")

    def _fresh(
        self, role: Role, language: Language, pinned: bytes | None, now_ms: int, me: bytes = b""
    ) -> Rendered:
        if self._version != self._live.version or len(self._kept) > MOST_KEPT:
            self._kept.clear()
            self._version = self._live.version
        key = (role, language, pinned, me)
        kept = self._kept.get(key)
        if kept is None or now_ms >= kept.until_ms:
            text, until_ms, visit_id = self._render(role, language, pinned, now_ms, me)
            body = text.encode()
            head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%b" % (len(body), self._always)
            kept = self._kept[key] = Rendered(text, body, head, until_ms, visit_id)
            self.rendered += 1
        return kept

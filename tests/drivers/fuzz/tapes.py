"""What cards and phones said in whole talks, as bytes that can be changed, and the talks played against them."""

from collections.abc import Callable
from typing import Final, TypeVar

from drivers.codecs.dialogue import Apdus, Frames, Reply
from tests.drivers.pn532.cards import IsoDepCard
from tests.drivers.talking import talk

T = TypeVar("T")

MOST_STEPS: Final = 2000  # an honest talk has under a hundred
SILENT: Final[Reply] = (b"", 0x6F00)
BLOCK: Final = 16  # bytes of a Type 2 READ


class Endless(Exception):
    """A talk that never ends."""


class Recorder(IsoDepCard):
    """A card that keeps what it answered."""

    def __init__(self, card: IsoDepCard) -> None:
        super().__init__()
        self._card = card
        self.said: list[bytes] = []

    def apdu(self, command: bytes) -> bytes:
        answer = self._card.apdu(command)
        self.said.append(answer)
        return answer


def recorded(card: IsoDepCard, talks: Callable[[], Apdus[object]]) -> bytes:
    """The tape of a talk: for each answer its length in two bytes, then data and status word."""
    recorder = Recorder(card)
    talk(talks(), recorder)
    return b"".join(len(each).to_bytes(2, "big") + each for each in recorder.said)


def replies(tape: bytes) -> list[Reply]:
    """The answers of a tape, damaged or not."""
    found, at = [], 0
    while at + 4 <= len(tape) and len(found) < 64:
        length = int.from_bytes(tape[at : at + 2], "big") & 0x0FFF
        said = tape[at + 2 : at + 2 + length]
        found.append((said[:-2], int.from_bytes(said[-2:], "big")))
        at += 2 + length
    return found


def play(talks: Apdus[T], said: list[Reply]) -> T:
    """What the talk learns from these answers, and from silence after them."""
    answers = iter(said)
    try:
        next(talks)
        for _ in range(MOST_STEPS):
            talks.send(next(answers, SILENT))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise Endless


def play_again(talks: Apdus[T], said: list[Reply]) -> T:
    """The same with a card that says its last answer over and over."""
    return play(talks, said + said[-1:] * 100)


def play_memory(talks: Frames[T], memory: bytes) -> T:
    """What the talk learns from a Type 2 Tag of this memory."""
    try:
        frame = next(talks)
        for _ in range(MOST_STEPS):
            start = 4 * frame[1]
            frame = talks.send(memory[start : start + BLOCK] if start < len(memory) else b"\0")
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise Endless

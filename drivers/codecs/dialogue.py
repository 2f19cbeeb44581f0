"""A talk with a card as a generator: it yields what to send, is sent the answer, and returns what it learnt.

house.md draws such talks as objects with next_apdu() and feed(); a generator is the same thing without the
bookkeeping of "where was I", and is tested with nothing but send().
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, TypeVar

from drivers.reader import Outcome, Token

T = TypeVar("T")

Reply = tuple[bytes, int]  # data and status word
Apdus = Generator[bytes, Reply, T]  # ISO/IEC 7816-4 commands out, replies in
Frames = Generator[bytes, bytes, T]  # raw frames of a card without ISO-DEP, CRC left out

OK: Final = 0x9000
MORE: Final = 0x61  # SW1: so many bytes wait for GET RESPONSE
MAX_PIECES: Final = 16  # of one answer: a card may promise more for ever


class Damaged(ValueError):
    """The card said what its standard does not allow; the text names the place, never the content."""


class Forged(Damaged):
    """A MAC or a signature does not hold: what was said is not what its maker said."""


class WrongKey(Damaged):
    """Made for a key that is none of ours: another shop's, or one that was changed."""


class TooLarge(Damaged):
    """More than anything honest needs; left unread."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a talk with an application that is there came to: its tokens, or the outcome in their place."""

    tokens: tuple[Token, ...] = ()
    outcome: Outcome | None = None


def select(name: bytes) -> bytes:
    """SELECT by application name, first occurrence, with Le: some cards answer 6A82 to one without."""
    return b"\x00\xa4\x04\x00" + bytes([len(name)]) + name + b"\x00"


def command(head: bytes, data: bytes = b"") -> bytes:
    """A short command: CLA INS P1 P2, at most 255 bytes of data, Le 00 (ISO/IEC 7816-4, 5.1)."""
    return head + (bytes([len(data)]) + data if data else b"") + b"\x00"


def whole(apdu: bytes, *, cla: int = 0x00) -> Apdus[Reply]:
    """One command and its whole answer; raises TooLarge."""
    answer, status = yield apdu
    if status >> 8 != MORE:
        return answer, status
    rest, status = yield from get_response(status, cla=cla)
    return answer + rest, status


def get_response(status: int, *, cla: int = 0x00) -> Apdus[Reply]:
    """What waits behind a status 61xx, and the status after it (ISO/IEC 7816-4, 7.6.1); raises TooLarge."""
    answer = b""
    for _ in range(MAX_PIECES):
        piece, status = yield bytes([cla, 0xC0, 0, 0, status & 0xFF])
        answer += piece
        if status >> 8 != MORE:
            return answer, status
    raise TooLarge(f"answer: more than {MAX_PIECES} pieces")


def converse(dialogue: Apdus[T], send: Callable[[bytes], Reply]) -> T:
    """Bring a dialogue to a card through `send`, and return what the dialogue returns."""
    reply: Reply | None = None
    while True:
        try:
            apdu = next(dialogue) if reply is None else dialogue.send(reply)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        reply = send(apdu)

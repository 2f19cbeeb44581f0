"""One card on a PC/SC reader: who may be read, in which order, and what that makes of it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from drivers.codecs import atr as atrs
from drivers.codecs import ndef, refusal, type2, type4
from drivers.codecs.dialogue import Apdus, Damaged, Frames, Reply
from drivers.pcsclite import GONE, Connection, Context, PcscError
from drivers.reader import Outcome, Token
from drivers.settings import NdefRule

T = TypeVar("T")

TALK_S: Final = 3.0  # one whole talk with a card: a card may ask for more time for ever
GET_UID: Final = bytes.fromhex("ffca000000")  # the reader answers this one itself (PC/SC part 3, 3.2.2.1.3)
READ_PAGE: Final = bytes.fromhex("ffb000")  # and this one, with the page's number and how many bytes
OK: Final = 0x9000
RANDOM_UID: Final = 0x08  # first byte of a 4-byte UID that is new each time (ISO/IEC 14443-3, 6.5.4)
DOUBLE_UID: Final = 7  # bytes; a single one (4) under ISO-DEP is a phone's, or Type B's own


class CardLost(Exception):
    """The card left, or what it said makes no sense: begin again, never in the middle."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the configuration asks of cards."""

    ndef: Sequence[NdefRule]
    uid: bool


class Channel:
    """One powered card: `send` one APDU, or `run` a whole dialogue. Both raise CardLost."""

    def __init__(self, connection: Connection, stop: threading.Event) -> None:
        self._connection = connection
        self._stop = stop
        self._until_s = time.monotonic() + TALK_S

    def send(self, apdu: bytes) -> Reply:
        """The reply's data and its status word; status words are never errors here."""
        if self._stop.is_set() or time.monotonic() > self._until_s:
            raise CardLost("the talk took too long, or the reader is being left")
        try:
            reply = self._connection.transmit(apdu)
        except PcscError as error:
            if error.code in GONE:
                raise
            raise CardLost("no answer") from None
        if len(reply) < 2:
            raise CardLost("an answer without a status word")
        return reply[:-2], int.from_bytes(reply[-2:], "big")

    def run(self, dialogue: Apdus[T]) -> T:
        """What the dialogue returns at its end."""
        reply: Reply | None = None
        while True:
            try:
                apdu = next(dialogue) if reply is None else dialogue.send(reply)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            reply = self.send(apdu)

    def run_frames(self, dialogue: Frames[T]) -> T:
        """The same for a Type 2 Tag, whose READ the reader wraps in an APDU of its own; a NAK is an empty answer."""
        answer: bytes | None = None
        while True:
            try:
                frame = next(dialogue) if answer is None else dialogue.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            data, status = self.send(READ_PAGE + bytes([frame[1], type2.BLOCK]))
            answer = data if status == OK else b""


def look(
    context: Context, reader: str, atr: bytes, wanted: Wanted, *, stop: threading.Event
) -> tuple[bytes | None, Token | Outcome | None]:
    """Who it is (`who`), and a token, an outcome, or None for a card that is nothing to us.

    Raises CardLost for the card, PcscError for the reader.
    """
    card = atrs.card(atr)
    with _powered(context, reader, stop) as channel:
        uid = _uid(channel)
        try:
            return _presence(uid), _look(channel, card, uid, wanted)
        except (Damaged, ndef.NdefError):
            return _presence(uid), "unreadable"


def who(context: Context, reader: str, *, stop: threading.Event) -> bytes | None:
    """The UID that tells one card from the next, empty where it is random, None where it cannot be said now."""
    try:
        with _powered(context, reader, stop) as channel:
            return _presence(_uid(channel))
    except CardLost:
        return None


@contextmanager
def _powered(context: Context, reader: str, stop: threading.Event) -> Iterator[Channel]:
    try:
        connection = context.connect(reader)
    except PcscError as error:
        if error.code in GONE:
            raise
        raise CardLost("it does not answer to power") from None
    try:
        yield Channel(connection, stop)
    finally:
        connection.close()


def _look(channel: Channel, card: atrs.Card, uid: bytes, wanted: Wanted) -> Token | Outcome | None:
    if card == "other":
        return None
    message: bytes | None = None
    if card == "iso-dep":
        if channel.run(refusal.check()):
            return "refused"
        message = channel.run(type4.read()) if wanted.ndef else None
    elif card == "type-2" and wanted.ndef:
        message = channel.run_frames(type2.read())
    token = ndef.find(message, wanted.ndef) if message else None
    return token or (_uid_token(card, uid) if wanted.uid else None)


def _uid(channel: Channel) -> bytes:
    uid, status = channel.send(GET_UID)
    return uid if status == OK else b""


def _presence(uid: bytes) -> bytes:
    return b"" if _is_random(uid) else uid


def _uid_token(card: atrs.Card, uid: bytes) -> Token | None:
    """Never a random one, a phone's, or that of a card whose owner's business cannot be asked."""
    if not uid or card == "classic-4k" or _is_random(uid) or (card == "iso-dep" and len(uid) < DOUBLE_UID):
        return None
    return Token("uid", uid.hex(), "weak", {"technology": "nfc-a"})


def _is_random(uid: bytes) -> bool:
    return len(uid) < DOUBLE_UID and uid[:1] == bytes([RANDOM_UID])

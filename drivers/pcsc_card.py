"""One card on a PC/SC reader: what it is, and the talk that it gets."""

import threading
import time
from typing import Final, TypeVar

from drivers import talks, uids
from drivers.codecs.dialogue import Apdus, Frames, Reply, converse
from drivers.codecs.tags import atr as atrs
from drivers.codecs.tags import type2
from drivers.pcsclite import GONE, Connection, Context, PcscError
from drivers.settings import ReaderSettings
from drivers.talks import NOTHING, TALK_S, CardLost, Seen

T = TypeVar("T")

GET_UID: Final = bytes.fromhex("ffca000000")  # the reader answers this one itself (PC/SC part 3, 3.2.2.1.3)
READ_PAGE: Final = bytes.fromhex("ffb000")  # and this one, with the page's number and how many bytes
OK: Final = 0x9000


class Channel:
    """One powered card: `send` one APDU, or `run` a whole talk. Both raise CardLost, PcscError for the reader."""

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

    def run(self, talk: Apdus[T]) -> T:
        """What the talk returns at its end."""
        return converse(talk, self.send)

    def run_frames(self, talk: Frames[T]) -> T:
        """The same for a Type 2 Tag, whose READ the reader wraps in an APDU of its own; a NAK is an empty answer."""
        answer: bytes | None = None
        while True:
            try:
                frame = next(talk) if answer is None else talk.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            data, status = self.send(READ_PAGE + bytes([frame[1], type2.BLOCK]))
            answer = data if status == OK else b""


def look(
    context: Context, reader: str, atr: bytes, settings: ReaderSettings, *, stop: threading.Event
) -> tuple[bytes, Seen]:
    """Who it is (as `who` says), and what it comes to; raises CardLost, PcscError for the reader."""
    connection, seen = _powered(context, reader), NOTHING
    try:
        channel = Channel(connection, stop)
        uid = _uid(channel)
        seen = talks.of_card(
            atrs.card(atr),
            settings,
            uid=uid,
            talk=lambda: channel.run(talks.iso_dep(settings)),
            memory=lambda: channel.run_frames(type2.read()),
        )
    finally:
        connection.close(unpower=seen.deselect)
    return _presence(uid), seen


def who(context: Context, reader: str, *, stop: threading.Event) -> bytes | None:
    """The UID that tells one card from the next, empty where it is random, None where it cannot be said now."""
    try:
        connection = _powered(context, reader)
        try:
            return _presence(_uid(Channel(connection, stop)))
        finally:
            connection.close()
    except CardLost:
        return None


def _powered(context: Context, reader: str) -> Connection:
    try:
        return context.connect(reader)
    except PcscError as error:
        if error.code in GONE:
            raise
        raise CardLost("it does not answer to power") from None


def _uid(channel: Channel) -> bytes:
    uid, status = channel.send(GET_UID)
    return uid if status == OK else b""


def _presence(uid: bytes) -> bytes:
    return b"" if uids.is_random(uid) else uid

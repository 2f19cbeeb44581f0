"""The air between the reader and one card: raw frames, and APDUs over ISO-DEP for the talks in codecs/."""

import contextlib
import termios
import threading
import time
from typing import Any, Final, TypeVar

from nfc.clf import CommunicationError
from nfc.clf import TimeoutError as NoAnswer
from nfc.tag.tt4 import IsoDepInitiator

from drivers.codecs.dialogue import Apdus, Frames, Reply, converse
from drivers.nfc_exchange import Exchange
from drivers.nfc_open import is_glitch
from drivers.talks import TALK_S, CardLost

T = TypeVar("T")

WAIT_S: Final = 1.0  # one answer, waiting-time extensions included: leaving must stay under 2 s
ACTIVATE_S: Final = 0.03  # RATS and ATTRIB; ISO/IEC 14443-4 allows 5.3 ms
FRAME_S: Final = 0.02  # a Type 2 answer takes under 5 ms
RETRIES: Final = 2  # of a block that got lost; nfcpy's own five make a removed card slow to notice
FRAME_SIZES: Final = (16, 24, 32, 40, 48, 64, 96, 128, 256)  # ISO/IEC 14443-4 table 1, FSCI 0 to 8
DEFAULT_FSCI, DEFAULT_FWI, RFU_FWI = 2, 4, 15
DESELECT: Final = b"\xc2"


class Air:
    """Frames to and from the card that was sensed last; what nfcpy's ISO-DEP calls a contactless frontend.

    Raises nfcpy's CommunicationError for the card's silence, CardLost for a frame the reader missed, and lets
    through what the reader says when it is gone.
    """

    def __init__(self, device: Any, target: Any, stop: threading.Event) -> None:
        self.target = target
        self._device = device
        self._exchange = Exchange(device, target)
        self._stop = stop
        self._until_s = time.monotonic() + TALK_S

    @property
    def max_send_data_size(self) -> int:
        return int(self._device.get_max_send_data_size(self.target))

    @property
    def max_recv_data_size(self) -> int:
        return int(self._device.get_max_recv_data_size(self.target))

    def exchange(self, frame: bytes, timeout: float) -> bytearray:
        if self._stop.is_set() or time.monotonic() > self._until_s:
            raise NoAnswer("the talk took too long, or the reader is being left")
        try:
            return self._exchange(frame, min(timeout, WAIT_S))
        except OSError as error:
            if is_glitch(error):
                raise CardLost("the reader missed a frame") from None
            raise

    def run(self, dialogue: Frames[T]) -> T:
        """Talk raw frames, such as those of a Type 2 Tag; raises CardLost."""
        answer: bytes | None = None
        while True:
            try:
                frame = next(dialogue) if answer is None else dialogue.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                answer = bytes(self.exchange(frame, FRAME_S))
            except CommunicationError:
                raise CardLost("no answer") from None


class Channel:
    """ISO-DEP to one activated card: `send` one APDU, or `run` a whole dialogue. Both raise CardLost."""

    def __init__(self, air: Air) -> None:
        self._air = air
        self._dep = _activate(air)

    def send(self, apdu: bytes) -> Reply:
        """The reply's data and its status word; status words are never errors here."""
        try:
            reply = bytes(self._dep.exchange(bytearray(apdu)))
        except (OSError, termios.error):
            raise  # the reader, not the card
        except Exception:
            # nfcpy answers odd blocks with its own errors, but also with IndexError and TypeError.
            raise CardLost("no answer") from None
        if len(reply) < 2:
            raise CardLost("an answer without a status word")
        return reply[:-2], int.from_bytes(reply[-2:], "big")

    def run(self, dialogue: Apdus[T]) -> T:
        """What the dialogue returns at its end."""
        return converse(dialogue, self.send)

    def deselect(self) -> None:
        """S(DESELECT): a phone closes its application at once instead of waiting for the field to go."""
        with contextlib.suppress(CommunicationError, CardLost):
            self._air.exchange(DESELECT, ACTIVATE_S)


def ats_limits(ats: bytes) -> tuple[int, float]:
    """Frame size in bytes and waiting time in s of an ATS, defaults for what it leaves out (14443-4, 5.2)."""
    fsci, fwi, at = DEFAULT_FSCI, DEFAULT_FWI, 2
    if len(ats) > 1:
        fsci = min(ats[1] & 0x0F, 8)
        at += bool(ats[1] & 0x10)  # TA, the bit rates, comes first
        if ats[1] & 0x20 and len(ats) > at:
            fwi = ats[at] >> 4
    return FRAME_SIZES[fsci], waiting_time_s(fwi)


def waiting_time_s(fwi: int) -> float:
    """ISO/IEC 14443-4, 7.2: 256 * 16 / fc * 2^FWI, at most WAIT_S."""
    return float(min(4096 / 13.56e6 * 2 ** (DEFAULT_FWI if fwi >= RFU_FWI else fwi), WAIT_S))


def _activate(air: Air) -> Any:
    small = air.max_recv_data_size < 256  # the ACR122U
    if air.target.sensb_res:
        answer = bytes(air.target.sensb_res)
        if len(answer) < 12:
            raise CardLost("a Type B answer that is too short")
        _ask(air, b"\x1d" + answer[1:5] + bytes([0, 7 if small else 8, 1, 0]))
        size, wait_s = FRAME_SIZES[min(answer[10] >> 4, 8)], waiting_time_s(answer[11] >> 4)
    else:
        # nfcpy's own activation takes TA and TB for granted and fails on a short ATS.
        size, wait_s = ats_limits(_ask(air, b"\xe0\x70" if small else b"\xe0\x80"))
    dep = IsoDepInitiator(air, min(size, air.max_send_data_size), wait_s)
    dep.n_retry_ack = dep.n_retry_nak = RETRIES
    return dep


def _ask(air: Air, frame: bytes) -> bytes:
    try:
        answer = bytes(air.exchange(frame, ACTIVATE_S))
    except CommunicationError:
        raise CardLost("it does not activate") from None
    if not answer:
        raise CardLost("it does not activate")
    return answer

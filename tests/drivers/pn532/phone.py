"""Phones: a random UID at each look, and applications that are asked by name (ISO/IEC 7816-4).

The applications beside this file speak their protocols with code of their own: nothing of drivers/codecs is
used here, so that a mistake made there cannot be made again here and stay unseen.
"""

from typing import Final

from tests.drivers.pn532.cards import NOT_FOUND, NOT_SUPPORTED, OK, PPSE, IsoDepCard

SELECT: Final = bytes.fromhex("00a40400")
WRONG_ORDER: Final = b"\x69\x85"


class Application:
    """One application on a phone; `names` it answers to."""

    names: tuple[bytes, ...] = ()

    def select(self, name: bytes) -> bytes:
        return b"\x6f\x00" + OK

    def command(self, head: bytes, data: bytes) -> bytes:
        """The whole answer to CLA INS P1 P2 and its data."""
        return NOT_SUPPORTED

    def deselected(self) -> None:
        """The reader has closed the talk (S(DESELECT))."""

    def field_off(self) -> None:
        """The phone has left the field, or the field the phone."""


class PaymentApplication(Application):
    """Every phone with a payment wallet answers to this one too."""

    names = (PPSE,)


class Phone(IsoDepCard):
    """`wakes_on` two ECP frames of this terminal type in one field: until then it does not answer a REQA.

    `pieces` is how much one answer holds: the rest waits for GET RESPONSE behind 61xx.
    """

    def __init__(
        self,
        *applications: Application,
        sak: int = 0x20,
        wakes_on: bytes | None = None,
        pieces: int = 4096,
        uid: bytes = bytes.fromhex("08c0ffee"),
        **options: object,
    ) -> None:
        super().__init__(uid=uid, sak=sak, **options)  # type: ignore[arg-type]
        self.applications = applications
        self._wakes_on, self._pieces = wakes_on, pieces
        self._awake = wakes_on is None
        self._heard = 0
        self._looks = 0
        self._current: Application | None = None
        self._waiting, self._end = b"", b""

    def sense(self) -> bytes | None:
        return super().sense() if self._awake else None

    def polled(self, frame: bytes) -> None:
        if self._wakes_on == frame[2:5] and frame[5:] == _crc_a(frame[:5]):
            self._heard += 1
            self._awake = self._heard >= 2

    def field_off(self) -> None:
        super().field_off()
        self._looks += 1
        self._heard = 0
        self.uid = self.uid[:3] + bytes([self._looks & 0xFF])
        self._current, self._waiting = None, b""
        for each in self.applications:
            each.field_off()

    def answer(self, frame: bytes) -> bytes | None:
        was = self._state
        answer = super().answer(frame)
        if self._state == "halted" and was != "halted":
            for each in self.applications:
                each.deselected()
        return answer

    def apdu(self, command: bytes) -> bytes:
        head, data = command[:4], command[5 : 5 + command[4]] if len(command) > 5 else b""
        if self._waiting and head[1] == 0xC0:
            return self._piece(asked=command[4])
        if head == SELECT:
            self._current = next((each for each in self.applications if data in each.names), None)
            whole = NOT_FOUND if self._current is None else self._current.select(data)
        elif self._current is None:
            whole = WRONG_ORDER
        else:
            whole = self._current.command(head, data)
        if len(whole) - 2 <= self._pieces:
            return whole
        self._waiting, self._end = whole[:-2], whole[-2:]
        return b"\x61" + bytes([min(len(self._waiting), self._pieces, 255)])

    def _piece(self, *, asked: int) -> bytes:
        held = min(len(self._waiting), self._pieces, 255)
        if asked != held:
            return b"\x6c" + bytes([held])
        piece, self._waiting = self._waiting[: self._pieces], self._waiting[self._pieces :]
        if not self._waiting:
            return piece + self._end
        return piece + b"\x61" + bytes([min(len(self._waiting), self._pieces, 255)])


def _crc_a(data: bytes) -> bytes:
    """ISO/IEC 14443-3, annex B, bit by bit."""
    crc = 0x6363
    for byte in data:
        for bit in range(8):
            crc = crc >> 1 ^ (0x8408 if (crc ^ byte >> bit) & 1 else 0)
    return crc.to_bytes(2, "little")

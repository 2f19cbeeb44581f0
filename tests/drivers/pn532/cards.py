"""Cards and phones on the air: ISO/IEC 14443-3 states, Type 2 memory, ISO-DEP (14443-4) with applications."""

from collections.abc import Mapping, Sequence
from typing import Literal

NDEF_AID = bytes.fromhex("d2760000850101")
PPSE = b"2PAY.SYS.DDF01"
EMRTD = bytes.fromhex("a0000002471001")
CALYPSO = b"1TIC.ICA"
ECP = bytes.fromhex("6a01")  # how Apple's polling frame begins
OK, NOT_FOUND, NOT_SUPPORTED = b"\x90\x00", b"\x6a\x82", b"\x6d\x00"


class Card:
    """Something in the field. `frames` logs what it was sent; after `lives` frames it is taken away."""

    technology: Literal["A", "B"] = "A"

    def __init__(
        self, *, uid: bytes, sak: int, atqa: bytes = b"\x00\x44", lives: int | None = None, mute: bool = False
    ) -> None:
        self.uid, self.sak, self.atqa = uid, sak, atqa
        self.lives, self.mute = lives, mute
        self.frames: list[bytes] = []
        self._state: Literal["idle", "active", "protocol", "halted"] = "idle"

    def sense(self) -> bytes | None:
        """The rest of an InListPassiveTarget answer, or None for a card that does not answer a REQA."""
        if self._state == "active":  # ISO/IEC 14443-3, 6.3.4: an unexpected REQA sends it back to idle
            self._state = "idle"
            return None
        if self._state != "idle":
            return None
        self._state = "active"
        return self.atqa + bytes([self.sak, len(self.uid)]) + self.uid

    def field_off(self) -> None:
        self._state = "idle"

    def is_spent(self) -> bool:
        return self.lives is not None and len(self.frames) >= self.lives

    def exchange(self, frame: bytes) -> bytes | None:
        if self._state == "idle" and frame[:2] == ECP:  # meant for whoever listens, and answered by nobody
            self.polled(frame)
            return None
        self.frames.append(frame)
        if self.mute or self.is_spent() or self._state not in ("active", "protocol"):
            return None
        return self.answer(frame)

    def polled(self, frame: bytes) -> None:
        """An ECP frame while nobody was chosen yet."""

    def answer(self, frame: bytes) -> bytes | None:
        return None


class Type2Card(Card):
    """NTAG213 (NXP data sheet): 45 pages, GET_VERSION, NDEF from page 4; `pages` overrides its memory."""

    def __init__(
        self,
        *,
        ndef: bytes | None = None,
        uid: bytes = bytes.fromhex("04a1b2c3d4e580"),
        sak: int = 0,
        pages: Mapping[int, bytes] | None = None,
        lives: int | None = None,
        mute: bool = False,
    ) -> None:
        super().__init__(uid=uid, sak=sak, lives=lives, mute=mute)
        memory = bytearray(45 * 4)
        memory[:16] = (
            (uid + bytes(10))[:10] + bytes(2) + bytes.fromhex("e1101200" if ndef is not None else "00000000")
        )
        if ndef is not None:
            length = bytes([len(ndef)]) if len(ndef) < 255 else b"\xff" + len(ndef).to_bytes(2, "big")
            area = b"\x01\x03\xa0\x0c\x34\x03" + length + ndef + b"\xfe"
            memory[16 : 16 + len(area)] = area
        for page, content in (pages or {}).items():
            memory[4 * page : 4 * page + len(content)] = content
        self.memory = memory

    def answer(self, frame: bytes) -> bytes | None:
        if frame == b"\x60":
            return bytes.fromhex("0004040201000f03")
        if frame[0] == 0x30 and 4 * frame[1] < len(self.memory):
            start = 4 * frame[1]
            return bytes((self.memory + self.memory)[start : start + 16])  # it rolls over at the end
        self._state = "idle"
        return b"\x00"  # NAK


class IsoDepCard(Card):
    """ISO/IEC 14443-4 blocks around `apdu`: chaining both ways, R-blocks, S(WTX), S(DESELECT)."""

    def __init__(
        self,
        *,
        uid: bytes = bytes.fromhex("04112233445566"),
        sak: int = 0x20,
        ats: bytes = bytes.fromhex("067577810280"),
        block: int = 253,
        wtx: int = 0,
        lives: int | None = None,
        mute: bool = False,
        endless_wtx: bool = False,
    ) -> None:
        super().__init__(uid=uid, sak=sak, atqa=b"\x03\x44", lives=lives, mute=mute)
        self.ats, self.block, self.wtx, self.endless_wtx = ats, block, wtx, endless_wtx
        self.apdus: list[bytes] = []
        self.deselected = False
        self._command, self._rest, self._wtx_left = b"", b"", 0
        self._last: bytes | None = None

    def field_off(self) -> None:
        super().field_off()
        self._command, self._rest, self._wtx_left, self._last = b"", b"", 0, None

    def apdu(self, command: bytes) -> bytes:
        return NOT_SUPPORTED

    def answer(self, frame: bytes) -> bytes | None:
        if self._state == "active":
            if frame[0] != 0xE0:
                self._state = "idle"
                return None
            self._state = "protocol"
            return self.ats
        self._last = self._block(frame)
        return self._last

    def _block(self, frame: bytes) -> bytes | None:
        pcb = frame[0]
        if pcb & 0xF7 == 0xC2:
            self._state, self.deselected = "halted", True
            return frame
        if pcb & 0xF7 == 0xF2:
            self._wtx_left -= 1
            return self._more_time_or_answer()
        if pcb & 0xE6 == 0xA2:
            if pcb & 0x10:  # R(NAK): still here; it answers with R(ACK) or its last block
                return self._last if self._last is not None else bytes([0xA2 | (~pcb & 1)])
            return self._send(pcb & 1)
        self._command += frame[1:]
        if pcb & 0x10:
            return bytes([0xA2 | (pcb & 1)])
        command, self._command = self._command, b""
        self.apdus.append(command)
        self._rest, self._toggle, self._wtx_left = self.apdu(command), pcb & 1, self.wtx
        return self._more_time_or_answer()

    def _more_time_or_answer(self) -> bytes:
        if self._wtx_left > 0 or self.endless_wtx:
            return b"\xf2\x01"
        return self._send(self._toggle)

    def _send(self, toggle: int) -> bytes:
        piece, self._rest = self._rest[: self.block], self._rest[self.block :]
        return bytes([0x02 | toggle | (0x10 if self._rest else 0)]) + piece


class TypeBCard(IsoDepCard):
    """The same over Type B: ATQB, then DESELECT and WUPB by the driver, ATTRIB by the reader."""

    technology: Literal["A", "B"] = "B"
    ATQB = bytes.fromhex("50a1b2c3d400000000008171")  # FSCI 8, ISO-DEP, FWI 7

    def sense(self) -> bytes | None:
        if self._state != "idle":
            return None
        self._state = "protocol"  # the chip has sent its own ATTRIB
        return self.ATQB + b"\x01\x00"

    def answer(self, frame: bytes) -> bytes | None:
        if frame[0] == 0xCA:
            self._state = "active"
            return frame
        if self._state == "active":
            if frame[:1] == b"\x05":
                return self.ATQB
            if frame[:1] == b"\x1d" and frame[1:5] == self.ATQB[1:5]:
                self._state = "protocol"
                return b"\x00"
            return None
        return super().answer(frame)


class ApplicationCard(IsoDepCard):
    """Answers SELECT of the applications it has, and nothing else."""

    def __init__(self, applications: Sequence[bytes], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.applications = applications

    def apdu(self, command: bytes) -> bytes:
        if command[:4] == bytes.fromhex("00a40400"):
            name = command[5 : 5 + command[4]]
            return b"\x6f\x00" + OK if name in self.applications else NOT_FOUND
        return NOT_SUPPORTED


class Type4Card(ApplicationCard):
    """NFC Forum Type 4 Tag, mapping version 2: CC in E103, NDEF in E104; `cc` and `file` override them."""

    def __init__(
        self,
        *,
        ndef: bytes = b"",
        cc: bytes | None = None,
        file: bytes | None = None,
        max_le: int = 0x7F,
        applications: Sequence[bytes] = (),
        **options: object,
    ) -> None:
        super().__init__((NDEF_AID, *applications), **options)
        content = len(ndef).to_bytes(2, "big") + ndef if file is None else file
        size = max(len(content), 256).to_bytes(2, "big")
        own_cc = (
            bytes.fromhex("000f20")
            + max_le.to_bytes(2, "big")
            + bytes.fromhex("007f0406e104")
            + size
            + b"\0\0"
        )
        self.files = {b"\xe1\x03": own_cc if cc is None else cc, b"\xe1\x04": content}
        self._file: bytes | None = None

    def apdu(self, command: bytes) -> bytes:
        if command[:4] == bytes.fromhex("00a4000c"):
            self._file = self.files.get(command[5:7])
            return OK if self._file is not None else NOT_FOUND
        if command[:2] == b"\x00\xb0" and self._file is not None:
            offset = int.from_bytes(command[2:4], "big")
            return self._file[offset : offset + command[4]] + OK
        return super().apdu(command)


def payment_card(**options: object) -> ApplicationCard:
    return ApplicationCard((PPSE,), **options)


def passport(**options: object) -> ApplicationCard:
    return ApplicationCard((EMRTD,), uid=bytes.fromhex("08deadbe"), **options)


def transport_card(**options: object) -> ApplicationCard:
    return ApplicationCard((CALYPSO,), **options)


def passport_b() -> ApplicationCard:
    """Most passports are Type B."""

    class PassportB(ApplicationCard, TypeBCard):
        pass

    return PassportB((EMRTD,))


def phone(*, sak: int = 0x20, **options: object) -> ApplicationCard:
    """A phone without any application we know: a random UID, and SAK 0x60 for some Android makes."""
    return ApplicationCard((), uid=bytes.fromhex("08c0ffee"), sak=sak, **options)

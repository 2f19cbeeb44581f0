"""Rounds of polling: Type A, the frame that wakes iPhones, Type B."""

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from nfc.clf import RemoteTarget, UnsupportedTargetError, pn53x

from drivers.codecs.wallets import ecp, vas
from drivers.nfc_open import is_glitch

GLITCHES: Final = (
    5  # failures in a row between us and the chip, each 0.1 s: fewer are a disturbed line, or a busy machine
)
FIELD_S: Final = (
    0.25  # the field stays on this long while phones are offered passes; a halted tag needs it off
)
ANSWER_TIMES: Final = bytes.fromhex("0a0b08")  # RFConfiguration item 2: 12.8 ms for an answer, as at start
ECP_S: Final = 0.25
TYPE_A_NO_CRC: Final = (("CIU_TxMode", 0x00), ("CIU_BitFraming", 0x00))


class Senses:
    """A technology the reader cannot do is left out from then on. `offers`: the passes to ask iPhones for."""

    def __init__(self, device: Any, stop: threading.Event, *, offers: Sequence[vas.Merchant] = ()) -> None:
        self._device = device
        self._stop = stop
        self._polls = [(device.sense_tta, "106A"), (device.sense_ttb, "106B")]
        # The RC-S380 has another chipset: it reads passes that were opened by hand.
        can = isinstance(getattr(device, "chipset", None), pn53x.Chipset)
        self._ecp = ecp.frame(vas.mode(offers)) if offers and can else None
        self._glitches = 0
        self._field_since = time.monotonic()

    def next(self) -> Any | None:
        for poll in list(self._polls):
            if self._stop.is_set():  # nfcpy's udp driver takes 1 s a technology
                break
            sense, technology = poll
            try:
                target = sense(RemoteTarget(technology))
                if target is None and technology == "106A" and self._ecp is not None:
                    self._offer(self._ecp)
            except (UnsupportedTargetError, ValueError):
                self._polls.remove(poll)
            except IndexError:
                pass  # an answer shorter than its standard allows
            except (OSError, pn53x.Chipset.Error) as error:
                self._bear(error)
            else:
                self._glitches = 0
                if target is not None:
                    return target
        return None

    def rest(self, *, found: bool) -> None:
        """Switch the field off: a card that was read or halted answers again only after that.

        While nothing is there and passes are asked for it stays on: a phone decides after two or three rounds.
        """
        now = time.monotonic()
        if self._ecp is not None and not found and now - self._field_since < FIELD_S:
            return
        self._field_since = now
        try:
            self._device.mute()
        except (OSError, pn53x.Chipset.Error) as error:
            self._bear(error)

    def _offer(self, frame: bytes) -> None:
        """After a REQA the chip adds no CRC and sends 7 bits: both are put right before the frame goes out."""
        chipset = self._device.chipset
        chipset.rf_configuration(0x02, bytearray(ANSWER_TIMES))
        chipset.write_register(*TYPE_A_NO_CRC)
        # Silence, which the chip calls an error, is the good case: a phone heeds the frame and says nothing.
        with contextlib.suppress(pn53x.Chipset.Error):
            chipset.in_communicate_thru(bytearray(frame), ECP_S)

    def _bear(self, error: OSError | pn53x.Chipset.Error) -> None:
        self._glitches += 1
        if self._glitches >= GLITCHES or (isinstance(error, OSError) and not is_glitch(error)):
            raise error

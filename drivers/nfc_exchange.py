"""One frame to a card and its answer, with the chip set up once a talk.

nfcpy reads and writes the chip's registers and its timer before every frame: three commands more on a serial line
where each takes 3 ms at 115200 baud. Between two frames of one ISO-DEP talk nothing of that changes but the timer.
"""

import errno
from functools import lru_cache
from typing import Any, Final

from nfc.clf import TimeoutError as NoAnswer
from nfc.clf import TransmissionError, pn53x

ANSWER_TIMER: Final = 0x02  # RFConfiguration item (UM0701-02, 7.3.1): ATR_RES, retry, then our answer's
KEPT: Final = (0x0A, 0x0B)
STEP_S: Final = 100e-6  # the timer doubles from here, 1 to 16
LONGEST: Final = 16
HOST_S: Final = 0.1  # beyond the card's time: the chip's own answer over the cable
SILENCE: Final = 0x01  # InCommunicateThru's status for a card that said nothing


class Exchange:
    """Frames to one sensed target of one device; raises nfcpy's CommunicationError, and OSError for the reader."""

    def __init__(self, device: Any, target: Any) -> None:
        self._device = device
        self._target = target
        self._timer: int | None = None
        # Where nfcpy itself uses InCommunicateThru; its other drivers and Type 1 and 2 Tags have their own ways.
        same = getattr(type(device), "send_cmd_recv_rsp", None) is pn53x.Device.send_cmd_recv_rsp
        sak = target.sel_res[0] if target.sel_res else 0
        self._is_set_once = same and not target.rid_res and bool(target.sensb_res or sak & 0x60)

    def __call__(self, frame: bytes, wait_s: float) -> bytearray:
        if self._timer is None or not self._is_set_once:
            answer = self._device.send_cmd_recv_rsp(self._target, bytearray(frame), wait_s)
            self._timer = timer(wait_s)
            return bytearray(answer or b"")
        chipset = self._device.chipset
        if timer(wait_s) != self._timer:
            self._timer = timer(wait_s)
            chipset.rf_configuration(ANSWER_TIMER, bytearray([*KEPT, self._timer]))
        try:
            answer = chipset.in_communicate_thru(bytearray(frame), seconds(self._timer) + HOST_S)
        except pn53x.Chipset.Error as error:
            raise NoAnswer if error.errno == SILENCE else TransmissionError(str(error)) from None
        except OSError as error:
            if error.errno == errno.ETIMEDOUT:
                raise NoAnswer from None
            raise
        return bytearray(answer or b"")


@lru_cache
def timer(wait_s: float) -> int:
    """The chip's shortest timer that is not below `wait_s`."""
    return next((n for n in range(1, LONGEST) if seconds(n) >= wait_s), LONGEST)


def seconds(setting: int) -> float:
    return float(STEP_S * 2 ** (setting - 1))

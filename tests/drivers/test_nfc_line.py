"""Frames of a PN532 over a pseudo-terminal, in the pieces that a real port hands them over in."""

import errno
import os
import threading
from collections.abc import Iterator

import pytest

from drivers.nfc_line import Line
from tests.drivers.cable import Cable
from tests.drivers.pn532.frames import ACK, frame

ANSWER = frame(b"\xd5\x03\x32\x01\x06\x07")
LONG = frame(b"\xd5\x43\x00" + bytes(range(256)))
SOON_MS, PATIENT_MS = 60, 30_000


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable() as made:
        yield made


@pytest.fixture
def line(cable: Cable) -> Iterator[Line]:
    made = Line(os.path.realpath(cable.path))
    yield made
    made.tty.close()


@pytest.mark.parametrize("answer", [ANSWER, LONG], ids=["normal", "extended"])
def test_an_acknowledgement_and_an_answer_that_come_together_are_two_frames(
    cable: Cable, line: Line, answer: bytes
) -> None:
    cable.write(ACK + answer)
    assert [line.read(PATIENT_MS), line.read(PATIENT_MS)] == [ACK, answer]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_frame_that_comes_in_two_pieces_is_one(cable: Cable, line: Line, cut: int) -> None:
    cable.write(LONG[:cut])
    later = threading.Timer(0.02, cable.write, [LONG[cut:]])
    later.start()
    assert line.read(PATIENT_MS) == LONG
    later.join()


def test_silence_and_half_a_frame_are_told_apart_and_the_half_is_gone(cable: Cable, line: Line) -> None:
    for came, code in ((b"", errno.ETIMEDOUT), (ANSWER[:7], errno.EIO)):
        cable.write(came)
        with pytest.raises(OSError, match=os.strerror(code)):
            line.read(SOON_MS)
    cable.write(ANSWER)
    assert line.read(PATIENT_MS) == ANSWER


def test_what_is_no_frame_is_handed_on_without_waiting_for_a_length_it_does_not_have(
    cable: Cable, line: Line
) -> None:
    cable.write(b"\xff" * 8)
    assert line.read(PATIENT_MS) == b"\xff" * 8


def test_what_answered_an_earlier_question_is_dropped_when_the_next_is_asked(
    cable: Cable, line: Line
) -> None:
    cable.write(ACK + ANSWER + ANSWER)
    assert line.read(PATIENT_MS) == ACK
    line.write(b"\0" * 4)
    cable.write(LONG)
    assert line.read(PATIENT_MS) == LONG


def test_a_cable_that_was_pulled_is_no_lost_frame(cable: Cable, line: Line) -> None:
    cable.pull()
    with pytest.raises(OSError, match=os.strerror(errno.ENODEV)):
        line.read(PATIENT_MS)

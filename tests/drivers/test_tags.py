"""Tags and cards: what they hold and answer is records, or one error of ours."""

from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.dialogue import Damaged
from drivers.codecs.tags import ndef, refusal, type2, type4
from tests.drivers.pn532 import Type2Card, Type4Card, message, smart_poster, text, uri


@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_an_ndef_error(data: bytes) -> None:
    try:
        found = ndef.records(data)
    except ndef.NdefError:
        return
    assert len(found) <= ndef.MAX_RECORDS


@given(st.integers(0, 60), st.binary(max_size=3))
def test_a_damaged_message_is_records_or_an_ndef_error(at: int, noise: bytes) -> None:
    whole = smart_poster(message((1, b"U", b"\x04shop.example/c/A"), (1, b"T", b"\x02nlhello")))
    try:
        ndef.records(whole[:at] + noise + whole[at + len(noise) :])
    except ndef.NdefError:
        return


@pytest.mark.parametrize(
    "damaged",
    [
        uri("https://shop.example/")[:-1],
        message(*[(1, b"T", b"\x02nlx")] * 17),
        smart_poster(smart_poster(smart_poster(uri("tel:1")))),
        text("x" * 4200),
        b"\xb1\x01\x01Tx",
        b"\xd6\x00\x01x",
        b"\x11\x01\x02T\x00x",
        message((1, b"U", b"\x00\xff")),
        message((1, b"T", b"\x3f")),
    ],
)
def test_what_is_damaged_or_over_the_caps_is_an_ndef_error(damaged: bytes) -> None:
    with pytest.raises(ndef.NdefError):
        ndef.records(damaged)


def test_texts_in_both_encodings_and_chunked_records_are_read() -> None:
    wide = message((1, b"T", b"\x82nl" + "kaart é".encode("utf-16-be")))
    marked = message((1, b"T", b"\x82nl" + "kaart é".encode("utf-16")))
    chunked = b"\xb1\x01\x04T\x02nlk" + b"\x36\x00\x02aa" + b"\x56\x00\x02rt"
    assert [record.text for record in ndef.records(wide) + ndef.records(marked)] == ["kaart é"] * 2
    assert [record.text for record in ndef.records(chunked)] == ["kaart"]
    assert ndef.records(b"\xd0\x00\x00") == ndef.records(b"") == ()


def talk(dialogue: Generator[bytes, object, object], replies: list[object], *, most: int) -> object:
    """Run a dialogue on these replies, the last one for ever; fails when it never ends."""
    try:
        next(dialogue)
        for at in range(most):
            dialogue.send(replies[min(at, len(replies) - 1)])
    except StopIteration as end:
        return end.value
    except Damaged:
        return None
    raise AssertionError("it never ends")


@given(st.lists(st.one_of(st.binary(max_size=20), st.binary(min_size=16, max_size=16)), min_size=1))
def test_a_type_2_tag_may_answer_anything(blocks: list[object]) -> None:
    talk(type2.read(), blocks, most=80)


@given(st.binary(min_size=1, max_size=120))
def test_a_type_2_tag_may_hold_anything(area: bytes) -> None:
    card = Type2Card(ndef=b"", pages={4: area})
    card.sense()
    dialogue, answer = type2.read(), None
    try:
        frame = next(dialogue)
        while True:
            answer = card.answer(frame)
            assert answer is not None
            frame = dialogue.send(answer)
    except (StopIteration, Damaged):
        pass


REPLIES = st.tuples(
    st.one_of(st.binary(max_size=20), st.binary(min_size=15, max_size=15)),
    st.one_of(st.just(0x9000), st.sampled_from([0x6A82, 0x9100, 0x6982]), st.integers(0, 0xFFFF)),
)


@given(st.lists(REPLIES, min_size=1))
def test_a_type_4_card_may_answer_anything(replies: list[object]) -> None:
    talk(type4.read(), replies, most=type4.MAX_MESSAGE + 10)


@given(st.lists(REPLIES, min_size=1))
def test_any_answers_leave_a_card_refused_or_not(replies: list[object]) -> None:
    assert talk(refusal.check(), replies, most=10) in (True, False)


def test_a_type_4_card_of_mapping_version_1_is_read() -> None:
    class Old(Type4Card):
        def apdu(self, command: bytes) -> bytes:
            if command[:4] == bytes.fromhex("00a40000"):
                return super().apdu(bytes.fromhex("00a4000c") + command[4:])
            return super().apdu(command)

    card = Old(ndef=uri("tel:1"))
    card.applications = (bytes.fromhex("d2760000850100"),)
    dialogue, found = type4.read(), None
    try:
        command = next(dialogue)
        while True:
            reply = card.apdu(command)
            command = dialogue.send((reply[:-2], int.from_bytes(reply[-2:], "big")))
    except StopIteration as end:
        found = end.value
    assert found == uri("tel:1")

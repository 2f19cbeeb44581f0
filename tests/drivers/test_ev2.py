"""EV2 secure messaging by NXP's own traces, and what a card that does not know the key gets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.aes import encrypt_cbc
from drivers.codecs.dialogue import Apdus, Damaged, Forged
from drivers.codecs.ntag424 import ev2
from drivers.codecs.ntag424.ev2 import Session
from tests.drivers.vectors import hexed, vectors


def finish(talk: Apdus[Session], reply: tuple[bytes, int]) -> Session:
    with pytest.raises(StopIteration) as ended:
        talk.send(reply)
    found = ended.value.value
    assert isinstance(found, Session)
    return found


@pytest.mark.parametrize(
    "vector", vectors("ntag424-ev2", "AuthenticateEV2First"), ids=lambda vector: str(vector["name"])
)
def test_authentication_is_as_in_nxps_trace(vector: dict[str, Any]) -> None:
    talk = ev2.authenticate(0, hexed(vector, "key"), rnd_a=hexed(vector, "rnda"))
    assert next(talk).hex() == "9071000002000000"
    proof = talk.send((hexed(vector, "enc_rndb"), 0x91AF))
    assert proof.hex() == f"90af000020{vector['expect']['part2']}00"
    session = finish(talk, (hexed(vector, "resp"), 0x9100))
    found = {"ti": session.ti.hex(), "kenc": session.enc.hex(), "kmac": session.mac.hex()}
    assert found == {name: vector["expect"][name] for name in found}


@pytest.mark.parametrize(
    "vector",
    vectors("ntag424-ev2", "CommMode") + vectors("ntag424-ev2", "response"),
    ids=lambda vector: str(vector["name"]),
)
def test_commands_and_answers_are_as_in_nxps_traces(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    session = Session(
        hexed(vector, "ti"), bytes.fromhex(vector.get("kenc", "00" * 16)), hexed(vector, "kmac")
    )
    if "body" in vector:
        data = ev2.answer(session, hexed(vector, "body"), counter=vector["ctr_next"])
        assert expect["mac_ok"]
        assert expect["data"] in ("", data.hex() + "80" + "00" * (15 - len(data)))
        with pytest.raises(Forged):
            ev2.answer(session, hexed(vector, "body"), counter=vector["ctr_next"] + 1)
    elif "data" in vector:
        apdu = ev2.command(
            session,
            vector["ins"],
            counter=vector["ctr"],
            header=hexed(vector, "hdr"),
            data=hexed(vector, "data"),
        )
        assert apdu.hex() == expect["apdu"]
    else:
        mac = ev2.command_mac(session, vector["ins"], counter=vector["ctr"], header=hexed(vector, "hdr"))
        assert mac.hex() == expect["mac"]


def test_a_card_that_does_not_know_the_key_is_forged() -> None:
    talk = ev2.authenticate(2, b"k" * 16, rnd_a=b"a" * 16)
    next(talk)
    talk.send((encrypt_cbc(b"x" * 16, b"b" * 16), 0x91AF))
    with pytest.raises(Forged):
        talk.send((encrypt_cbc(b"x" * 16, bytes(32)), 0x9100))


@given(
    st.lists(st.tuples(st.binary(max_size=40), st.sampled_from([0x9100, 0x91AF, 0x917E, 0x9000])), max_size=4)
)
def test_any_card_is_authenticated_damaged_or_forged(replies: list[tuple[bytes, int]]) -> None:
    talk = ev2.authenticate(0, b"k" * 16, rnd_a=b"a" * 16)
    next(talk)
    for reply in replies:
        try:
            talk.send(reply)
        except Damaged:
            return


@given(st.binary(max_size=60), st.integers(0, 65535))
def test_any_answer_is_refused_without_its_mac(body: bytes, counter: int) -> None:
    with pytest.raises(Damaged):
        ev2.answer(Session(b"tiii", b"e" * 16, b"m" * 16), body, counter=counter)

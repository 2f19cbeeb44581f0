"""The shop's own app: a fresh proof each time, and nothing else is believed."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.dialogue import Damaged, Heard
from drivers.codecs.p256 import private_key
from drivers.codecs.wallets import hce
from drivers.codecs.wallets.hce import Issuer
from tests.drivers.pn532.member_app import MemberApp
from tests.drivers.pn532.phone import Phone
from tests.drivers.talking import talk

ISSUER, OTHER = private_key(b"\x55" * 32), private_key(b"\x66" * 32)
AID = bytes.fromhex("f0524543414c4c01")
SHOP = Issuer(AID, ISSUER.public_key())


def read(app: MemberApp, *issuers: Issuer, pieces: int = 4096) -> Heard | None:
    return talk(hce.read(issuers or [SHOP], nonce=os.urandom(16)), Phone(app, pieces=pieces))


def test_a_member_proves_who_it_is() -> None:
    heard = read(MemberApp("M-00042", issuer=ISSUER))
    assert heard is not None
    (token,) = heard.tokens
    assert (token.kind, token.value, token.evidence) == ("hce", "M-00042", "strong")
    assert token.about == {"key_id": "00000007"}


def test_the_answer_may_come_in_61xx_pieces() -> None:
    heard = read(MemberApp("M-00042", issuer=ISSUER), pieces=60)
    assert heard is not None
    assert heard.tokens[0].value == "M-00042"


def test_an_old_answer_said_again_is_forged_even_with_its_own_nonce() -> None:
    app = MemberApp("M-00042", issuer=ISSUER)
    read(app)
    thief = MemberApp("M-00042", issuer=OTHER, relayed=app.heard[0], relayed_nonce=app.last_nonce)
    assert read(thief) == Heard(outcome="forged")


def test_each_challenge_is_another_one_and_there_is_one_a_select() -> None:
    app = MemberApp("M-00042", issuer=ISSUER)
    read(app)
    read(app)
    assert len(set(app.challenges)) == 2


def test_a_certificate_of_another_issuer_is_forged_and_one_of_two_issuers_is_enough() -> None:
    app = MemberApp("M-00042", issuer=OTHER)
    assert read(app) == Heard(outcome="forged")
    heard = read(app, SHOP, Issuer(AID, OTHER.public_key()))
    assert heard is not None
    assert heard.tokens


def test_another_members_certificate_does_not_fit() -> None:
    class Impostor(MemberApp):
        def command(self, head: bytes, data: bytes) -> bytes:
            return super().command(head, data).replace(b"M-00042", b"M-00043")

    assert read(Impostor("M-00042", issuer=ISSUER)) == Heard(outcome="forged")


def test_a_phone_without_the_app_is_nothing_and_the_second_app_is_found() -> None:
    app = MemberApp("M-00042", issuer=ISSUER, aid="F0524543414C4C02")
    assert read(app) is None
    heard = read(app, SHOP, Issuer(bytes.fromhex("f0524543414c4c02"), ISSUER.public_key()))
    assert heard is not None
    assert heard.tokens


def test_another_version_is_damage_and_a_refused_challenge_is_unreadable() -> None:
    with pytest.raises(Damaged):
        read(MemberApp("M-00042", issuer=ISSUER, version=1))

    class Shy(MemberApp):
        def command(self, head: bytes, data: bytes) -> bytes:
            return b"\x69\x85"

    assert read(Shy("M-00042", issuer=ISSUER)) == Heard(outcome="unreadable")


@given(st.binary(max_size=300))
def test_any_answer_is_forged_or_damage(answer: bytes) -> None:
    asked = hce.read([SHOP], nonce=bytes(16))
    next(asked)
    asked.send((b"\x02" + bytes(20), 0x9000))
    with pytest.raises((StopIteration, Damaged)) as end:
        asked.send((answer, 0x9000))
    assert isinstance(end.value, Damaged) or end.value.value == Heard(outcome="forged")

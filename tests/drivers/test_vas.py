"""Apple VAS: the cryptogram on real and made ones, the talk with a phone that is written apart from it."""

import hashlib
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.codecs.dialogue import Damaged, Forged, Heard, WrongKey
from drivers.codecs.p256 import private_key
from drivers.codecs.wallets import ose, tlv, vas, vas_cryptogram
from drivers.codecs.wallets.vas import Merchant
from tests.drivers.pn532.apple import LOCKED, AppleWallet, Pass
from tests.drivers.pn532.phone import Phone
from tests.drivers.talking import talk
from tests.drivers.vectors import one, vectors

ONE, TWO = "pass.example.loyalty.one", "pass.example.loyalty.two"
KEY, OTHER = private_key(b"\x11" * 32), private_key(b"\x22" * 32)
SHOP = Merchant(ONE, KEY)
MADE = [
    each for each in vectors("apple-vas") if "cryptogram" in each or "cryptogram" in each.get("expect", {})
]


def read(*merchants: Merchant, wallet: AppleWallet) -> tuple[Heard, Phone]:
    phone = Phone(wallet)
    found = talk(ose.find(), phone)
    assert found is not None
    assert found.maker == "apple"
    return talk(vas.read(found.fci, merchants, nonce=b"\1\2\3\4"), phone), phone


def values(heard: Heard) -> list[str]:
    return [token.value for token in heard.tokens]


# The cryptogram


@pytest.mark.parametrize("vector", MADE, ids=lambda vector: vector["name"])
def test_every_published_and_made_cryptogram_is_decrypted(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    cryptogram = bytes.fromhex(vector.get("cryptogram") or expect["cryptogram"])
    key = private_key(bytes.fromhex(vector["reader_private_key"]))
    found = vas_cryptogram.decrypt(cryptogram, vector["pass_type_id"], key)
    assert found.text == expect.get("message", vector.get("message"))
    assert found.variant == expect.get("variant", vector.get("variant"))
    if "utc" in expect:
        assert found.signed_at.isoformat() == expect["utc"] + "+00:00"
    else:
        assert (found.signed_at - vas_cryptogram.EPOCH).total_seconds() == vector["timestamp"]
    if "key_id" in expect:
        assert vas_cryptogram.key_id(key).hex() == expect["key_id"]
    if "get_data_response" in expect:
        assert tlv.value(bytes.fromhex(expect["get_data_response"]), 0x70, 0x9F27) == cryptogram


def test_another_keys_cryptogram_a_changed_one_and_a_cut_one_are_told_apart() -> None:
    cryptogram = Pass(ONE, "LOYALTY-0001", KEY.public_key()).cryptogram(700_000_000)
    with pytest.raises(WrongKey):
        vas_cryptogram.decrypt(cryptogram, ONE, OTHER)
    with pytest.raises(Forged):
        vas_cryptogram.decrypt(cryptogram, TWO, KEY)
    with pytest.raises(Forged):
        vas_cryptogram.decrypt(cryptogram[:-1] + bytes([cryptogram[-1] ^ 1]), ONE, KEY)
    with pytest.raises(Damaged) as caught:
        vas_cryptogram.decrypt(cryptogram[:50], ONE, KEY)
    assert caught.type is Damaged


def test_a_key_that_is_no_point_of_the_curve_is_damage() -> None:
    off_the_curve = next(x for x in (n.to_bytes(32, "big") for n in range(1, 99)) if not _is_x(x))
    with pytest.raises(Damaged):
        vas_cryptogram.decrypt(vas_cryptogram.key_id(KEY) + off_the_curve + bytes(40), ONE, KEY)


def _is_x(x: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x02" + x)
    except ValueError:
        return False
    return True


@given(st.binary(max_size=200), st.booleans())
@example(bytes(56), True)
def test_any_bytes_are_a_message_or_damage(noise: bytes, is_ours: bool) -> None:
    with pytest.raises(Damaged):
        vas_cryptogram.decrypt((vas_cryptogram.key_id(KEY) if is_ours else b"") + noise, ONE, KEY)


@given(
    scalar=st.integers(1, 2**250),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=16),
    variant=st.sampled_from([1, 2]),
    at_s=st.integers(0, 2**32 - 1),
)
def test_any_key_merchant_and_message_in_either_variant_comes_out_again(
    scalar: int, text: str, variant: int, at_s: int
) -> None:
    key = private_key(scalar.to_bytes(32, "big"))
    found = vas_cryptogram.decrypt(Pass(TWO, text, key.public_key(), variant).cryptogram(at_s), TWO, key)
    assert (found.text, found.variant) == (text, variant)
    assert (found.signed_at - vas_cryptogram.EPOCH).total_seconds() == at_s


# The commands


def test_a_merchant_is_named_by_the_published_digests() -> None:
    for vector in vectors("apple-vas", "merchant id hash"):
        asked = vas.request(vector["text"], flags=vas.VAS_ONLY, nonce=b"\0" * 4)
        assert tlv.value(asked[5:-1], 0x9F25) == bytes.fromhex(vector["expect"]["digest"])


def test_the_recorded_request_has_the_same_objects_as_ours() -> None:
    recorded = one("apple-vas", "GET DATA request TLV (trace)")
    ours = vas.request("pass.com.passkit.pksamples.nfcdemo", flags=vas.VAS_ONLY, nonce=b"\0" * 4)
    assert ours[:4] == bytes.fromhex("80ca0101")
    assert ours[-1] == 0
    for tag in (0x9F22, 0x9F25, 0x9F26):
        assert tlv.value(ours[5:-1], tag) == tlv.value(bytes.fromhex(recorded["data"]), tag)


# The talk


def test_a_pass_gives_its_message_the_time_it_was_made_and_strong_evidence() -> None:
    wallet = AppleWallet(Pass(ONE, "LOYALTY-0001", KEY.public_key()), clock_s=700_000_001)
    heard, phone = read(SHOP, wallet=wallet)
    (token,) = heard.tokens
    assert (token.kind, token.value, token.evidence) == ("vas", "LOYALTY-0001", "strong")
    assert token.about == {"pass_type_id": ONE, "signed_at": "2023-03-08T20:26:41Z"}
    assert len(phone.apdus) == 2


def test_two_readings_of_one_pass_are_no_copies_of_each_other() -> None:
    wallet = AppleWallet(Pass(ONE, "LOYALTY-0001", KEY.public_key()))
    first, second = (read(SHOP, wallet=wallet)[0].tokens[0] for _ in range(2))
    assert first.unique
    assert first.unique != second.unique


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (LOCKED, "locked"),
        (b"\x6a\x83", "no_pass"),
        (b"\x61\x00", "no_pass"),
        (b"\x69\x84", "choose_pass"),
        (b"\x69\x82", "unreadable"),
        (b"\x6b\x00", "unreadable"),
        (b"\x12\x34", "unreadable"),
    ],
)
def test_every_status_word_has_its_outcome(status: bytes, outcome: str) -> None:
    assert read(SHOP, wallet=AppleWallet(status=status))[0] == Heard(outcome=outcome)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "outcome"),
    [
        (Pass(TWO, "X", KEY.public_key()), "no_pass"),
        (Pass(ONE, "X", OTHER.public_key()), "unknown_merchant"),
        (Pass(ONE, "X", KEY.public_key(), tampered=True), "forged"),
        (Pass(ONE, "", KEY.public_key()), "unreadable"),
    ],
    ids=["another merchant", "another key", "tampered", "empty"],
)
def test_a_pass_that_is_not_ours_to_read_has_its_outcome(held: Pass, outcome: str) -> None:
    assert read(SHOP, wallet=AppleWallet(held))[0] == Heard(outcome=outcome)  # type: ignore[arg-type]


def test_several_merchants_are_asked_in_one_tap_and_say_whether_more_follow() -> None:
    wallet = AppleWallet(Pass(TWO, "B-2", OTHER.public_key()))
    third = Merchant("pass.example.loyalty.three", KEY)
    heard, _ = read(SHOP, Merchant(TWO, OTHER), third, wallet=wallet)
    assert values(heard) == ["B-2"]
    assert [each[0x9F26].hex() for each in wallet.asked] == ["00800080", "00800080", "00800000"]


def test_passes_of_several_merchants_are_all_read() -> None:
    wallet = AppleWallet(Pass(TWO, "B-2", OTHER.public_key()), Pass(ONE, "A-1", KEY.public_key()))
    assert values(read(SHOP, Merchant(TWO, OTHER), wallet=wallet)[0]) == ["A-1", "B-2"]


def test_one_merchant_with_an_old_and_a_new_key_is_asked_once_and_read_with_the_one_that_fits() -> None:
    wallet = AppleWallet(Pass(ONE, "A-1", OTHER.public_key()))
    assert values(read(SHOP, Merchant(ONE, OTHER), wallet=wallet)[0]) == ["A-1"]
    assert [each[0x9F26].hex() for each in wallet.asked] == ["00800002"]


def test_of_several_merchants_a_locked_one_is_told_before_one_without_a_pass() -> None:
    class Half(AppleWallet):
        def _answer(self, merchant: bytes) -> bytes:
            return LOCKED if merchant == hashlib.sha256(ONE.encode()).digest() else b"\x6a\x83"

    assert read(SHOP, Merchant(TWO, OTHER), wallet=Half())[0] == Heard(outcome="locked")


def test_an_answer_in_pieces_is_put_together() -> None:
    phone = Phone(AppleWallet(Pass(ONE, "x" * 64, KEY.public_key())), pieces=40)
    found = talk(ose.find(), phone)
    assert found is not None
    assert values(talk(vas.read(found.fci, [SHOP], nonce=bytes(4)), phone)) == ["x" * 64]


def test_a_phone_of_another_version_is_damage_and_one_without_vas_has_no_pass() -> None:
    with pytest.raises(Damaged):
        read(SHOP, wallet=AppleWallet(version="0200"))
    assert read(SHOP, wallet=AppleWallet(capabilities="00000030"))[0] == Heard(outcome="no_pass")


@pytest.mark.parametrize("vector", vectors("apple-vas", "SELECT OSE"), ids=lambda vector: vector["name"])
def test_recorded_selections_are_apple_wallets(vector: dict[str, Any]) -> None:
    asked = ose.find()
    next(asked)
    with pytest.raises(StopIteration) as end:
        asked.send((bytes.fromhex(vector["data"]), 0x9000))
    assert end.value.value.maker == "apple"
    for tag, value in vector["expect"].items():
        assert tlv.value(end.value.value.fci, int(tag, 16)) == bytes.fromhex(value)


# TLV


@pytest.mark.parametrize(
    "data",
    ["9f", "9f22", "9f220201", "7081", "7080", "70840000000101", "708000", "1fffffffff0100", "5000" * 300],
)
def test_a_cut_or_endless_object_is_damage(data: str) -> None:
    with pytest.raises(Damaged):
        tlv.split(bytes.fromhex(data))


@given(
    st.lists(
        st.tuples(st.sampled_from([0x50, 0x6F, 0x9F27, 0xDF6D, 0xBF0C]), st.binary(max_size=300)), max_size=5
    )
)
def test_what_is_written_as_objects_is_read_as_the_same(objects: list[tuple[int, bytes]]) -> None:
    data = b"".join(tlv.encode(tag, value) for tag, value in objects)
    assert [(each.tag, each.value) for each in tlv.split(data)] == objects


@given(st.binary(max_size=100))
def test_any_bytes_are_objects_or_damage(data: bytes) -> None:
    with suppress(Damaged):
        tlv.split(data)

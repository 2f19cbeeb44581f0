"""From a token to a credential: computed a second time here, from the sentence in the contract."""

import hashlib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.reader import TokenKind
from edge.recognition import rotating
from edge.recognition.rules import (
    CREDENTIAL_KINDS,
    MAX_VALUE_BYTES,
    SAME_TAP_MS,
    Found,
    LastSeen,
    Recognised,
    Stranger,
    Withheld,
    credential,
    inner,
    is_repeat,
    normalise,
    outer,
    recognise,
)

CHAIN, SHOP, OTHER_SHOP = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
CARD = "2900000012345"
NUMBERS = sorted(kind for kind, made in CREDENTIAL_KINDS.items() if made == "number")


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, written out."""
    padded = key.ljust(64, b"\0")
    within = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + within).digest()


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_is_the_outer_hash_of_the_inner_hash_whichever_way_it_was_read(kind: str) -> None:
    kept_by_the_hub = hmac_sha256(CHAIN, b"number\x00" + CARD.encode())
    assert credential(CHAIN, SHOP, kind, CARD) == hmac_sha256(SHOP, kept_by_the_hub)


def test_a_uid_is_a_credential_of_its_own_kind() -> None:
    kept_by_the_hub = hmac_sha256(CHAIN, b"uid\x0004a2b3c4")
    assert credential(CHAIN, SHOP, "uid", "04A2B3C4") == hmac_sha256(SHOP, kept_by_the_hub)
    assert credential(CHAIN, SHOP, "sun", "04A2B3C4") == credential(CHAIN, SHOP, "uid", "04a2b3c4")
    assert credential(CHAIN, SHOP, "barcode", "04a2b3c4") != credential(CHAIN, SHOP, "uid", "04a2b3c4")


def test_the_vectors_stay_what_they_were() -> None:
    made = credential(CHAIN, SHOP, "barcode", CARD)
    assert made is not None
    assert made.hex() == "541f6c04d3de42346659a3fec293a503598709069cee77b974dcd727a7c112ad"


@given(st.text(min_size=1, max_size=40))
def test_two_shops_never_share_a_hash_and_neither_is_what_the_hub_keeps(value: str) -> None:
    here, there = (credential(CHAIN, shop, "qr", value) for shop in (SHOP, OTHER_SHOP))
    if here is None or there is None:
        assert not value.strip()
        return
    kept_by_the_hub = inner(CHAIN, "number", normalise("number", value) or b"")
    assert len({here, there, kept_by_the_hub}) == 3
    assert here == outer(SHOP, kept_by_the_hub)


@given(st.binary(min_size=4, max_size=10))
def test_a_uid_is_the_same_however_it_is_written(raw: bytes) -> None:
    plain, with_colons = raw.hex(), raw.hex(":").upper()
    assert normalise("uid", plain) == normalise("uid", with_colons) == normalise("uid", f" {plain}\n")


@given(st.text())
def test_what_was_normalised_is_normal(value: str) -> None:
    normal = normalise("number", value)
    if normal is not None:
        assert normalise("number", normal.decode()) == normal


def test_letters_with_accents_are_one_however_they_were_composed() -> None:
    assert normalise("number", "caf\u00e9") == normalise("number", "cafe\u0301")


@pytest.mark.parametrize("value", ["", "   ", "\n\t", "x" * (MAX_VALUE_BYTES + 1), "é" * 513])
def test_what_is_empty_or_too_long_is_nobodys_credential(value: str) -> None:
    assert normalise("number", value) is None
    assert credential(CHAIN, SHOP, "qr", value) is None


def test_a_value_of_exactly_the_cap_still_counts() -> None:
    assert credential(CHAIN, SHOP, "qr", "x" * MAX_VALUE_BYTES) is not None


@given(st.text(st.characters(), max_size=20), st.sampled_from([*get_args(TokenKind), "later", ""]))
def test_nothing_that_a_reader_says_raises(value: str, kind: str) -> None:
    made = credential(CHAIN, SHOP, kind, value)
    assert made is None or len(made) == 32


def test_products_and_devices_are_no_persons() -> None:
    assert set(get_args(TokenKind)) - set(CREDENTIAL_KINDS) == {"gs1", "eid"}
    assert set(CREDENTIAL_KINDS) - {rotating.KIND} <= set(get_args(TokenKind))
    for kind in ("gs1", "eid", "unheard of"):
        assert credential(CHAIN, SHOP, kind, CARD) is None


@given(st.integers(0, 10**13), st.integers(-10_000, 10_000), st.booleans())
def test_a_repeat_is_the_same_reader_within_two_seconds(at_ms: int, later_ms: int, same: bool) -> None:
    last = LastSeen("counter-1", at_ms)
    repeat = is_repeat(last, reader="counter-1" if same else "door", at_ms=at_ms + later_ms)
    assert repeat == (same and 0 <= later_ms < SAME_TAP_MS)


def test_the_first_presentation_is_no_repeat() -> None:
    assert not is_repeat(None, reader="counter-1", at_ms=0)


def test_a_card_is_taken_again_before_a_reader_that_was_replugged_must_answer() -> None:
    assert SAME_TAP_MS < 5_000


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (None, Stranger()),
        (Found(b"c", blocked=False, may_recognise=True), Recognised()),
        (Found(b"c", blocked=False, may_recognise=False), Withheld("no_basis")),
        (Found(b"c", blocked=True, may_recognise=True), Withheld("blocked")),
        (Found(b"c", blocked=True, may_recognise=False), Withheld("blocked")),
    ],
)
def test_what_was_found_has_one_meaning(found: Found | None, outcome: object) -> None:
    assert recognise(found) == outcome

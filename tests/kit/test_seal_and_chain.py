"""Sealed values open in their place with their key only; a chained line cannot be changed."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from edge.kit.chain import GENESIS, link
from edge.kit.errors import Corrupt
from edge.kit.seal import derive, key_place, new_key, seal, trait_place, unseal

KEY = bytes(range(32))
CUSTOMER = bytes(16)


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_was_sealed_opens_in_its_place(plain: bytes, place: bytes) -> None:
    assert unseal(KEY, seal(KEY, plain, place), place) == plain


def test_a_seal_is_aes_256_gcm_with_its_nonce_in_front() -> None:
    sealed = seal(KEY, b"Femke", b"place")
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"place") == b"Femke"
    assert len(sealed) == 12 + 5 + 16


def test_the_same_value_is_never_sealed_to_the_same_bytes() -> None:
    assert len({seal(KEY, b"Femke", b"place") for _ in range(200)}) == 200


@pytest.mark.parametrize(
    ("name", "version", "customer"),
    [("since", 1, CUSTOMER), ("name", 2, CUSTOMER), ("name", 1, b"\x01" * 16)],
)
def test_a_value_moved_to_another_place_does_not_open(name: str, version: int, customer: bytes) -> None:
    sealed = seal(KEY, b"Femke", trait_place(CUSTOMER, "name", 1))
    with pytest.raises(Corrupt):
        unseal(KEY, sealed, trait_place(customer, name, version))


def test_a_wrapped_key_of_one_customer_is_not_one_of_another() -> None:
    with pytest.raises(Corrupt):
        unseal(KEY, seal(KEY, new_key(), key_place(CUSTOMER)), key_place(b"\x01" * 16))


@given(st.integers(0, 32), st.integers(1, 255))
def test_one_changed_bit_anywhere_is_seen(at: int, change: int) -> None:
    sealed = bytearray(seal(KEY, b"Femke", b"place"))
    sealed[at] ^= change
    with pytest.raises(Corrupt):
        unseal(KEY, bytes(sealed), b"place")


@pytest.mark.parametrize("sealed", [b"", bytes(11), bytes(12), bytes(27), bytes(range(40))], ids=len)
def test_bytes_that_were_never_sealed_are_corrupt_and_say_what_to_do(sealed: bytes) -> None:
    with pytest.raises(Corrupt) as caught:
        unseal(KEY, sealed, b"place")
    assert caught.value.code == "S04"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", [bytes(32), b"", bytes(31)], ids=len)
def test_another_key_does_not_open(key: bytes) -> None:
    with pytest.raises(Corrupt):
        unseal(key, seal(KEY, b"Femke", b"place"), b"place")


def test_new_keys_have_32_bytes_and_are_all_different() -> None:
    made = {new_key() for _ in range(100)}
    assert {len(key) for key in made} == {32}
    assert len(made) == 100


@given(st.binary(min_size=32, max_size=32), st.text(st.characters(codec="ascii"), max_size=40))
def test_a_derived_key_is_hkdf_expand_with_one_block(key: bytes, purpose: str) -> None:
    reference = HKDFExpand(algorithm=SHA256(), length=32, info=purpose.encode()).derive(key)
    assert derive(key, purpose) == reference


def test_a_link_is_sha256_over_the_parts_as_the_contract_writes_them() -> None:
    parts = bytes(32) + bytes(7) + b"\x01" + (1000).to_bytes(8, "big") + b"\x0dvisit_started" + b"{}"
    assert link(GENESIS, seq=1, at_ms=1000, kind="visit_started", body=b"{}") == sha256(parts).digest()


LINES = st.fixed_dictionaries(
    {
        "seq": st.integers(0, 2**63),
        "at_ms": st.integers(0, 2**63),
        "kind": st.text(st.characters(codec="ascii"), max_size=60),
        "body": st.binary(max_size=60),
    }
)


@given(LINES, LINES)
def test_two_lines_that_differ_in_any_field_have_two_hashes(
    one: dict[str, object], other: dict[str, object]
) -> None:
    same = link(GENESIS, **one) == link(GENESIS, **other)  # type: ignore[arg-type]
    assert same == (one == other)


@given(LINES, st.binary(min_size=32, max_size=32))
def test_the_hash_before_it_is_part_of_a_line(line: dict[str, object], previous: bytes) -> None:
    same = link(GENESIS, **line) == link(previous, **line)  # type: ignore[arg-type]
    assert same == (previous == GENESIS)


def test_a_byte_cannot_move_from_kind_to_body() -> None:
    assert link(GENESIS, seq=1, at_ms=1, kind="ab", body=b"c") != link(
        GENESIS, seq=1, at_ms=1, kind="a", body=b"bc"
    )

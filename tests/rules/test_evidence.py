"""What a presentation proves: what can be copied proves nothing, and what was fresh once is not fresh twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kit.clock import from_rfc3339, rfc3339
from edge.recognition.evidence import AFTER_MS, BEFORE_MS, MOST_READS, WEAK, Proof, Reads, Signed, proof
from edge.recognition.rules import CREDENTIAL_KINDS, SAME_TAP_MS, LastSeen, is_repeat

NOW_MS = 1_795_340_460_000
PASS = "pass.example.shop"


def of(kind: str, evidence: str = "strong", unlocking: tuple[str, ...] = (), **about: Any) -> Proof:
    return proof(kind, evidence, about, now_ms=NOW_MS, unlocking=frozenset(unlocking))


@pytest.mark.parametrize("kind", ["uid", "barcode", "qr", "ndef", "gs1", "eid"])
def test_what_can_be_copied_is_weak_whatever_a_driver_calls_it(kind: str) -> None:
    assert of(kind) == WEAK


@pytest.mark.parametrize("kind", CREDENTIAL_KINDS)
def test_what_a_driver_calls_weak_is_never_more(kind: str) -> None:
    assert of(kind, "weak", (PASS,), ctr=5, signed_at=rfc3339(NOW_MS), pass_type_id=PASS, key_id=PASS) == WEAK


@pytest.mark.parametrize("kind", ["smarttap", "hce", "vendor"])
def test_what_answers_the_readers_own_nonce_needs_no_mark(kind: str) -> None:
    assert of(kind) == Proof("strong")


@pytest.mark.parametrize("ctr", [0, 1, MOST_READS])
def test_a_counter_is_the_mark_of_a_chip(ctr: int) -> None:
    assert of("sun", ctr=ctr) == Proof("strong", Reads(ctr))


@pytest.mark.parametrize("about", [{}, {"ctr": -1}, {"ctr": MOST_READS + 1}, {"ctr": "7"}, {"ctr": True}])
def test_a_chip_without_a_counter_proves_nothing(about: dict[str, Any]) -> None:
    assert of("sun", **about) == WEAK


@pytest.mark.parametrize(
    ("off_ms", "expected"),
    [
        (-BEFORE_MS - 1, WEAK),
        (-BEFORE_MS, Proof("strong", Signed(NOW_MS - BEFORE_MS))),
        (AFTER_MS, Proof("strong", Signed(NOW_MS + AFTER_MS))),
        (AFTER_MS + 1, Proof("weak", Signed(NOW_MS + AFTER_MS + 1))),
    ],
)
def test_a_phones_time_counts_within_its_window_and_one_from_the_future_is_spent_all_the_same(
    off_ms: int, expected: Proof
) -> None:
    assert of("vas", signed_at=rfc3339(NOW_MS + off_ms)) == expected


@pytest.mark.parametrize("signed_at", [None, "", "now", 7, "2026-11-22T10:00:00", "2026-13-01T00:00:00Z"])
def test_a_cryptogram_without_a_time_proves_nothing(signed_at: object) -> None:
    assert of("vas", signed_at=signed_at) == WEAK


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("vas", {"pass_type_id": PASS, "signed_at": rfc3339(NOW_MS)}),
        ("hce", {"key_id": PASS}),
        ("smarttap", {"collector_id": PASS}),
    ],
)
def test_a_pass_that_asks_for_the_phones_unlock_proves_its_owner(kind: str, about: dict[str, Any]) -> None:
    assert of(kind, unlocking=(PASS,), **about).evidence == "unlocked"
    assert of(kind, unlocking=("another",), **about).evidence == "strong"
    assert of("sun", unlocking=("", "None"), ctr=1).evidence == "strong"


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_is_read_back_as_it_was_written(at_ms: int) -> None:
    assert from_rfc3339(rfc3339(at_ms)) == at_ms


@pytest.mark.parametrize(
    ("last", "now", "repeat"),
    [
        (WEAK, WEAK, True),
        (Proof("strong", Reads(5)), Proof("strong", Reads(5)), True),
        (Proof("strong", Reads(5)), WEAK, True),
        (WEAK, Proof("strong", Reads(5)), False),
        (Proof("strong", Reads(5)), Proof("strong", Reads(6)), False),
        (Proof("strong", Reads(5)), Proof("strong", Reads(4)), False),
    ],
)
def test_only_the_same_proof_or_none_at_all_is_the_same_hold(last: Proof, now: Proof, repeat: bool) -> None:
    seen = LastSeen("balie", NOW_MS, last)
    assert is_repeat(seen, reader="balie", at_ms=NOW_MS + 1, proof=now) == repeat
    assert not is_repeat(seen, reader="balie", at_ms=NOW_MS + SAME_TAP_MS, proof=now)

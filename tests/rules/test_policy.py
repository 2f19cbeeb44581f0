"""Which evidence may do what: the whole table, and no way around it."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.recognition.evidence import Evidence
from edge.wallet.policy import MAY, Doing, Limits, doing, held, missing, proved

EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
DOING: tuple[Doing, ...] = get_args(Doing)
LIMITS = Limits()
NOW_MS = 1_795_340_460_000


def test_the_table_says_for_each_evidence_with_and_without_eyes_what_it_may() -> None:
    assert set(MAY) == set(product(EVIDENCE, (False, True)))
    rows = {row: "".join("x" if each in MAY[row] else "." for each in DOING) for row in MAY}
    assert DOING == ("read", "earn", "redeem_small", "redeem_large")
    assert rows == {
        ("weak", False): "xx..",
        ("weak", True): "xx..",
        ("strong", False): "xxx.",
        ("strong", True): "xxxx",
        ("unlocked", False): "xxxx",
        ("unlocked", True): "xxxx",
    }


@pytest.mark.parametrize(("evidence", "what"), [*product(EVIDENCE, DOING)])
def test_more_proof_never_may_less(evidence: Evidence, what: Doing) -> None:
    for eyes in (False, True):
        if missing(evidence, what, eyes=eyes) is None:
            stronger = EVIDENCE[EVIDENCE.index(evidence) :]
            assert all(missing(each, what, eyes=eyes) is None for each in stronger)
            assert missing(evidence, what, eyes=True) is None
    assert missing(evidence, "read", eyes=False) is None
    assert missing(evidence, "earn", eyes=False) is None


def test_what_can_be_copied_redeems_nothing_whoever_looks_along() -> None:
    for eyes in (False, True):
        assert missing("weak", "redeem_small", eyes=eyes) == "proof"
        assert missing("weak", "redeem_large", eyes=eyes) == "proof"
    assert missing("strong", "redeem_large", eyes=False) == "owner"


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_one_presentation_proves_for_minutes_what_a_visit_would(evidence: Evidence) -> None:
    proved_at = proved(evidence, NOW_MS)
    assert held(*proved_at, now_ms=NOW_MS + LIMITS.proof_ms - 1, limits=LIMITS) == evidence
    assert held(*proved_at, now_ms=NOW_MS + LIMITS.proof_ms, limits=LIMITS) == "weak"


@pytest.mark.parametrize(
    ("strong_ago", "unlocked_ago", "expected"),
    [
        (None, None, "weak"),
        (0, None, "strong"),
        (LIMITS.proof_ms - 1, None, "strong"),
        (LIMITS.proof_ms, None, "weak"),
        (0, 0, "unlocked"),
        (0, LIMITS.proof_ms, "strong"),
        (24 * 3_600_000, 24 * 3_600_000, "weak"),
    ],
)
def test_a_proof_is_good_for_minutes(
    strong_ago: int | None, unlocked_ago: int | None, expected: Evidence
) -> None:
    ago = [None if each is None else NOW_MS - each for each in (strong_ago, unlocked_ago)]
    assert held(*ago, now_ms=NOW_MS, limits=LIMITS) == expected


@given(st.lists(st.integers(1, 2_000), min_size=1, max_size=30))
def test_much_in_small_pieces_is_much(pieces: list[int]) -> None:
    redeemed = 0
    for piece in pieces:
        if doing("points", piece, redeemed=redeemed, limits=LIMITS) == "redeem_small":
            redeemed += piece
    assert redeemed < LIMITS.large_points


def test_each_instrument_has_its_own_threshold() -> None:
    assert doing("points", LIMITS.large_cards, redeemed=0, limits=LIMITS) == "redeem_small"
    cards = [doing("stamps", 1, redeemed=before, limits=LIMITS) for before in range(LIMITS.large_cards)]
    assert cards == ["redeem_small"] * (LIMITS.large_cards - 1) + ["redeem_large"]

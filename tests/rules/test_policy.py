"""Which evidence may do what: the whole table, and no way around it."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.recognition.evidence import Evidence
from edge.wallet.policy import MAY, Doing, Limits, doing, held, may, missing

EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
DOING: tuple[Doing, ...] = get_args(Doing)
LIMITS = Limits()
COLLEAGUE = Limits(plain_cards="colleague")
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
    for limits in (LIMITS, COLLEAGUE):
        for eyes in (False, True):
            if may(evidence, what, eyes=eyes, limits=limits):
                stronger = EVIDENCE[EVIDENCE.index(evidence) :]
                assert all(may(each, what, eyes=eyes, limits=limits) for each in stronger)
                assert may(evidence, what, eyes=True, limits=limits)
        assert may(evidence, "read", eyes=False, limits=limits)
        assert may(evidence, "earn", eyes=False, limits=limits)


def test_a_shop_may_let_a_colleague_stand_in_for_the_chip_for_little_and_never_for_much() -> None:
    assert missing("weak", "redeem_small", eyes=True, limits=LIMITS) == "proof"
    assert missing("weak", "redeem_small", eyes=False, limits=COLLEAGUE) == "proof"
    assert missing("weak", "redeem_small", eyes=True, limits=COLLEAGUE) is None
    assert missing("weak", "redeem_large", eyes=True, limits=COLLEAGUE) == "proof"
    assert missing("strong", "redeem_large", eyes=False, limits=LIMITS) == "owner"


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

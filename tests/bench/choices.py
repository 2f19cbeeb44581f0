"""Choice helpers at full count: generated trees, every way of each played and its reasons compared."""

from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules import test_choice as played

TREES: Final = 2_000


def trees() -> tuple[bool, dict[str, Any]]:
    """Whether all of TREES hold; the first that does not is told by hypothesis, as small as it gets."""
    small = played.test_every_way_ends_and_what_is_named_there_fits_is_there_and_says_truly_why
    each = small.hypothesis.inner_test  # type: ignore[attr-defined]
    whole = settings(max_examples=TREES, deadline=None)(given(played.trees(), st.data())(each))
    try:
        whole()
    except AssertionError as error:
        return False, {"trees": TREES, "failed": str(error)[:400]}
    return True, {"trees": TREES, "failed": None}

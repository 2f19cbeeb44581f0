"""Whatever goes away, and whenever: an outcome, and a reader that reads the next card."""

import pytest

from tests.drivers.pulling import DIALOGUES, Make, cable_pulled, length, locked, payment_card, taken_away

pytestmark = pytest.mark.anyio
EACH = pytest.mark.parametrize("make", DIALOGUES.values(), ids=list(DIALOGUES))


@EACH
async def test_a_phone_taken_away_at_any_frame_is_one_outcome_and_the_next_card_is_read(make: Make) -> None:
    frames = (await length(make)).frames
    assert await taken_away(make, range(1, frames + 1)) == []


@EACH
async def test_a_cable_pulled_at_any_command_is_a_lost_reader_that_reads_again(make: Make) -> None:
    apdus = (await length(make)).apdus
    assert await cable_pulled(make, range(1, apdus + 1)) == []


@pytest.mark.parametrize("make", [locked, payment_card], ids=["a locked phone", "a payment card"])
async def test_what_ends_without_a_token_is_one_outcome_too_and_the_next_card_is_read(make: Make) -> None:
    whole = await length(make)
    assert whole.ends is not None
    assert await taken_away(make, range(2, 4), whole.ends) == []

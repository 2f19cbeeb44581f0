"""Whatever is asked of the appliance by its own OpenAPI document, nothing breaks it."""

from pathlib import Path

from tests.contract import asked
from tests.staff_ui.house import MovedClock, open_place, own_token


def fuzzed(state: Path, *, examples: int, every: int = 1) -> dict[int, int]:
    """The answers of a shop with a customer on a tablet where somebody is signed in."""
    clock = MovedClock()
    clock.at_hour(10)
    with open_place(state, clock=clock) as place:
        place.staff()
        place.de_vries()
        tablet = place.signed_in()
        document = tablet.get("/schema/openapi.json").json()
        # Signing out is asked too; whoever comes after it signs in again.
        own = own_token(tablet.get("/store").text)
        found = asked(document, tablet, examples=examples, every=every, form=lambda: {"own": own})
        assert [event for event, _ in place.events if event == "page_failed"] == []
        return found


def test_the_appliance_answers_everything_that_its_document_allows_and_more(tmp_path: Path) -> None:
    found = fuzzed(tmp_path, examples=1, every=20)
    assert 200 in found

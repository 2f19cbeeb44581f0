"""In which zone a customer is now, where they agreed to that, and what lies there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edge.visits import whereabouts
from edge.visits.here import Arrival
from staff_ui.desk import Desk

if TYPE_CHECKING:
    from edge.presence.plan import Plan, Room


def room_of_visit(desk: Desk, arrival: Arrival) -> "Room | None":
    """Their zone; None without a floor, without a basis for their location, and where it is not known."""
    house = desk.house
    if house.radio is None or not whereabouts.may_be_located(
        house.db.reader,
        arrival.visit_id,
        recipient=house.config.shop.recipient,
        now_ms=house.time.now_ms(),
    ):
        return None
    stay = house.radio.nearby.tracker.stays().get(arrival.customer_id.hex())
    return house.radio.plan.room(stay.zone) if stay is not None else None


def lying_there(plan: "Plan", room: "Room", places: Mapping[str, str]) -> frozenset[str]:
    """Of products with their places, those that lie in this zone; where there is one zone it says nothing."""
    from edge.presence.plan import room_of  # a shop without a floor starts without it

    if len(plan.rooms) < 2:
        return frozenset()
    found = {item: room_of(plan, place) for item, place in places.items() if place}
    return frozenset(item for item, at in found.items() if at is not None and at.zone == room.zone)

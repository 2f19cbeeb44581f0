"""What a colleague looks up or scans while they help one customer: that customer's advice follows it."""

from edge.advice import tables
from edge.advice.limits import barred_words
from edge.advice.rules import barred
from edge.visits.here import helped_by
from staff_ui.desk import Desk, Guest


def follows(desk: Desk, guest: Guest, item: str) -> str:
    """Tell the advice that this product is looked at; the visit that follows it, empty where none does.

    Only where it is certain for whom: the colleague helps one customer. What may not be named is not held.
    """
    house = desk.house
    helped = helped_by(
        house.db.reader,
        guest.who.staff_id,
        recipient=house.config.shop.recipient,
        now_ms=house.time.now_ms(),
    )
    found = tables.items(house.db.reader, [item]).get(item)
    if len(helped) != 1 or found is None or barred(found, barred_words(house.config.shop.country)):
        return ""
    visit_id = helped[0].visit_id
    return visit_id.hex() if house.advisor.looks_at(visit_id, item) else ""

"""What an address or a form names: an id of this house, an open visit."""

from edge.kit.errors import Gone
from edge.visits.here import Arrival, arrival
from staff_ui.desk import Desk
from staff_ui.security import Ask

ID_BYTES = 16


def id_of(text: str) -> bytes | None:
    """The id that a text names in hex, None when it names none."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == ID_BYTES else None


def open_visit(desk: Desk, request: Ask) -> Arrival:
    """The visit that the address names, of somebody who may be recognised now; raises Gone when it is over."""
    house, named = desk.house, id_of(request.path_params["visit"])
    recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
    found = named and arrival(house.db.reader, named, recipient=recipient, now_ms=now_ms)
    if not found:
        raise Gone("this visit is over", code="U06", hint="go back to the list")
    return found

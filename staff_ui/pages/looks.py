"""The view log of a page that shows more of a visit than its card."""

from collections.abc import Iterable

from edge.kit.errors import StoreError
from edge.visits import acts
from edge.visits.here import Arrival
from edge.visits.view_log import was_shown
from staff_ui.desk import Desk, Guest


async def log_look(
    desk: Desk, visit: Arrival, guest: Guest, purposes: Iterable[str], *, reason: str = ""
) -> None:
    """A line for each purpose, once a visit, colleague and reason; a full disk must not take the tablet away."""
    house, role, doer = desk.house, guest.who.role, guest.who.doer
    for purpose in purposes:
        if was_shown(
            house.db.reader,
            visit.visit_id,
            role,
            purpose=purpose,
            reason=reason,
            staff_id=doer.staff_id,
        ):
            continue
        try:
            done = await house.db.write(
                acts.show,
                visit.visit_id,
                role=role,
                recipient=house.config.shop.recipient,
                now_ms=house.time.now_ms(),
                purpose=purpose,
                reason=reason,
                doer=doer,
            )
        except StoreError as error:
            house.log("view_not_logged", code=error.code, hint=error.hint)
        else:
            house.live.tell("views", done.seq)

"""What the stage does in the shop with nobody at a tablet: a full card redeemed, the figures of the day."""

from edge.app import Edge
from staff_ui.desk import Saying


async def redeem_stamps(edge: Edge, customer_id: bytes) -> None:
    """Wallet acts come with the merge."""


def closing_figures(edge: Edge) -> tuple[Saying, ...]:
    return ()

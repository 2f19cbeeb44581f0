"""What can happen to a customer's points and stamps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WalletMoved:
    """One line of the ledger: points or stamps were earned, redeemed or put right.

    `visit_id` is the note's own id where a card opened its balance without a visit. `stay` is what the hub signed of
    the stay of a member of another shop, empty for the shop's own.
    """

    line_id: bytes
    customer_id: bytes
    visit_id: bytes
    instrument: str
    delta: int
    why: str
    role: str
    staff_id: bytes
    at_ms: int
    stay: str = ""

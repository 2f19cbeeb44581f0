"""Which evidence may do what with somebody's saved value: one table. Pure.

What can be copied in seconds (a UID, a printed code, a link) finds a balance and adds to it; it never takes anything
away. Redeeming takes the card or phone itself, with a fresh proof given in this visit. Redeeming much takes also who
they are (S048): the phone's own unlock, told by a pass that asks for it. The appliance is never given a face, a
finger or a customer's code. Where the phone cannot say it, a colleague looks along and types their own PIN: a second
pair of eyes that answers for it, works offline, and is somebody else than who is signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from edge.recognition.evidence import Evidence
from edge.wallet.rules import Instrument

Doing = Literal["read", "earn", "redeem_small", "redeem_large"]
Missing = Literal["proof", "owner"]

_SAVE: Final[frozenset[Doing]] = frozenset(("read", "earn"))
_SMALL: Final[frozenset[Doing]] = _SAVE | {"redeem_small"}
_ALL: Final[frozenset[Doing]] = _SMALL | {"redeem_large"}
# (what was presented, whether a colleague looks along) -> what that may do.
MAY: Final[Mapping[tuple[Evidence, bool], frozenset[Doing]]] = {
    ("weak", False): _SAVE,
    ("weak", True): _SAVE,
    ("strong", False): _SMALL,
    ("strong", True): _ALL,
    ("unlocked", False): _ALL,
    ("unlocked", True): _ALL,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a shop chose: from how many points or full cards in a day redeeming is much; how long a proof is good."""

    large_points: int = 500
    large_cards: int = 3
    proof_ms: int = 10 * 60_000


AS_IT_COMES: Final = Limits()


def missing(held: Evidence, doing: Doing, *, eyes: bool) -> Missing | None:
    """What has to be shown first: the card or phone itself, or who they are; None when nothing is."""
    if doing in MAY[held, eyes]:
        return None
    return "proof" if held == "weak" else "owner"


def proved(evidence: Evidence, at_ms: int) -> tuple[int | None, int | None]:
    """When one presentation was last a strong and an unlocked proof, as `held` asks it."""
    return at_ms if evidence != "weak" else None, at_ms if evidence == "unlocked" else None


def held(strong_ms: int | None, unlocked_ms: int | None, *, now_ms: int, limits: Limits) -> Evidence:
    """The strongest proof that is still fresh: yesterday's tap redeems nothing."""
    oldest_ms = now_ms - limits.proof_ms
    if unlocked_ms is not None and unlocked_ms > oldest_ms:
        return "unlocked"
    return "strong" if strong_ms is not None and strong_ms > oldest_ms else "weak"


def doing(instrument: Instrument, amount: int, *, redeemed: int, limits: Limits) -> Doing:
    """Whether redeeming `amount` points, or full stamp cards, is much after `redeemed` within a day."""
    large = {"points": limits.large_points, "stamps": limits.large_cards}[instrument]
    return "redeem_large" if amount + redeemed >= large else "redeem_small"

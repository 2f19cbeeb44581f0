"""How much a presentation proves, and what it says of its own freshness. Pure.

The driver has checked signatures and MACs. Whether the same proof was there before is the shop's to know, asked and
kept in the recognition's own transaction (`marks`). The HCE dialogue signs the reader's own nonce and Smart Tap's
answer is made for it: that one is fresh.

* **A card's counter** (NTAG 424 DNA, AN12196) has to be above the last of the same card: the same and the older are
  replayed, and nothing opens. One that ended (FFFFFF) stays there: it proves something once, and then never again.
* **A VAS cryptogram** is spent once it was shown, for as long as it could count: until its own time is more than
  10 min ago. Which one it is, says its credential with the time in it, which travels from every driver over every
  pipe. So a copy is replayed, and another phone of the same customer is not, whatever its clock says.
* **A time outside -10 min .. +2 min of the shop's clock is weak**, not refused: people may set their phone's clock,
  and may then still read and earn, as with a printed code. One from the future is spent all the same, or a copy
  would be strong when its time came. One that is too old proves nothing any more and is not kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from edge.kit.clock import from_rfc3339

# weak: can be copied. strong: fresh, of the card or phone itself. unlocked: and the phone knew its owner.
Evidence = Literal["weak", "strong", "unlocked"]

BEFORE_MS: Final = 10 * 60_000
AFTER_MS: Final = 2 * 60_000
MOST_READS: Final = 0xFFFFFF  # SDMReadCtr has 24 bits
# Kind -> what in `about` names the pass, collector or app: a shop can say of it that it asks for the phone's unlock.
ISSUED_AS: Final = {"vas": "pass_type_id", "smarttap": "collector_id", "hce": "key_id"}


@dataclass(frozen=True, slots=True)
class Reads:
    """A card's counter: it has to be above the last of its credential."""

    ctr: int


@dataclass(frozen=True, slots=True)
class Signed:
    """The moment a phone made its proof, by its own clock: no two of one credential may be the same."""

    at_ms: int


Mark = Reads | Signed


@dataclass(frozen=True, slots=True)
class Proof:
    """What a token proves; `mark`, where there is one, says whether it was shown before."""

    evidence: Evidence
    mark: Mark | None = None


WEAK: Final = Proof("weak")


def proof(
    kind: str,
    evidence: str,
    about: Mapping[str, Any],
    *,
    now_ms: int,
    unlocking: frozenset[str] = frozenset(),
) -> Proof:
    """The proof of a token whose driver calls it `evidence`; what cannot be checked here is weak."""
    if evidence != "strong":
        return WEAK
    level: Evidence = "unlocked" if str(about.get(ISSUED_AS.get(kind, ""), "")) in unlocking else "strong"
    match kind:
        case "sun":
            reads = about.get("ctr")
            if type(reads) is not int or not 0 <= reads <= MOST_READS:
                return WEAK
            return Proof("strong", Reads(reads))
        case "vas":
            signed_ms = from_rfc3339(about.get("signed_at"))
            if signed_ms is None or signed_ms < now_ms - BEFORE_MS:
                return WEAK
            return Proof(level if signed_ms <= now_ms + AFTER_MS else "weak", Signed(signed_ms))
        case "smarttap" | "hce" | "vendor":
            return Proof(level)
        case _:
            return WEAK

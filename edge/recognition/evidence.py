"""How much a presentation proves, and what it says of its own freshness. Pure.

The driver has checked signatures and MACs. Whether the same proof was there before is the shop's to know: a card's
counter (NTAG 424 DNA, AN12196) and the time in a VAS cryptogram have to be above the last of the same credential,
asked and kept in the recognition's own transaction (`marks`). Smart Tap and the HCE dialogue answer the reader's own
nonce: what answers is there now.

* **Not above the last: replayed, and nothing opens.** The same and the older are one rule. It costs whoever taps
  with two phones whose clocks differ, for as long as they differ; it buys that no recording works twice.
* **A time outside -10 min .. +2 min of the shop's clock is weak**, not refused: people may set their phone's clock,
  and may then still read and earn, as with a printed code. One from the future is not kept, or a phone with a wrong
  clock would be refused for as long as it was wrong.
* **A counter that ended (FFFFFF)** stays there: by the same rule it proves something once, and then never again.
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
class Proof:
    """What a token proves; `mark`, where there is one, has to be above its credential's last."""

    evidence: Evidence
    mark: int | None = None


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
            known = type(reads) is int and 0 <= reads <= MOST_READS
            return Proof("strong", reads) if known else WEAK
        case "vas":
            signed_ms = from_rfc3339(about.get("signed_at"))
            if signed_ms is None or signed_ms > now_ms + AFTER_MS:
                return WEAK
            return Proof(level if signed_ms >= now_ms - BEFORE_MS else "weak", signed_ms)
        case "smarttap" | "hce" | "vendor":
            return Proof(level)
        case _:
            return WEAK

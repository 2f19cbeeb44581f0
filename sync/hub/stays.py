"""The hub's own word that it let somebody into a shop: it believes that one also after it forgot the stay itself.

A shop may move the balances of its residents. A hub that was put back from a backup does not know who became a guest
after that backup, and a box that was put back goes on in a visit that it had ended. What either then hears of such a
guest is true, and a box that means ill says the same of somebody who never was there. So each stay goes down with a
MAC over shop, customer and instant, and comes up again with every line of it.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from edge.kit.seal import derive
from sync.hub.config import Keys

# For so long shops keep what was acknowledged: a backup that is older is not put back without loss anyway.
WINDOW_MS: Final = 35 * 86_400_000
# By so much the hub's clock may have been set between a stay and the day on which a backup was put back.
OFF_MS: Final = 86_400_000
_SECONDS: Final = 10**11  # a smaller instant of our days is one in seconds


def word(keys: Keys, shop_id: str, customer_id: bytes, *, since_ms: int) -> str:
    """What goes down with a stay that began at `since_ms`, by the hub's clock."""
    place = b"|".join((shop_id.encode(), customer_id, b"%d" % since_ms))
    return f"{since_ms}.{hmac.digest(derive(keys.hub_kek, 'stay'), place, sha256).hex()}"


def began(keys: Keys, shop_id: str, customer_id: bytes, said: str) -> int | None:
    """When the stay began that this speaks of, by the hub's clock; None where this hub never said so."""
    since = said.partition(".")[0]
    if not (since.isascii() and since.isdecimal()):
        return None
    known = word(keys, shop_id, customer_id, since_ms=int(since))
    # As bytes: two texts are compared in ASCII only, and a box may say anything.
    same = hmac.compare_digest(known.encode(), said.encode("utf-8", "replace"))
    return int(since) if same else None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Between which instants stays began that the hub, or a box, may not know of any more."""

    spans: tuple[tuple[int, int], ...] = ()

    def has(self, since_ms: int) -> bool:
        return any(first <= since_ms <= last for first, last in self.spans)


def forgotten(*, hub_epoch: int, epoch: int, now_ms: int) -> Forgotten:
    """`hub_epoch` is the millisecond at which the hub was put back (the second where an older hub was), 1 if it never
    was; `epoch` is the box's own."""
    back_ms = hub_epoch if hub_epoch > _SECONDS else (hub_epoch + 1) * 1000
    ends = [back_ms] if hub_epoch > 1 else []
    ends += [now_ms] if epoch > 1 else []
    return Forgotten(tuple((end - WINDOW_MS, end + OFF_MS) for end in ends))

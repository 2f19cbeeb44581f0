"""The wallet in each of its states, for the gallery; nobody in it is real."""

from typing import Any, Final

from edge.health import Health
from edge.visits.here import Arrival
from edge.wallet.rules import Balances, GiftCard, StampCard, Voucher
from edge.wallet.tables import Written
from staff_ui.pages.purse import Purse
from staff_ui.pages.wallet import WHY_NOT, Said, Wallet, said, sheet
from staff_ui.pages.wishes import Wishes, listed
from staff_ui.samples.products import lines as wares
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "wallet.html"
NOW_MS: Final = 1_795_340_460_000  # 2026-11-22 10:41 in Amsterdam
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
VISIT: Final = bytes([7]) * 16
HERE: Final = Arrival(VISIT, b"", "balie", "tap", "weak", NOW_MS, NOW_MS, NOW_MS + DAY_MS)
OF_VISIT: Final = Purse(f"/visits/{VISIT.hex()}/wallet", VISIT, b"", HERE)
OF_CARD: Final = Purse("/saving/withheld-0", bytes(16), b"")
REWARD: Final = "gratis impregneren"
ONLINE: Final = Health(online=True, online_since_ms=NOW_MS)
CUT: Final = Health(online=False, online_since_ms=NOW_MS - HOUR_MS, depth=lambda: 7)


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    """State -> the page's dataclass."""

    def page(
        saved: Balances | None,
        *,
        what: Said | None = None,
        health: Health = ONLINE,
        broken: bool = False,
        purse: Purse = OF_VISIT,
        plain: bool = False,
        wishes: Wishes | None = None,
    ) -> Wallet:
        name = "mevrouw De Vries"
        return sheet(
            frame,
            purse,
            name,
            saved,
            words,
            said=what,
            health=health,
            new_id=lambda: bytes(16),
            now_ms=NOW_MS,
            broken=broken,
            plain=plain,
            wishes=wishes,
        )

    def after(instrument: str, delta: int, why: str, *, health: Health = ONLINE) -> Said:
        return said(Written(instrument, delta, why, NOW_MS), balances(7), words, health=health)

    later = listed(wares(words)[:3], words, as_of_ms=NOW_MS - DAY_MS, rest=2, now_ms=NOW_MS)
    why = WHY_NOT["points"]
    short = words.say(why)
    return {
        "almost": page(balances(7)),
        "full": page(balances(8)),
        "more than full": page(balances(9, stamps_added=2)),
        "stamp added": page(balances(8, stamps_added=1), what=after("stamps", 1, "purchase")),
        "redeemed without internet": page(
            balances(0, stamps_added=-8), what=after("stamps", -8, "reward", health=CUT), health=CUT
        ),
        "points added": page(balances(7, points=450, points_added=50), what=after("points", 50, "purchase")),
        "points redeemed without internet": page(
            balances(7, points=200, points_added=-200),
            what=after("points", -200, "reward", health=CUT),
            health=CUT,
        ),
        "plain card": page(balances(8), plain=True),
        "not enough": page(balances(7), what=Said("wrong", "", short)),
        "nothing but points": page(Balances(0, None, (), (), as_of_ms={"points": NOW_MS - DAY_MS}, added={})),
        "saved for later": page(balances(7), wishes=later),
        "saved for later, does not save": page(None, wishes=later),
        "does not save": page(None),
        "cannot be read": page(None, broken=True),
        "without a name": page(balances(8), purse=OF_CARD),
        "without a name, does not save": page(None, purse=OF_CARD),
    }


def balances(stamps: int, *, points: int = 400, stamps_added: int = 0, points_added: int = 0) -> Balances:
    known_ms = NOW_MS - 90 * 60_000
    return Balances(
        points=points,
        stamps=StampCard(stamps, 8, REWARD),
        vouchers=(
            Voucher("10% op regenkleding", "BON-4417", NOW_MS + 30 * DAY_MS),
            Voucher("Gratis veters", "BON-2090", None),
        ),
        giftcards=(GiftCard("Cadeaukaart oma", 2_500), GiftCard("Cadeaukaart", 1_250)),
        as_of_ms={
            "points": known_ms,
            "stamps": known_ms,
            "vouchers": known_ms,
            "giftcards": known_ms - DAY_MS,
        },
        added={"stamps": stamps_added, "points": points_added},
    )

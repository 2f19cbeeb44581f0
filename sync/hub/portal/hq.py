"""Headquarters' pane: which shops the hub hears, what came from them, and one customer's balances for the demo."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.catalogue.rules import Product, missing
from edge.kit.sql import Connection
from sync.hub import catalogue
from sync.hub.portal import choices
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import Stamps, open_traits, points_of, stamps_of
from sync.hub.portal.words import Words, key, order
from sync.hub.tables import fleet as statuses
from sync.hub.tables import overview
from sync.hub.tables.overview import DeviceFacts
from sync.hub.tables.portal import Sealed

if TYPE_CHECKING:
    from sync.hub.app import Hub


MOST_GAPS: Final = 5
LACKING: Final = {
    "description": key("lacking.description"),
    "sizes": key("lacking.sizes"),
    "care": key("lacking.care"),
    "origin": key("lacking.origin"),
    "sustainability": key("lacking.sustainability"),
    "place": key("lacking.place"),
}


@dataclass(frozen=True, slots=True)
class Box:
    """One device of a shop, in sentences."""

    name: str
    connected: bool
    line: str
    facts: str
    dead: str


@dataclass(frozen=True, slots=True)
class ShopPane:
    name: str
    residents: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A product of which shops needed what nobody filled in."""

    title: str
    lacking: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What the hub knows of one customer's points and stamps, and as of when."""

    points: str
    stamps: Stamps | None
    as_of: str


@dataclass(frozen=True, slots=True)
class Headquarters:
    frame: Frame
    asked: bool
    balance: Balance | None = field(repr=False)
    total: str
    facts: str
    dead: str
    shops: tuple[ShopPane, ...]
    gaps: tuple[Gap, ...] = ()
    more: str = ""


async def headquarters(hub: "Hub", words: Words, *, customer: str | None) -> Headquarters:
    """The pane; what takes longer than a point read is read beside the event loop."""
    customer_id = _id_of(customer)
    now_ms = hub.now_ms()
    devices, residents, sealed, bare, told_ms = await hub.db.view(_gather, customer_id, now_ms=now_ms)
    shops = {device.shop_id for device in devices} | set(residents)
    total = sum(device.facts for device in devices)
    last_ms = max((device.last_ms for device in devices if device.last_ms), default=None)
    dead = sum(device.dead for device in devices)
    when = "" if last_ms is None else words.when(min(last_ms, now_ms), now_ms=now_ms)
    return Headquarters(
        frame=Frame(language=words.language, here="/hq"),
        asked=customer is not None,
        balance=_balance(hub, sealed, words, now_ms=now_ms) if sealed else None,
        total=words.number(total),
        facts=words.count("hq.facts", total, when=when) if when else words.say("hq.no_facts"),
        dead=words.count("hq.dead", dead) if dead else words.say("hq.no_dead") if total else "",
        shops=tuple(
            ShopPane(
                name=choices.name(shop_id, hub.config.names),
                residents=words.count("hq.residents", residents.get(shop_id, 0)),
                boxes=tuple(
                    _box(hub, device, words, told_ms=told_ms.get(device.device_id), now_ms=now_ms)
                    for device in devices
                    if device.shop_id == shop_id
                ),
            )
            for shop_id in sorted(shops, key=lambda each: order(choices.name(each, hub.config.names)))
        ),
        gaps=tuple(_gap(each, words) for each in bare[:MOST_GAPS]),
        more=words.count("hq.gaps.more", len(bare) - MOST_GAPS) if len(bare) > MOST_GAPS else "",
    )


def _gather(
    conn: Connection, customer_id: bytes | None, *, now_ms: int
) -> tuple[list[DeviceFacts], dict[str, int], Sequence[Sealed], list[Product], dict[str, int]]:
    sealed = overview.balances(conn, customer_id, now_ms=now_ms) if customer_id else []
    told_ms = {each: said.at_ms for each, said in statuses.every(conn).items()}
    return overview.devices(conn), overview.residents(conn), sealed, catalogue.gaps(conn), told_ms


def _gap(product: Product, words: Words) -> Gap:
    return Gap(product.title, ", ".join(words.say(LACKING[name]) for name in missing(product)))


def _id_of(customer: str | None) -> bytes | None:
    try:
        found = bytes.fromhex(customer or "")
    except ValueError:
        return None
    return found if len(found) == 16 else None


def _box(hub: "Hub", device: DeviceFacts, words: Words, *, told_ms: int | None, now_ms: int) -> Box:
    times = (hub.contacts.last_ms(device.device_id), device.last_ms, told_ms)
    heard = [each for each in times if each is not None]
    when = words.moment(min(max(heard), now_ms), now_ms=now_ms) if heard else ""
    connected = hub.contacts.connected(device.device_id)
    line = words.say("hq.heard", when=when) if when else words.say("hq.silent")
    return Box(
        name=device.device_id,
        connected=connected,
        line=line,
        facts=words.count("hq.sent", device.facts),
        dead=words.count("hq.dead", device.dead) if device.dead else "",
    )


def _balance(hub: "Hub", sealed: Sequence[Sealed], words: Words, *, now_ms: int) -> Balance:
    traits = open_traits(sealed, kek=hub.keys.hub_kek, log=hub.log)
    points, _ = points_of(traits, words, now_ms=now_ms)
    as_of_ms = max(traits.as_of_ms.values(), default=None)
    as_of = "" if as_of_ms is None else words.when(min(max(0, as_of_ms), now_ms), now_ms=now_ms)
    return Balance(points, stamps_of(traits, words), as_of)

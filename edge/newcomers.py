"""The shell around becoming known: commit to the journal, lay the same in the replica, and tell the tablets.

A commit over two files is not atomic across a power cut. The journal's comes first and is the truth; what the
replica lacks of it is brought in again at every start, so that every read stays as it is.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from sqlite3 import Connection
from typing import Final, Literal

from edge import indexing
from edge.consent.records import Said
from edge.facts import Fact
from edge.house import House
from edge.insight import tables as insight
from edge.insight.days import day_ends_ms, day_of
from edge.joining import acts, tables
from edge.joining import ticket as tickets
from edge.joining.facts import CredentialBlocked, CredentialBound, CustomerJoined, Yes
from edge.joining.rules import ASKED, Kept, Wish, kept, lasting, of_period
from edge.joining.sealing import newcomer, sealed_card
from edge.joining.ticket import TICKET_MS, Ticket
from edge.keys import Keys
from edge.kit.clock import utc
from edge.kit.errors import WelkomError
from edge.kit.seal import derive, key_place, seal, unseal
from edge.kit.sqlite import Database
from edge.recognition import tables as recognition
from edge.recognition.evidence import WEAK, Proof
from edge.recognition.rules import Hashes
from edge.staff.deeds import Doer
from edge.visits import acts as visits
from edge.wallet.rules import new_wallet

# The hub's first version is 1: whatever it sends goes before what was laid in here.
LOCAL_VER: Final = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """What lies on the counter: the card of whoever is asked, if they held one to a reader, and where."""

    card: Hashes | None = field(default=None, repr=False)
    reader: str = ""
    proof: Proof = WEAK


def would_keep(house: House, wish: Wish, *, card: bool) -> Kept:
    """Exactly what confirming this wish now would keep."""
    now_ms = house.time.now_ms()
    ends_ms = day_ends_ms(now_ms, house.config.shop.timezone)
    return kept(wish, card=card, now_ms=now_ms, day_ends_ms=ends_ms)


async def join(
    house: House,
    wish: Wish,
    offer: Offer,
    *,
    staff_id: bytes,
    language: str,
    said: Mapping[str, Said] | None = None,
) -> bool:
    """Keep what the customer confirmed, and let them arrive; False when their card is somebody's by now.

    `said` is what stood beside each purpose they were asked about, for the record of it.
    """
    said = said or {}
    now_ms, shop = house.time.now_ms(), house.config.shop
    keep = would_keep(house, wish, card=offer.card is not None)
    values = of_period(wish, keep, year=utc(now_ms).year)
    saved = lasting(wish, keep, how="in the shop, on the tablet")
    if "saving" in keep.purposes:
        saved |= new_wallet(size=shop.stamps, reward=shop.reward)
    if wish.young:
        said = {purpose: replace(each, by="parent") for purpose, each in said.items()}
    new = newcomer(house.keys.shop_key, values, saved=saved, now_ms=now_ms, until_ms=keep.until_ms)
    card = offer.card
    done = await house.db.write(
        acts.join,
        CustomerJoined(
            customer_id=new.customer_id,
            key=new.key,
            traits=new.traits,
            consents=tuple(
                Yes(
                    purpose,
                    shop.recipient,
                    None if purpose == "saving" else keep.until_ms,
                    said.get(purpose),
                )
                for purpose in keep.purposes
            ),
            hash=card.outer if card else b"",
            card=sealed_card(house.keys.shop_key, new.customer_id, card.inner) if card else b"",
            card_kind=card.kind if card else "",
            staff_id=staff_id,
            language=language,
            at_ms=now_ms,
            refused=tuple(
                Yes(purpose, shop.recipient, None, said.get(purpose))
                for purpose in ASKED
                if purpose not in keep.purposes
            ),
        ),
        reader=offer.reader,
        how="joined",
        new_id=house.new_id,
        watching=house.live.roles(),
        quiet_ms=house.config.visits.quiet_min * 60_000,
        mark=offer.proof.mark,
    )
    if not done.facts:
        return False
    try:
        await _show(house, new.customer_id, now_ms=now_ms)
    except (WelkomError, sqlite3.Error) as error:
        # They are kept: to say otherwise would make them press again, and the rest is brought in once there is room.
        known = house.db.met(error) if isinstance(error, sqlite3.Error) else error
        house.log("newcomer_not_shown", code=known.code, hint=known.hint)
    house.live.tell("visits", done.seq)
    return True


async def _show(house: House, customer_id: bytes, *, now_ms: int) -> None:
    await lay_in(house)
    await indexing.index_names(house, [customer_id])
    house.advisor.changed([customer_id])
    await house.db.apply(insight.add, day_of(now_ms, house.config.shop.timezone), "joined")


Bound = Literal["bound", "taken", "not_named", "not_lost"]


async def bind(house: House, customer_id: bytes, offer: Offer, *, doer: Doer, lost: bytes = b"") -> Bound:
    """Make the card on the counter this customer's, in place of the `lost` one, and let them arrive with it."""
    assert offer.card is not None
    now_ms, recipient = house.time.now_ms(), house.config.shop.recipient
    fact = CredentialBound(
        customer_id=customer_id,
        hash=offer.card.outer,
        card=sealed_card(house.keys.shop_key, customer_id, offer.card.inner),
        kind=offer.card.kind,
        staff_id=doer.staff_id,
        why="replaced" if lost else "new_card",
        at_ms=now_ms,
    )
    gone = CredentialBlocked(customer_id, lost, doer.staff_id, "replaced", now_ms) if lost else None
    done = await house.db.write(acts.bind, fact, recipient=recipient, doer=doer, lost=gone)
    house.counter.notes.drop_closed()
    owner = recognition.find(house.db.reader, offer.card.outer, recipient=recipient, now_ms=now_ms)
    if owner is None:
        return (
            "not_lost"
            if lost
            and recognition.may_recognise(house.db.reader, customer_id, recipient=recipient, now_ms=now_ms)
            else "not_named"
        )
    if owner.customer_id != customer_id or owner.blocked:
        return "taken"
    if lost and not done.facts:
        return "not_lost"
    seen = await house.db.write(
        visits.saw,
        offer.card.outer,
        reader=offer.reader,
        how="tap",
        evidence=offer.proof.evidence,
        mark=offer.proof.mark,
        now_ms=now_ms,
        new_id=house.new_id,
        recipient=recipient,
        quiet_ms=house.config.visits.quiet_min * 60_000,
        watching=house.live.roles(),
    )
    house.live.tell("visits", seen.seq)
    return "bound"


def phone_address(house: House, card: Hashes | None) -> str:
    """Where somebody becomes known on their own phone, once and within a quarter of an hour; empty without a page."""
    shop, now_ms = house.config.shop, house.time.now_ms()
    if not shop.page:
        return ""
    text = tickets.write(
        house.keys.shop_key,
        shop.id,
        Ticket(
            until_ms=now_ms + TICKET_MS,
            recipient=shop.recipient,
            stamps=shop.stamps,
            reward=shop.reward,
            benefit_nl=shop.benefit_nl,
            benefit_en=shop.benefit_en,
            benefit_de=shop.benefit_de,
            benefit_fr=shop.benefit_fr,
            card=card.inner if card else b"",
            card_kind=card.kind if card else "",
        ),
    )
    house.awaited[tickets.customer_of(house.keys.shop_key, text)] = now_ms + 2 * TICKET_MS
    return f"{shop.page.rstrip('/')}/portal/join/{text}"


async def came(house: House, customer_ids: Iterable[bytes]) -> None:
    """These customers came down from the hub: whoever became one by a ticket of ours is counted, and nothing else."""
    now_ms = house.time.now_ms()
    for customer_id in customer_ids:
        if house.awaited.pop(customer_id, 0) > now_ms:
            await house.db.apply(insight.add, day_of(now_ms, house.config.shop.timezone), "joined")
    for customer_id in [each for each, until_ms in house.awaited.items() if until_ms <= now_ms]:
        del house.awaited[customer_id]


async def invited(house: House) -> None:
    """The tablet was handed to somebody: counted, and nothing else is known of them."""
    await house.db.apply(insight.add, day_of(house.time.now_ms(), house.config.shop.timezone), "invited")


async def bring_in(db: Database[Fact], keys: Keys) -> None:
    """Lay customers made here in the replica, as the feed would: after joining, at a start, in a new replica."""
    if tables.anything_local(db.reader):
        await db.apply(_bring_in, transport=derive(keys.shop_key, "key-transport"), kek=keys.kek)


async def lay_in(house: House) -> None:
    """`bring_in`; where the store cannot, it is owed (`lay_in_again`). Raises StoreError."""
    house.newcomers_owed.set()
    await bring_in(house.db, house.keys)
    house.newcomers_owed.clear()


async def lay_in_again(house: House) -> None:
    """What a full disk left undone: whoever joined here is known at the counter again. Raises StoreError."""
    if not house.newcomers_owed.is_set():
        return
    people = tables.left_out(house.db.reader)
    await lay_in(house)
    await indexing.index_names(house, people)
    house.advisor.changed(people)
    house.live.tell("visits")


def _bring_in(conn: Connection, *, transport: bytes, kek: bytes) -> None:
    for local in tables.locals_(conn):
        if recognition.is_resident(conn, local.customer_id):
            continue
        place = key_place(local.customer_id)
        plain = unseal(transport, local.wrapped, place)
        recognition.put_key(conn, local.customer_id, seal(kek, plain, place))
        traits: list[dict[str, object]] = [
            {
                "customer_id": local.customer_id,
                "name": trait.name,
                "sealed": trait.sealed,
                "ver": trait.ver,
                "as_of_ms": trait.as_of_ms,
                "until_ms": trait.until_ms,
            }
            for trait in local.traits
        ]
        recognition.put_customer(conn, local.customer_id, ver=LOCAL_VER, traits=traits)

"""What people do in shops, at headquarters and on their own page: each a real act, with words drawn from the dice."""

import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from sqlite3 import Connection
from typing import Any, Final

from edge.catalogue import acts as catalogue
from edge.catalogue.rules import Product, Stock
from edge.consent import acts as consent
from edge.consent import tables as consents_here
from edge.consent.facts import ConsentGiven, ConsentWithdrawn
from edge.facts import Fact
from edge.joining import acts as joining
from edge.joining.facts import CredentialBlocked, CredentialBound, CustomerJoined, Yes
from edge.joining.sealing import newcomer, sealed_card
from edge.kit.errors import Refused
from edge.recognition.rules import Hashes, hashes
from edge.simulate import guests
from edge.simulate.basis import only_who_may
from edge.simulate.box import QUIET_MS, RECIPIENT, Act, Box
from edge.simulate.centre import KEYS, Centre
from edge.staff.deeds import Doer
from edge.visits import acts as visits
from edge.visits.here import arrivals
from edge.wallet import acts as wallet
from edge.wallet.facts import WalletMoved
from edge.wallet.rules import INSTRUMENTS, Asked, new_wallet
from sync.hub import catalogue as goods
from sync.hub import compaction, consents, lost, people
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables import people as hub_people

STAFF: Final = b"a" * 16
DOER: Final = Doer(STAFF, b"t" * 32)
PURPOSES: Final = ("recognition", "profiling")
ITEMS: Final = tuple(f"SKU-{number}" for number in range(4))


@dataclass(slots=True)
class Person:
    """A customer, and what they hold in their hand."""

    id: bytes
    cards: list[str]
    home: str
    points: int = 0
    stamps: int = 0
    erased: bool = False  # headquarters was told so


@dataclass
class People:
    """Everybody whom anybody in the chain knows, in the order in which they came."""

    dice: random.Random
    all: list[Person] = field(default_factory=list)
    cards: int = 0
    contested: set[str] = field(default_factory=set)  # two customers were said to have these

    def card(self) -> str:
        self.cards += 1
        return f"LOYALTY-{self.cards:06}"

    def any(self) -> Person:
        """Half of the time one of a few: what meets on one customer is what goes wrong."""
        return self.dice.choice(self.all[:3] if self.dice.random() < 0.5 else self.all)

    def somebody(self, box: Box) -> Person:
        """Mostly somebody of this shop."""
        mine = [each for each in self.all if each.home == box.name]
        return self.dice.choice(mine) if mine and self.dice.random() < 0.5 else self.any()


class InShops:
    """Acts of one box. `at` is any box; what comes back is only for the box's own memory."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._dice = people.dice

    def choose(self) -> Callable[[Box], Awaitable[object]]:
        acts: dict[Callable[[Box], Awaitable[object]], int] = {
            self.tap: 6,
            self.earn: 6,
            self.redeem: 3,
            self.withdraw: 3,
            self.give: 3,
            self.show: 2,
            self.join: 2,
            self.bind: 1,
            self.block: 1,
            self.again: 1,
            self.look_up: 1,
            self.visit: 3,
            Box.tick: 1,
        }
        return self._dice.choices(list(acts), list(acts.values()))[0]

    def _new_card(self) -> str:
        """Mostly a card that is nobody's; now and then one that is somebody's in another shop."""
        if self._dice.random() < 0.9:
            return self._people.card()
        card = self._dice.choice(self._people.any().cards)
        self._people.contested.add(card)
        return card

    async def tap(self, box: Box) -> None:
        whose = self._people.somebody(box)
        await self._tap(box, _hashes(box, self._dice.choice(whose.cards)))

    async def visit(self, box: Box) -> None:
        """Anybody of the chain comes in: a member of another shop becomes known, or saves without that."""
        shown = _hashes(box, self._dice.choice(self._people.any().cards))
        if await self._tap(box, shown):
            return
        came = await guests.came(box, shown, recipient=RECIPIENT)
        if came:
            await self._tap(box, shown)
            await self.earn(box)
        elif came is None:
            asked = Asked(
                self._dice.randbytes(16), b"", role="staff", staff_id=STAFF, at_ms=box.time.now_ms()
            )
            instrument, amount = self._dice.choice(INSTRUMENTS), self._dice.randint(1, 3)
            form = guests.saving(box, shown, asked=asked, instrument=instrument, amount=amount)
            await self._send(box, asked.line_id, form)

    async def _tap(self, box: Box, shown: Hashes) -> list[Fact]:
        words: dict[str, Any] = {"recipient": RECIPIENT, "now_ms": box.time.now_ms()}
        act = partial(
            visits.saw,
            credential=shown.outer,
            reader="counter-1",
            how="tap",
            evidence=self._dice.choice(("weak", "strong")),
            new_id=box.new_id,
            quiet_ms=QUIET_MS,
            watching=box.watching,
            **words,
        )
        return await box.do(only_who_may(act, box.memory, card=shown.outer, **words))

    async def earn(self, box: Box) -> None:
        instrument = self._dice.choice(INSTRUMENTS)
        amount = self._dice.randint(1, 120 if instrument == "points" else 2)
        act = partial(wallet.earn, instrument=instrument, amount=amount, here=box.here)
        await self._form(box, act)

    async def redeem(self, box: Box) -> None:
        if self._dice.random() < 0.5:
            await self._form(box, partial(wallet.redeem_stamps, here=box.here))
        else:
            amount = self._dice.randint(1, 150)
            await self._form(box, partial(wallet.redeem_points, amount=amount, here=box.here))

    async def _form(self, box: Box, act: Callable[..., list[WalletMoved]]) -> None:
        visit_id, line_id = self._visit(box), self._dice.randbytes(16)
        asked = Asked(line_id, visit_id, role="staff", staff_id=STAFF, at_ms=box.time.now_ms())
        await self._send(box, line_id, partial(act, asked=asked))

    async def _send(self, box: Box, line_id: bytes, form: Act) -> None:
        """A form of the tablet: nobody has an answer until one comes, and then it is the first."""
        box.memory.in_doubt.append((line_id, form))
        facts = await box.do(form)
        if (line_id, form) in box.memory.in_doubt:  # or it was sent again before the answer came
            box.memory.in_doubt.remove((line_id, form))
        _answered(box, line_id, facts)

    async def again(self, box: Box) -> None:
        """The form that got no answer is sent once more."""
        if box.memory.in_doubt:
            line_id, form = box.memory.in_doubt.pop(0)
            _answered(box, line_id, await box.do(form))

    def _visit(self, box: Box) -> bytes:
        here = arrivals(box.db.reader, recipient=RECIPIENT, now_ms=box.time.now_ms(), most=8)
        return self._dice.choice(here).visit_id if here else bytes(16)

    async def show(self, box: Box) -> None:
        words: dict[str, Any] = {"recipient": RECIPIENT, "now_ms": box.time.now_ms()}
        reason = self._dice.choice(("", "help"))
        act = partial(visits.show, visit_id=self._visit(box), role="manager", reason=reason, **words)
        await box.do(only_who_may(act, box.memory, **words))

    async def withdraw(self, box: Box) -> None:
        whose, purpose = self._people.somebody(box), self._dice.choice(PURPOSES)
        words: dict[str, Any] = {"purpose": purpose, "recipient": RECIPIENT, "now_ms": box.time.now_ms()}
        facts = await box.do(partial(consent.withdraw, customer_id=whose.id, **words))
        for fact in facts:
            assert isinstance(fact, ConsentWithdrawn)
            box.saw_withdrawal(whose.id, purpose, fact.gen)
        if consents_here.holds(box.db.reader, whose.id, **words):
            box.memory.wrong.append(f"{purpose} was withdrawn in {box.name} and holds there all the same")

    async def give(self, box: Box, whose: Person | None = None, purpose: str = "") -> None:
        whose, purpose = whose or self._people.somebody(box), purpose or self._dice.choice(PURPOSES)
        if not _knows(box, whose.id):
            return
        now_ms = box.time.now_ms()
        until_ms = self._dice.choice((None, now_ms + 365 * 86_400_000, now_ms + self._dice.randint(1, 9_000)))
        words: dict[str, Any] = {"purpose": purpose, "recipient": RECIPIENT, "now_ms": now_ms}
        act = partial(consent.give, customer_id=whose.id, until_ms=until_ms, staff_id=STAFF, **words)
        for fact in await box.do(act):
            assert isinstance(fact, ConsentGiven)
            box.saw_yes(whose.id, purpose, fact.gen)

    async def join(self, box: Box) -> bool:
        """Somebody becomes a customer; False when the card in their hand was somebody's already."""
        now_ms, card = box.time.now_ms(), self._new_card()
        shown = _hashes(box, card)
        saved = new_wallet(size=8, reward="gratis")
        new = newcomer(box.keys.shop_key, {"name": {"call": card}}, saved=saved, now_ms=now_ms, until_ms=None)
        purposes = ("saving", *(each for each in PURPOSES if self._dice.random() < 0.7))
        fact = CustomerJoined(
            customer_id=new.customer_id,
            key=new.key,
            traits=new.traits,
            consents=tuple(Yes(purpose, RECIPIENT, None) for purpose in purposes),
            hash=shown.outer,
            card=sealed_card(box.keys.shop_key, new.customer_id, shown.inner),
            card_kind="barcode",
            staff_id=STAFF,
            language="nl",
            at_ms=now_ms,
        )
        self._people.all.append(Person(new.customer_id, [card], box.name))
        words: dict[str, Any] = {"new_id": box.new_id, "watching": (), "quiet_ms": QUIET_MS}
        facts = await box.do(partial(joining.join, new=fact, reader="counter-1", how="joined", **words))
        await box.bring_in()
        return bool(facts)

    async def bind(self, box: Box) -> None:
        whose, card = self._people.somebody(box), self._new_card()
        shown = _hashes(box, card)
        fact = CredentialBound(
            customer_id=whose.id,
            hash=shown.outer,
            card=sealed_card(box.keys.shop_key, whose.id, shown.inner),
            kind="barcode",
            staff_id=STAFF,
            why="new_card",
            at_ms=box.time.now_ms(),
        )
        if await box.do(partial(joining.bind, new=fact, recipient=RECIPIENT, doer=DOER)):
            whose.cards.append(card)

    async def block(self, box: Box) -> None:
        whose = self._people.somebody(box)
        shown = _hashes(box, self._dice.choice(whose.cards))
        lost = CredentialBlocked(whose.id, shown.outer, STAFF, "lost", box.time.now_ms())
        await box.do(partial(joining.block, lost=lost, recipient=RECIPIENT, doer=DOER, visit_id=bytes(16)))

    async def look_up(self, box: Box) -> None:
        item = self._dice.choice(ITEMS)
        await box.do(partial(catalogue.looked_up, item=item, now_ms=box.time.now_ms()))


class AtTheCentre:
    """Acts of headquarters, and of customers on their own page."""

    def __init__(self, people: People, shops: list[str]) -> None:
        self._people = people
        self._dice = people.dice
        self._shops = shops

    def choose(self) -> Callable[[Centre], Awaitable[object]]:
        acts: dict[Callable[[Centre], Awaitable[object]], int] = {
            self.withdraw: 4,
            self.grant: 4,
            self.add: 3,
            self.block: 1,
            self.erase: 3,
            self.product: 4,
            self.stock: 2,
            self.compact: 4,
        }
        return self._dice.choices(list(acts), list(acts.values()))[0]

    async def add(self, centre: Centre) -> None:
        await self.add_to(centre, self._dice.sample(self._shops, self._dice.randint(1, len(self._shops))))

    async def add_to(self, centre: Centre, shops: list[str]) -> None:
        dice = self._dice
        new = Person(
            dice.randbytes(16), [self._people.card()], shops[0], dice.randrange(300), dice.randrange(9)
        )
        traits = {
            "name": {"call": new.cards[0]},
            "points": {"balance": new.points},
            "stamps": {"have": new.stamps, "of": 8, "reward": "gratis"},
        }
        given = [NewConsent("saving", RECIPIENT)]
        given += [NewConsent(each, RECIPIENT) for each in PURPOSES if dice.random() < 0.7]
        customer = NewCustomer(new.id, traits, [("number", new.cards[0])], given)
        self._people.all.append(new)
        words: dict[str, Any] = {"shop_ids": shops, "customer": customer, "now_ms": centre.hub.now_ms()}
        await centre.change(people.add_customer, KEYS, **words)

    async def withdraw(self, centre: Centre, whose: Person | None = None, purpose: str = "") -> None:
        await self._consent(centre, consents.withdraw, centre.done.withdrawn, whose, purpose)

    async def grant(
        self, centre: Centre, whose: Person | None = None, purpose: str = "", *, for_ms: int | None = None
    ) -> None:
        whose, purpose = whose or self._people.any(), purpose or self._dice.choice(PURPOSES)
        held = hub_people.consent(centre.reader, whose.id, purpose=purpose, recipient=RECIPIENT)
        now_ms = centre.hub.now_ms()
        until_ms = None if for_ms is None else now_ms + for_ms
        act = partial(consents.grant, base=held.register if held else None, until_ms=until_ms)
        await self._consent(centre, act, centre.done.given, whose, purpose)

    async def _consent(
        self,
        centre: Centre,
        act: Callable[..., Any],
        done: dict[tuple[bytes, str], int],
        whose: Person | None = None,
        purpose: str = "",
    ) -> None:
        whose, purpose = whose or self._people.any(), purpose or self._dice.choice(PURPOSES)
        words: dict[str, Any] = {"purpose": purpose, "recipient": RECIPIENT}
        gen = 0

        def acted(conn: Connection, **named: Any) -> Any:
            """And of which generation it is: a stop leaves it as it was, a yes is of the next one."""
            nonlocal gen
            held = hub_people.consent(conn, whose.id, **words)
            moved = act(conn, whose.id, **words, **named)
            before = held.gen if held else 0
            gen = 0 if moved is None else before + (done is centre.done.given or not before)
            return moved

        if await _unless_refused(centre.change(acted, now_ms=centre.hub.now_ms())) and gen:
            done[whose.id, purpose] = max(gen, done.get((whose.id, purpose), 0))

    async def block(self, centre: Centre) -> None:
        card = self._dice.choice(self._people.any().cards)
        blocking = centre.change(lost.block, KEYS, kind="number", value=card, now_ms=centre.hub.now_ms())
        if await _unless_refused(blocking):
            centre.done.blocked.add(card)

    async def erase(self, centre: Centre) -> None:
        await self._erase(centre, self._people.any())

    async def erase_many(self, centre: Centre) -> None:
        """Every third customer of the chain, one after the other."""
        for whose in self._dice.sample(self._people.all, len(self._people.all) // 3):
            await self._erase(centre, whose)

    async def _erase(self, centre: Centre, whose: Person) -> None:
        whose.erased |= await _unless_refused(centre.erase(whose.id))

    async def product(self, centre: Centre) -> None:
        item = self._dice.choice(ITEMS)
        if self._dice.random() < 0.5:
            await centre.change(goods.drop_products, [item])
        else:
            product = Product(item, f"Schoen {self._dice.randrange(99)}", self._dice.randrange(1, 20_000))
            await centre.change(goods.put_products, [product])

    async def stock(self, centre: Centre) -> None:
        counted = Stock(self._dice.choice(ITEMS), self._dice.randrange(20), centre.hub.now_ms())
        await _unless_refused(centre.change(goods.set_stock, [counted], shop_ids=None))

    async def compact(self, centre: Centre) -> None:
        await compaction.compact(centre.hub.db, centre.hub.acks)


async def _unless_refused(change: Coroutine[Any, Any, Any]) -> bool:
    """Whether it was done."""
    try:
        await change
    except Refused:
        return False
    return True


def _hashes(box: Box, card: str) -> Hashes:
    found = hashes(KEYS.chain_key, box.keys.shop_key, "barcode", card)
    assert found is not None
    return found


def _knows(box: Box, customer_id: bytes) -> bool:
    """Whether this shop's tablets can find them at all."""
    return any(
        register is not None
        for purpose in ("saving", *PURPOSES)
        for register in consents_here.registers(
            box.db.reader, customer_id, purpose=purpose, recipient=RECIPIENT
        )
    )


def _answered(box: Box, line_id: bytes, facts: list[Fact]) -> None:
    """What was said of a form first: of a card that is somebody's, by the ledger."""
    if facts and isinstance(facts[0], WalletMoved):
        fact = facts[0]
        said = fact.customer_id, fact.instrument, fact.delta, fact.why
        box.memory.answered.setdefault(line_id, said)

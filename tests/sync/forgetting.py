"""Somebody with a history in three shops is forgotten: one shop has no line, one is put back from an old copy.

So is the hub. Afterwards all bytes of all files are searched, and the totals are added up.
"""

import argparse
import asyncio
import random
import shutil
import string
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from edge.advice.facts import SuggestionDismissed
from edge.commands import backup
from edge.kit.clock import SystemClock
from edge.kit.ids import uuid7_source
from edge.kit.seal import key_place, unseal
from edge.looks import acts as looks
from edge.presence import beacons
from edge.presence.devices import Device as Fob
from edge.recognition import profile
from edge.recognition import tables as recognition
from edge.recognition.rules import credential
from edge.staff import drafts
from edge.staff.deeds import Doer
from edge.visits import acts as visits
from edge.wallet import acts
from edge.wallet.rules import Asked
from sync.hub import devices, keys_apart, restored
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.consents import NewConsent
from sync.hub.hq import channels, shapes
from sync.hub.people import NewCustomer
from sync.hub.tables import people
from tests.sync.canaries import binary, forms, traces
from tests.sync.centre import HERE, KEYS, Said, now_ms
from tests.sync.test_restored import copy_of, put_back
from tests.sync.wallets import Chain, Shop, open_chain

NAMES = ("s1", "s2", "s3")
LETTERS = string.ascii_letters + "ëïüéçßøåŁžğ"
DOER = Doer(b"d" * 16, b"t" * 32)
PURPOSES = ("saving", "recognition", "profiling", "location", "contact")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of whom every value can be found again."""

    new: NewCustomer
    words: tuple[str, ...]

    @property
    def id(self) -> bytes:
        return self.new.customer_id


@dataclass
class Forgotten:
    """What was searched for and found; nothing may stand in `wrong`."""

    people: int
    needles: int = 0
    there: int = 0  # so many of them stood in files before
    files: int = 0
    bytes: int = 0
    lines: int = 0
    wrong: list[str] = field(default_factory=list)


def invent(dice: random.Random, number: int) -> Person:
    """A person whose every word is one of its own."""
    words = ["".join(dice.choices(LETTERS, k=dice.randint(9, 14))) for _ in range(8)]
    first, last, order, code, gift, wish, bought, bread = words
    card = f"CARD{dice.randrange(10**12):012d}"
    traits: dict[str, Any] = {
        "name": {"call": first, "full": f"{first} {last}", "initials": "XY"},
        "since": {"year": 2011},
        "points": {"balance": 100 + number},
        "stamps": {"have": 3, "of": 8, "reward": "thee"},
        "vouchers": {"vouchers": [{"code": code, "what": "10%"}]},
        "giftcards": {"cards": [{"number": gift, "cents": 500}]},
        "pickup": {"orders": [{"number": order, "since_ms": 1}]},
        "wishlist": {"items": [wish]},
        "last": {"what": bought},
        "baskets": {"baskets": [{"t": "2026-11-01", "items": [bread]}]},
    }
    consents = [NewConsent(purpose, HERE) for purpose in PURPOSES]
    return Person(NewCustomer(dice.randbytes(16), traits, [("number", card)], consents), (*words, card))


async def story(
    folder: Path, *, seed: int, people_count: int = 3, erased: int = 1, visits_each: int = 2
) -> Forgotten:
    """Play it, and search. `folder` is empty; its parts are the nodes."""
    dice = random.Random(seed)
    everybody = [invent(dice, number) for number in range(people_count)]
    gone, stay = everybody[:erased], everybody[erased:]
    found = Forgotten(len(gone))
    nodes, copies = folder / "nodes", folder / "copies"
    nodes.mkdir(parents=True)
    copies.mkdir()
    needles: set[bytes] = set()
    async with open_chain(nodes, [each.new for each in everybody], NAMES) as chain:
        _, offline, old = chain.shops
        for shop in chain.shops:
            await live(shop, everybody, dice, visits_each=visits_each)
        await chain.settle()
        await at_hub(chain.hub, everybody, dice)
        await chain.settle()
        for each in gone:
            needles |= secrets_of(chain, each)
        copy_of(old.folder, copies / "old")
        await save(nodes / "hub", copies)
        await snapshots(chain.hub)
        for shop in chain.shops:
            await live(shop, everybody, dice, visits_each=1)
        await chain.settle()
        for each in gone:
            needles |= secrets_of(chain, each)
        before, held = totals(chain), {each.id: chain.held(each.id).balances for each in stay}
        found.lines = sum(count for (_, _, _), count in before.items())
        found.there = len({needle for _, needle in traces(nodes, needles)})
        search(nodes, {form for each in everybody for word in each.words for form in forms(word)}, found)
        offline.line.down = True
        await live(offline, gone, dice, visits_each=1, moves=False)  # facts that nobody but this box has
        needles |= {id_ for each in gone for id_ in visits_of(offline, each)}
        for each in gone:
            await chain.hub.erase(each.id)
        await chain.shops[0].agent.once()
        await put_back(old, copies / "old")
        await chain.hub.db.apply(devices.renew, f"box-{old.name}")
        offline.line.down = False
        await chain.settle()
        answers(chain, gone, found)
        if totals(chain) != before:
            found.wrong.append("the totals of the ledgers are others")
        if {each.id: chain.held(each.id).balances for each in stay} != held:
            found.wrong.append("somebody who stays has another balance")
        for shop in chain.shops:
            _, _, broken = looks.check(shop.db.reader)
            if broken is not None:
                found.wrong.append(f"{shop.name}: the chain of looks broke at {broken.n}")
    words = {form for each in gone for word in each.words for form in forms(word)}
    # The opaque id stands in the orders to forget it, which a shop that is put back has to hear.
    ids = {form for each in gone for form in binary(each.id)}
    search(nodes, words | needles, found)
    for name in NAMES:
        search(nodes / name, ids, found)
    await hub_put_back(nodes / "hub", copies, gone, found)
    search(nodes / "hub", words | needles, found)
    search(copies / "night", words, found)
    # The next night's copy takes them out of the older ones too.
    await save(nodes / "hub", copies)
    search(copies / "night", words | needles, found)
    found.needles = len(words | needles | ids)
    found.files, found.bytes = size_of(folder)
    return found


def size_of(folder: Path) -> tuple[int, int]:
    """How many files there are, and their bytes."""
    sizes = [each.stat().st_size for each in folder.rglob("*") if each.is_file()]
    return len(sizes), sum(sizes)


async def live(
    shop: Shop, people: list[Person], dice: random.Random, *, visits_each: int, moves: bool = True
) -> None:
    """Visits, looks, points, a refusal, a fob and a search that was typed, of each of them."""
    new_id, secrets = uuid7_source(SystemClock()), shop.secrets
    for each in people:
        (card,) = [value for _, value in each.new.credentials]
        presented = credential(secrets.chain_key, secrets.shop_key, "barcode", card)
        for _ in range(visits_each):
            await shop.db.write(
                visits.saw,
                presented or b"",
                reader="counter-1",
                how="tap",
                evidence="strong",
                now_ms=now_ms(),
                new_id=new_id,
                recipient=HERE,
                quiet_ms=0,
                watching=["staff"],
            )
            visit_id = shop.db.reader.execute(
                "SELECT id FROM visit WHERE customer_id=? AND ended_ms IS NULL", (each.id,)
            ).fetchone()[0]
            await shop.db.write(
                visits.show,
                visit_id,
                role="staff",
                recipient=HERE,
                now_ms=now_ms(),
                reason="help",
                doer=DOER,
            )
            await shop.db.write(visits.claim, visit_id, doer=DOER, recipient=HERE, now_ms=now_ms())
            await shop.db.write(partial(refused, visit_id=visit_id, whose=each))
            if moves:
                asked = Asked(dice.randbytes(16), visit_id, role="staff", staff_id=b"a" * 16, at_ms=now_ms())
                amount = dice.randint(1, 60)
                earn = partial(acts.earn, asked=asked, instrument="points", amount=amount, here=shop.here)
                await shop.db.write(earn)
        wrapped = beacons.wrapped_key(shop.db.reader, each.id)
        if not beacons.of_customer(shop.db.reader, each.id) and wrapped is not None:
            fob = Fob(dice.randbytes(16).hex(), dice.randbytes(16), 10, 0, 0)
            await shop.db.apply(
                beacons.give, fob, customer_id=each.id, wrapped=wrapped, kek=secrets.kek, now_ms=now_ms()
            )
        await shop.db.apply(
            drafts.keep, b"session", "search", each.words[1], kek=secrets.kek, now_ms=now_ms()
        )
    await shop.db.write(looks.tell, sign=lambda text: "", now_ms=now_ms())


def refused(conn: object, *, visit_id: bytes, whose: Person) -> list[SuggestionDismissed]:
    return [SuggestionDismissed(visit_id, whose.id, "an item", "odd", now_ms())]


async def at_hub(hub: Hub, people_: list[Person], dice: random.Random) -> None:
    """An order of the web shop and an open page, of each of them."""
    for each in people_:
        line = shapes.OrderLine(item=each.words[5], count=1)
        order = shapes.Order(
            channel="web",
            number=f"W{dice.randrange(10**9)}",
            state="ready",
            at_ms=now_ms(),
            total_cents=100,
            lines=[line],
            shop="s1",
            place=each.words[2],
        )
        await hub.change(channels.take_order, hub.keys, each.id, data=order, now_ms=now_ms())
        await hub.portal_code(each.id)


def visits_of(shop: Shop, whose: Person) -> set[bytes]:
    rows = shop.db.reader.execute("SELECT id FROM visit WHERE customer_id=?", (whose.id,)).fetchall()
    return {form for (visit_id,) in rows for form in binary(visit_id)}


def secrets_of(chain: Chain, whose: Person) -> set[bytes]:
    """Key, sealed values and keyed hashes of somebody, as they lie at each node now, and their visits."""
    hub = chain.hub.db.reader
    (wrapped,) = hub.execute(
        "SELECT wrapped FROM customer_key WHERE customer_id=:id", {"id": whose.id}
    ).fetchone()
    found = {bytes(wrapped), unseal(KEYS.hub_kek, bytes(wrapped), key_place(whose.id))}
    for sql in ("SELECT sealed FROM trait", "SELECT sealed FROM happening", "SELECT hash FROM credential"):
        found |= {bytes(each) for (each,) in hub.execute(f"{sql} WHERE customer_id=:id", {"id": whose.id})}
    for shop in chain.shops:
        for sql in (
            "SELECT wrapped FROM replica.customer_key",
            "SELECT sealed FROM replica.trait",
            "SELECT hash FROM replica.credential",
            "SELECT sealed FROM beacon",
            "SELECT id FROM visit",
        ):
            rows = shop.db.reader.execute(f"{sql} WHERE customer_id=?", (whose.id,)).fetchall()
            found |= {each for (each,) in rows}
    return {form for each in found for form in binary(each)}


def totals(chain: Chain) -> Counter[tuple[str, str, int]]:
    """How often each amount stands in each ledger, whoever's it is; shops that wait for the hub have the same."""
    found: Counter[tuple[str, str, int]] = Counter()
    for _, _, instrument, delta, *_ in chain.ledger():
        found["hub", instrument, delta] += 1
    for shop in chain.shops:
        if shop.name == "s3":
            continue  # its old copy has fewer; what it had told is the hub's
        for _, _, instrument, delta, *_ in shop.ledger():
            found[shop.name, instrument, delta] += 1
    return found


async def save(state: Path, copies: Path) -> None:
    """A copy of the hub's database in the night, with the keys in a file of their own."""
    config = state / "hub.toml"
    secrets = copies.parent / "credentials"
    secrets.mkdir(exist_ok=True)
    for former in (copies / "night").glob("hub-*"):
        former.rename(former.with_stem(former.stem.replace("-20", "-19")))  # it was another night
    for name, key in (("hub_kek", KEYS.hub_kek), ("chain_key", KEYS.chain_key)):
        (secrets / name).write_text(key.hex())
    config.write_text(f'[hub]\nstate = "{state}"\ncredentials = "{secrets}"\n')
    words = argparse.Namespace(config=config, to=copies / "night", keep=14, keep_keys=2, dry_run=False)
    assert await asyncio.to_thread(backup.run, words) == 0
    config.unlink()


async def snapshots(hub: Hub) -> None:
    """A snapshot of every shop lies ready to be fetched."""
    for name in NAMES:
        ticket = await hub.shelf.ticket(name)
        await hub.shelf.manifest(name, ticket.id, wait_s=60)


def answers(chain: Chain, gone: list[Person], found: Forgotten) -> None:
    """What the nodes answer while they live."""
    for each in gone:
        if people.exists(chain.hub.db.reader, each.id):
            found.wrong.append("the hub still knows somebody")
        for shop in chain.shops:
            conn, now = shop.db.reader, now_ms()
            (card,) = [value for _, value in each.new.credentials]
            presented = credential(shop.secrets.chain_key, shop.secrets.shop_key, "barcode", card)
            if recognition.find(conn, presented or b"", recipient=HERE, now_ms=now) is not None:
                found.wrong.append(f"{shop.name} still finds the card")
            seen = profile.read(
                conn, each.id, role="manager", kek=shop.secrets.kek, recipient=HERE, now_ms=now
            )
            if conn.execute("SELECT count(*) FROM draft").fetchone() != (0,):
                found.wrong.append(f"{shop.name} still keeps what was typed")
            if seen.values:
                found.wrong.append(f"{shop.name} still shows {sorted(seen.values)}")


def search(folder: Path, needles: set[bytes], found: Forgotten) -> None:
    for where, needle in traces(folder, needles):
        found.wrong.append(f"{where}: {needle!r}")


def lay_back(state: Path, copies: Path) -> None:
    copy, keys = (min((copies / "night").glob(f"hub-*.{each}")) for each in ("db", "keys"))
    for former in state.glob("hub.db*"):
        former.unlink()
    shutil.copy(copy, state / "hub.db")
    shutil.copy(keys, state / keys_apart.FILE)
    assert (state / restored.FILE).exists()


async def hub_put_back(state: Path, copies: Path, gone: list[Person], found: Forgotten) -> None:
    """The hub's disk is lost; the copy of the night takes its place, and the file of who was erased is there."""
    await asyncio.to_thread(lay_back, state, copies)
    async with open_hub(Config(state, KEYS), log=Said(), put_back=True) as hub:
        for each in gone:
            if people.exists(hub.db.reader, each.id):
                found.wrong.append("somebody came back with the copy of the night")

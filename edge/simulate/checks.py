"""What must be true of a hub and its shops: the invariants, each by the name it has in README.md."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from sqlite3 import Connection
from typing import Final

import msgspec

from edge.consent import tables as consents
from edge.consent.rules import Register, merge
from edge.kit.chain import GENESIS, link
from edge.kit.seal import key_place, unseal
from edge.outbox import BLANK
from edge.recognition.rules import hashes, outer
from edge.simulate import done
from edge.simulate.box import RECIPIENT, Box, Kept, is_held
from edge.simulate.centre import KEYS, Centre
from edge.simulate.life import PURPOSES, People, Person
from edge.wallet import tables as wallet_here
from sync.hub import books, wallet
from sync.hub import people as hub_people


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold, and where that shows."""

    invariant: str
    what: str


Found = Iterator[Broken]


def everything(centre: Centre, boxes: list[Box], people: People) -> list[Broken]:
    """All that must hold once everything has been said."""
    hub = centre.reader
    known = [each for each in people.all if _exists(hub, each.id)]
    gone = [each for each in people.all if each.erased or _is_erased(hub, each.id)]
    found = chain(
        chain.from_iterable(
            chain(
                _kept_at_hub(box, hub),
                _one_history(box, hub),
                _residents(box, hub, _outer(box, people.contested)),
                _registers(box, hub, known),
                _forms(box),
                _guests(box, hub),
                _views(box),
                at_any_moment(box),
            )
            for box in boxes
        ),
        _balances(boxes, hub, known, centre.hub.now_ms()),
        _ledgers(boxes, hub, known),
        _done(centre, boxes, known, people.contested),
        _nothing_left(centre, boxes, people, gone),
    )
    return list(found)


def box_after_start(box: Box) -> list[Broken]:
    """What must hold of a box whatever happened to it, as soon as it is up."""
    return list(chain(_kept_here(box), at_any_moment(box)))


def _exists(hub: Connection, customer_id: bytes) -> bool:
    return hub.execute("SELECT 1 FROM customer WHERE id=?", (customer_id,)).fetchone() is not None


def _is_erased(hub: Connection, customer_id: bytes) -> bool:
    mark = hub_people.mark(KEYS, customer_id)
    return hub.execute("SELECT 1 FROM erased WHERE mark=?", (mark,)).fetchone() is not None


def _kept_here(box: Box) -> Found:
    """I1: what a shop was told is kept is in its journal."""
    held = box.held()
    for kept, times in Counter(box.memory.kept).items():
        if not box.memory.parted and not is_held(kept, held, times):
            yield Broken("I1", f"{box.name} was told that a {kept.kind} is kept, and it is not")
            return


def facts_at_hub(hub: Connection, device: str) -> Counter[Kept]:
    rows = hub.execute("SELECT kind, at_ms, body FROM event WHERE device_id=?", (device,))
    return Counter(Kept(*row) for row in rows)


def _kept_at_hub(box: Box, hub: Connection) -> Found:
    """I1, I10, I11: what a shop was told is kept is at the hub, word for word, and nothing is there twice."""
    held = facts_at_hub(hub, box.device)
    for kept, times in Counter(box.memory.kept).items():
        if not is_held(kept, held, times):
            yield Broken("I1", f"a {kept.kind} that {box.name} was told is kept is not at the hub")
            return
    here = box.held()
    for fact, times in held.items():
        # A form that was sent again to a box that was put back is told twice, and counted once (I7).
        again = box.memory.parted and fact.kind == "wallet_moved"
        if times > max(1, here[fact]) and fact.body != BLANK and not again:
            yield Broken("I1", f"a {fact.kind} of {box.name} is at the hub {times} times")
            return


def _one_history(box: Box, hub: Connection) -> Found:
    """I1, I9: what the hub has of a box's epoch is exactly the box's outbox, dense, and both are one chain."""
    here = box.db.reader.execute("SELECT seq, at_ms, kind, body, hash FROM outbox ORDER BY seq").fetchall()
    there = hub.execute(
        "SELECT seq, kind, hash FROM event WHERE device_id=? AND epoch=? ORDER BY seq",
        (box.device, box.epoch()),
    ).fetchall()
    (epoch,) = hub.execute("SELECT epoch FROM device WHERE id=?", (box.device,)).fetchone()
    if epoch > box.epoch():
        # Put back, and nothing happened since: it takes the new epoch with the first fact that it has to tell.
        there = there[: len(here)]
    if [(seq, kind, hash_) for seq, _, kind, _, hash_ in here] != there:
        yield Broken("I1", f"the outbox of {box.name} has {len(here)} facts, the hub {len(there)} or others")
    previous = GENESIS
    for place, (seq, at_ms, kind, body, hash_) in enumerate(here, 1):
        blank = body == BLANK
        if seq != place or (
            not blank and hash_ != link(previous, seq=seq, at_ms=at_ms, kind=kind, body=body)
        ):
            yield Broken("I1", f"the chain of {box.name} breaks at {seq}")
            return
        previous = hash_
    dead = hub.execute(
        "SELECT kind, code FROM event WHERE device_id=? AND code IS NOT NULL AND code NOT IN "
        "('UNKNOWN_CUSTOMER', 'NOT_RESIDENT', 'UNKNOWN_CREDENTIAL', 'NO_INSTRUMENT', 'CREDENTIAL_TAKEN') "
        "AND NOT (code='ASK_AGAIN' AND kind='consent_given')",
        (box.device,),
    ).fetchall()
    for kind, code in dead:
        yield Broken("I1", f"the hub took {kind} of {box.name} for a dead letter: {code}")


_COLUMNS: Final = {
    "customer": ("id", "id, ver"),
    "trait": ("customer_id", "customer_id, name, sealed, ver, as_of_ms, until_ms"),
    "consent": (
        "customer_id",
        "customer_id, purpose, recipient, basis, gen, state, from_ms, until_ms, ver",
    ),
    "credential": ("customer_id", "hash, customer_id, state, ver, kind, bound_ms"),
    "customer_key": ("customer_id", "customer_id, wrapped"),
}


def _outer(box: Box, cards: set[str]) -> set[bytes]:
    shown = (hashes(KEYS.chain_key, box.keys.shop_key, "barcode", card) for card in cards)
    return {each.outer for each in shown if each}


def _residents(box: Box, hub: Connection, contested: set[bytes]) -> Found:
    """I2, I3, I12, I14: a shop holds the hub's rows about its residents, all of them, and of nobody else any."""
    for table, (owner, columns) in _COLUMNS.items():
        theirs = hub.execute(
            f"SELECT {columns} FROM {table} WHERE {owner} IN (SELECT customer_id FROM residency WHERE shop_id=?)",
            (box.name,),
        ).fetchall()
        ours = box.db.reader.execute(f"SELECT {columns} FROM replica.{table}").fetchall()
        strangers = {row[owner == "customer_id" and table == "credential"] for row in ours} - {
            row[0] for row in hub.execute("SELECT customer_id FROM residency WHERE shop_id=?", (box.name,))
        }
        if strangers:
            yield Broken("I12", f"{box.name} holds a {table} of somebody who is not resident there")
        if table == "credential":
            theirs = [(outer(box.keys.shop_key, row[0]), *row[1:]) for row in theirs]
            # A card that two customers were said to have is blocked where the second was, until a person looks.
            ours = [row for row in ours if row[0] not in contested]
            theirs = [row for row in theirs if row[0] not in contested]
        if table == "customer_key":
            theirs = [(id_, unseal(KEYS.hub_kek, sealed, key_place(id_))) for id_, sealed in theirs]
            ours = [(id_, unseal(box.keys.kek, sealed, key_place(id_))) for id_, sealed in ours]
        if Counter(theirs) != Counter(ours):
            differ = len(set(theirs) ^ set(ours))
            yield Broken(
                "I3", f"{table} of {box.name}: {len(ours)} rows, {len(theirs)} at the hub, {differ} differ"
            )
    for table in ("product", "stock"):
        shop = "" if table == "product" else f"AND shop_id='{box.name}'"
        theirs = hub.execute(
            f"SELECT item, ver FROM {table} WHERE d IS NOT NULL {shop} ORDER BY item"
        ).fetchall()
        ours = box.db.reader.execute(f"SELECT item, ver FROM replica.{table} ORDER BY item").fetchall()
        if ours != theirs:
            yield Broken("I3", f"{table} of {box.name} is {ours}, at the hub {theirs}")


def _registers(box: Box, hub: Connection, known: list[Person]) -> Found:
    """I3, I4, I13: what holds of a resident's choices is the same in the shop and at the hub, whatever clocks say."""
    for each in known:
        if not hub.execute(
            "SELECT 1 FROM residency WHERE customer_id=? AND shop_id=?", (each.id, box.name)
        ).fetchone():
            continue
        for purpose in PURPOSES:
            row = hub.execute(
                "SELECT gen, state FROM consent WHERE customer_id=? AND purpose=? AND recipient=?",
                (each.id, purpose, RECIPIENT),
            ).fetchone()
            holds = merge(*consents.registers(box.db.reader, each.id, purpose=purpose, recipient=RECIPIENT))
            ours = (holds.gen, holds.state) if holds else None
            if ours != row:
                yield Broken("I3", f"{purpose} of a customer is {ours} in {box.name}, {row} at the hub")
            said_no = box.memory.withdrawn.get((each.id, purpose), 0)
            if row and row[1] == "given" and row[0] <= said_no:
                yield Broken("I4", f"{purpose} was withdrawn at generation {said_no} and is {row} at the hub")


def at_any_moment(box: Box) -> Found:
    """I4, I5: what a shop has once heard withdrawn is given there again only by a later generation; nobody who was
    erased comes back."""
    for what in box.memory.wrong:
        yield Broken("I4", what)
    if box.memory.came_back:
        yield Broken("I5", f"somebody who was erased in {box.name} came back with a replica that was fetched")
    if not box.memory.withdrawn:
        return
    held: dict[tuple[bytes, str], Register] = {}
    for file in ("main", "replica"):
        rows = box.db.reader.execute(
            f"SELECT customer_id, purpose, gen, state FROM {file}.consent"
        ).fetchall()
        for customer_id, purpose, gen, state in rows:
            holds = merge(held.get((customer_id, purpose)), Register(gen, state))
            assert holds is not None
            held[customer_id, purpose] = holds
    for key, gen in box.memory.withdrawn.items():
        now, purpose = held.get(key), key[1]
        if now is not None and now.state == "given" and now.gen <= gen:
            yield Broken(
                "I4", f"{purpose} was withdrawn in {box.name} at generation {gen} and is given again"
            )


def _balances(boxes: list[Box], hub: Connection, known: list[Person], now_ms: int) -> Found:
    """I6, I7: a balance is its lines, the first what it began with, never below zero, the same in every shop."""
    lives = set(hub.execute("SELECT customer_id, shop_id FROM residency").fetchall())
    for each in known:
        held = wallet.balances(hub, KEYS, each.id, now_ms=now_ms)
        stamps = held.balances.stamps.have if held.balances.stamps else None
        central = {"points": held.balances.points, "stamps": stamps}
        for instrument, began in (("points", each.points), ("stamps", each.stamps)):
            total, opened = hub.execute(
                """
                SELECT coalesce(sum(delta + short), 0), coalesce(sum(CASE WHEN device_id=? THEN delta END), 0)
                FROM ledger WHERE customer_id=? AND instrument=?
                """,
                (books.OPENING, each.id, instrument),
            ).fetchone()
            if central[instrument] != total or total < 0:
                yield Broken("I7", f"{instrument} are {central[instrument]}, their lines say {total}")
            if opened != began:
                yield Broken("I7", f"{instrument} began with {began}, their first line says {opened}")
        for box in boxes:
            if (each.id, box.name) not in lives:
                continue
            here = wallet_here.balances(
                box.db.reader, each.id, role="staff", here=box.here, now_ms=box.time.now_ms()
            )
            if here is None:
                continue  # the clock of this box is before the day on which they agreed to save
            seen = {"points": here.points, "stamps": here.stamps.have if here.stamps else None}
            if seen != central:
                yield Broken("I7", f"{box.name} says {seen}, the hub {central}")


def _ledgers(boxes: list[Box], hub: Connection, known: list[Person]) -> Found:
    """I7, I9: but for what people came with, the central ledger is the shops' put together, each line once."""
    columns = "line_id, customer_id, instrument, delta, why"
    ids = {each.id for each in known}
    lines = [
        row
        for box in boxes
        for row in box.db.reader.execute(f"SELECT {columns} FROM ledger").fetchall()
        if row[1] in ids
    ]
    ours = Counter(lines)
    parted = {box.device for box in boxes if box.memory.parted}
    passing = {
        line_id for box in boxes for (line_id,) in box.db.reader.execute("SELECT line_id FROM guest_line")
    }
    central = hub.execute(
        f"SELECT {columns}, device_id FROM ledger WHERE device_id<>?", (books.OPENING,)
    ).fetchall()
    theirs = Counter(row[:5] for row in central if row[1] in ids)
    # Of a box that was put back the hub may hold lines that the box lost with its disk.
    missing = (ours - theirs) or any(
        row[5] not in parted and row[0] not in passing
        for row in central
        if row[1] in ids and row[:5] not in ours
    )
    if missing:
        yield Broken("I7", f"{ours.total()} lines in the shops, {theirs.total()} at the hub, or others")


def _forms(box: Box) -> Found:
    """I9b: a form that was sent again after no answer is one line, and the first one."""
    for line_id, first in box.memory.answered.items():
        rows = box.db.reader.execute(
            "SELECT customer_id, instrument, delta, why FROM ledger WHERE line_id=?", (line_id,)
        ).fetchall()
        if len(rows) != 1 or rows[0][1:] != first[1:]:
            yield Broken("I9b", f"a form of {box.name} is {len(rows)} lines, or another than the first")


def _guests(box: Box, hub: Connection) -> Found:
    """I6, I12: who is a guest is so at both ends; what a card earned without a line is its owner's, once."""
    here = box.db.reader.execute(
        "SELECT customer_id, since_ms FROM replica.guest ORDER BY customer_id"
    ).fetchall()
    there = hub.execute(
        "SELECT customer_id, since_ms FROM residency WHERE shop_id=? AND reason='visit' ORDER BY customer_id",
        (box.name,),
    ).fetchall()
    if here != there:
        yield Broken("I12", f"{box.name} has {len(here)} guests, {len(there)} at the hub, or others")
    said = "SELECT {}, seq, body FROM {} WHERE kind='guest_saved' AND body<>?"
    facts = [
        *box.db.reader.execute(said.format("(SELECT epoch FROM outbox_head)", "outbox"), (BLANK,)),
        *box.db.reader.execute(said.format("epoch", "outbox_past"), (BLANK,)),
    ]
    for epoch, seq, body in facts:
        fact = msgspec.json.decode(body)
        counted = hub.execute(
            "SELECT 1 FROM event WHERE device_id=? AND epoch=? AND seq=? AND customer_id IS NOT NULL",
            (box.device, epoch, seq),
        ).fetchone()
        lines = hub.execute(
            "SELECT instrument, delta FROM ledger WHERE line_id=?", (bytes.fromhex(fact["line_id"]),)
        ).fetchall()
        if counted and lines != [(fact["instrument"], fact["delta"])]:
            yield Broken(
                "I6", f"what a card earned in {box.name} without a line is {len(lines)} lines at the hub"
            )


def _views(box: Box) -> Found:
    """I18: every card that was shown has its line in the shop's view log, as long as the customer is one."""
    rows = box.db.reader.execute("SELECT body FROM outbox WHERE kind='card_shown' AND body<>?", (BLANK,))
    log = set(box.db.reader.execute("SELECT visit_id, role, purpose, reason FROM view_log").fetchall())
    for (body,) in rows:
        said = msgspec.json.decode(body)
        shown = (bytes.fromhex(said["visit_id"]), said["role"], said["purpose"], said["reason"])
        if shown not in log:
            yield Broken("I18", f"a card was shown in {box.name}, and its view log does not say so")
            return


def _done(centre: Centre, boxes: list[Box], known: list[Person], contested: set[str]) -> Found:
    """I1, I4, I5: what people were told is done is done, at the hub and by the shops' receipts everywhere."""
    those = {each.id for each in known}
    found = done.came_of_it(centre.reader, centre.done, boxes, those, contested)
    return (Broken(*each) for each in chain(found, done.receipts_given(centre.reader, boxes)))


def _nothing_left(centre: Centre, boxes: list[Box], people: People, gone: list[Person]) -> Found:
    """I5: of whoever was erased nothing is left in any table, index, log or outbox, and nothing came back."""
    if back := [each for each in people.all if each.erased and _exists(centre.reader, each.id)]:
        yield Broken("I5", f"{len(back)} who were erased are customers again at the hub")
    if not gone:
        return
    needles = [needle for each in gone for needle in (each.id, each.id.hex().encode())]
    for box in boxes:
        for trace in box.disk.traces(needles):
            yield Broken("I5", f"{box.name}: {trace}")
            return
    for table, said in _told_by(centre.reader):
        if any(needle in said for needle in needles):
            yield Broken("I5", f"hub: {table} still names somebody who was erased")
            return


def _told_by(hub: Connection) -> Iterator[tuple[str, bytes]]:
    """Every word in each table of the hub, except that a shop is told in its partition whom to forget."""
    tables = hub.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall()
    for (table,) in tables:
        rows = hub.execute(_ROWS.get(table, f"SELECT * FROM {table}"))
        yield table, b"|".join(_bytes(each) for row in rows for each in row if type(each) is not int)


def _bytes(each: bytes | str | None) -> bytes:
    return each if isinstance(each, bytes) else each.encode() if each else b""


_ROWS: Final = {
    "feed": "SELECT CASE op WHEN 'put' THEN id END, CASE op WHEN 'put' THEN customer_id END, d FROM feed"
}

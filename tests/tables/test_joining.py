"""Becoming known in the shop itself: one commit, nothing before it, and nothing lost after it."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from edge import newcomers
from edge.joining import acts, tables
from edge.joining.facts import CredentialBound, CustomerJoined, Yes
from edge.joining.rules import name_trait
from edge.joining.sealing import newcomer, sealed_card
from edge.kit.seal import card_place, derive, new_key, unseal
from edge.recognition import profile
from edge.recognition import tables as recognition
from edge.recognition.rules import Recognised, Stranger, Withheld, hashes
from edge.staff.deeds import Doer
from edge.visits.rules import QUIET_MS
from tests.kit.stores import files_with
from tests.sync.shop import PowerCut
from tests.tables.floor import KEYS, RECIPIENT, Floor, Person, card_hash, checkpoint, open_floor
from tests.tables.test_counter import traces
from tests.tables.test_uplink import lose_the_replica

pytestmark = pytest.mark.anyio
NEW = "2900000055555"
OTHER = "2900000066666"
NAME = "mevrouw Wonderbaarlijk"
DOER = Doer(b"anna............", b"tablet")


def fact(
    floor: Floor,
    *,
    number: str = NEW,
    purposes: tuple[str, ...] = ("saving", "recognition"),
    name: str = NAME,
) -> CustomerJoined:
    """What confirming makes of a card that lies on the counter."""
    now_ms = floor.now_ms
    values = {"name": name_trait(name)} if "recognition" in purposes else {}
    new = newcomer(KEYS.shop_key, values, saved={}, now_ms=now_ms, until_ms=None)
    card = hashes(KEYS.chain_key, KEYS.shop_key, "qr", number)
    assert card
    return CustomerJoined(
        customer_id=new.customer_id,
        key=new.key,
        traits=new.traits,
        consents=tuple(Yes(purpose, RECIPIENT, None) for purpose in purposes),
        hash=card.outer,
        card=sealed_card(KEYS.shop_key, new.customer_id, card.inner),
        card_kind=card.kind,
        staff_id=bytes(16),
        language="nl",
        at_ms=now_ms,
    )


async def join(floor: Floor, new: CustomerJoined, *, mark: int | None = None) -> int:
    """Commit it as the tablet does, without the replica's part; how many facts it made."""
    number = iter(range(1, 10_000))
    done = await floor.db.write(
        acts.join,
        new,
        reader="counter-1",
        how="tap",
        new_id=lambda: next(number).to_bytes(16),
        watching=["staff"],
        quiet_ms=QUIET_MS,
        mark=mark,
    )
    return len(done.facts)


def at_hub(new: CustomerJoined) -> Person:
    """Whoever joined here, as the hub sends them: their key comes wrapped anew."""
    return Person(new.customer_id, new_key(), (card_hash(NEW),))


async def confirm(floor: Floor, new: CustomerJoined) -> None:
    """The hub's own rows of them come down."""
    known, feed = at_hub(new), floor.feed
    await floor.apply(
        feed.key(known),
        feed.customer(known, {"name": name_trait(NAME)}),
        feed.credential(known),
        feed.consent(known),
        feed.consent(known, "saving"),
    )


def card_shows(floor: Floor, customer_id: bytes) -> dict[str, object]:
    found = profile.read(
        floor.db.reader, customer_id, role="staff", recipient=RECIPIENT, now_ms=floor.now_ms, kek=KEYS.kek
    )
    return dict(found.values)


async def test_whoever_confirms_is_a_customer_with_a_visit_in_one_commit(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.tap(NEW)
        new = fact(floor)
        assert await join(floor, new) == 4  # joined, visit, greeting, and the card to the staff's tablets
        await newcomers.bring_in(floor.db, KEYS)
        assert card_shows(floor, new.customer_id)["name"] == name_trait(NAME)
        assert floor.one("SELECT count(*) FROM visit WHERE greeted_ms IS NOT NULL") == 1
        floor.clock.pass_ms(5_000)
        assert await floor.tap(NEW) == Recognised()
        assert floor.one("SELECT count(*) FROM visit") == 1


async def test_a_power_cut_between_the_two_files_loses_nobody(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        new = fact(floor)
        await join(floor, new)
        assert card_shows(floor, new.customer_id) == {}
    async with open_floor(tmp_path) as floor:
        await newcomers.bring_in(floor.db, KEYS)
        assert card_shows(floor, new.customer_id)["name"] == name_trait(NAME)
    lose_the_replica(tmp_path)
    async with open_floor(tmp_path) as floor:
        await newcomers.bring_in(floor.db, KEYS)
        await newcomers.bring_in(floor.db, KEYS)
        assert card_shows(floor, new.customer_id)["name"] == name_trait(NAME)
        assert await floor.tap(NEW) == Recognised()


async def test_a_commit_that_fails_leaves_nobody_half_known(tmp_path: Path) -> None:
    def cut(conn: object, *args: object) -> list[CustomerJoined]:
        tables.joined(conn, new)  # type: ignore[arg-type]
        raise PowerCut

    async with open_floor(tmp_path) as floor:
        new = fact(floor)
        with suppress(PowerCut):
            await floor.db.write(cut)
        for table in ("joined", "main.consent", "main.credential", "outbox"):
            assert floor.one(f"SELECT count(*) FROM {table}") == 0
        assert await floor.tap(NEW) == Stranger()


async def test_the_name_and_the_card_are_readable_in_no_file_of_the_shop(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        new = fact(floor)
        await join(floor, new)
        await newcomers.bring_in(floor.db, KEYS)
    checkpoint(tmp_path)
    number, _, inner_hash, here, *_ = traces(NEW)
    for trace in (NAME.encode(), b"Wonderbaarlijk", number, inner_hash, inner_hash.hex().encode()):
        assert files_with(trace, tmp_path) == []
    assert files_with(here, tmp_path) == ["journal.db"]  # the search itself finds what is there
    assert unseal(derive(KEYS.shop_key, "key-transport"), new.card, card_place(new.customer_id)) == inner_hash


async def test_who_only_wants_to_save_is_not_recognised_and_leaves_no_name(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        new = fact(floor, purposes=("saving",))
        assert await join(floor, new) == 1
        await newcomers.bring_in(floor.db, KEYS)
        assert await floor.tap(NEW) == Withheld("no_basis")
        assert floor.one("SELECT count(*) FROM replica.trait") == 0
        assert floor.one("SELECT count(*) FROM visit") == 0


async def test_a_card_that_became_somebodys_meanwhile_is_not_taken_from_them(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await join(floor, fact(floor))
        assert await join(floor, fact(floor, name="Indringer")) == 0
        await floor.resident("777")
        assert await join(floor, fact(floor, number="777")) == 0
        assert floor.one("SELECT count(*) FROM joined") == 1


async def test_what_the_hub_confirms_is_left_to_the_replica(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        new = fact(floor)
        await join(floor, new)
        await newcomers.bring_in(floor.db, KEYS)
        await confirm(floor, new)
        for table in ("main.joined", "main.consent", "main.credential"):
            assert floor.one(f"SELECT count(*) FROM {table}") == 0
        assert card_shows(floor, new.customer_id)["name"] == name_trait(NAME)
        assert await floor.tap(NEW) == Recognised()


async def test_a_power_cut_after_the_hub_confirmed_somebody_loses_them_in_neither_file(
    tmp_path: Path,
) -> None:
    here, after = tmp_path / "here", tmp_path / "after"
    async with open_floor(here) as floor:
        new = fact(floor)
        await join(floor, new)
        await confirm(floor, new)
        shutil.copytree(here, after)
    (after / "replica.db-wal").unlink(missing_ok=True)  # what the disk was not forced to keep
    async with open_floor(after) as floor:
        assert floor.one("SELECT count(*) FROM main.joined") == 0
        assert card_shows(floor, new.customer_id)["name"] == name_trait(NAME)
        assert await floor.tap(NEW) == Recognised()


async def test_a_withdrawal_of_somebody_made_here_holds_over_the_hubs_older_yes(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        new = fact(floor)
        await join(floor, new)
        await newcomers.bring_in(floor.db, KEYS)
        await floor.withdraw(new.customer_id)
        await floor.apply(floor.feed.consent(at_hub(new)))
        assert await floor.tap(NEW) == Withheld("no_basis")


async def test_an_erasure_takes_somebody_made_here_out_of_every_file(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        new = fact(floor)
        await join(floor, new)
        await newcomers.bring_in(floor.db, KEYS)
        await floor.apply(floor.feed.erasure(at_hub(new)))
        for trace in (new.key, new.traits[0].sealed, new.key.hex().encode(), new.hash, new.customer_id):
            assert files_with(trace, tmp_path) == []
        await newcomers.bring_in(floor.db, KEYS)
        assert await floor.tap(NEW) == Stranger()


def bound(floor: Floor, customer_id: bytes, number: str = NEW) -> CredentialBound:
    card = hashes(KEYS.chain_key, KEYS.shop_key, "qr", number)
    assert card
    return CredentialBound(
        customer_id=customer_id,
        hash=card.outer,
        card=sealed_card(KEYS.shop_key, customer_id, card.inner),
        kind=card.kind,
        staff_id=bytes(16),
        why="new_card",
        at_ms=floor.now_ms,
    )


async def test_a_card_is_bound_once_and_never_from_one_customer_to_another(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        anna, bram = await floor.resident("1"), await floor.resident("2")
        facts = [
            (await floor.db.write(acts.bind, bound(floor, each), recipient=RECIPIENT, doer=DOER)).facts
            for each in (anna.customer_id, anna.customer_id, bram.customer_id)
        ]
        assert [len(each) for each in facts] == [1, 0, 0]
        found = recognition.find(
            floor.db.reader,
            facts[0][0].hash,
            recipient=RECIPIENT,
            now_ms=floor.now_ms,  # type: ignore[union-attr]
        )
        assert found is not None
        assert found.customer_id == anna.customer_id
        assert await floor.tap(NEW) == Recognised()


async def test_a_card_is_not_bound_to_somebody_who_may_not_be_picked_out_by_name(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1", consents={"saving": None})
        done = await floor.db.write(
            acts.bind, bound(floor, person.customer_id), recipient=RECIPIENT, doer=DOER
        )
        assert done.facts == []
        assert await floor.tap(NEW) == Stranger()


async def test_a_card_that_saved_without_a_name_may_become_its_holders_and_nobody_elses(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(NEW, traits={"points": {"balance": 40}}, consents={"saving": None})
        assert await floor.tap(NEW) == Withheld("no_basis")
        (note,) = floor.counter.notes.now()
        assert note.card is not None
        new = fact(floor)
        assert await join(floor, new) > 0
        assert getattr(whose(floor), "customer_id", None) == new.customer_id
        assert await join(floor, fact(floor)) == 0
        # Of whoever said a name or a yes once, the card stays theirs, though it is not recognised now.
        await floor.resident(OTHER, consents={"saving": None})
        assert await floor.tap(OTHER) == Withheld("no_basis")
        assert floor.counter.notes.now()[0].card is None
        assert await join(floor, fact(floor, number=OTHER)) == 0


def whose(floor: Floor) -> object:
    card = hashes(KEYS.chain_key, KEYS.shop_key, "qr", NEW)
    assert card
    return recognition.find(floor.db.reader, card.outer, recipient=RECIPIENT, now_ms=floor.now_ms)

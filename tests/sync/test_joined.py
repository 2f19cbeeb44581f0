"""Somebody joins in a shop: the hub takes them in once, whole or not at all, and sends them on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.consent import acts as consent
from edge.consent import tables
from edge.joining import acts
from edge.joining.facts import CredentialBlocked, CredentialBound, CustomerJoined, Yes
from edge.joining.sealing import newcomer, sealed_card
from edge.kit.seal import derive, key_place, seal, trait_place, unseal
from edge.recognition.rules import hashes
from edge.staff.deeds import Doer
from sync import wire
from sync.hub import consents, devices, feed
from sync.hub.tables import hooks
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, SHOP_KEY, Centre, customer, device, now_ms, open_centre
from tests.sync.shop import events_at
from tests.sync.test_appliance import appliance, found

pytestmark = pytest.mark.anyio
OTHER_KEY = b"T" * 32
NEW = "LOYALTY-0777"


def joined(number: str = NEW, **changes: Any) -> CustomerJoined:
    at_ms = now_ms()
    new = newcomer(SHOP_KEY, {"name": {"call": "Noor"}}, saved={}, now_ms=at_ms, until_ms=None)
    card = hashes(KEYS.chain_key, SHOP_KEY, "qr", number)
    assert card
    fields: dict[str, Any] = {
        "customer_id": new.customer_id,
        "key": new.key,
        "traits": new.traits,
        "consents": (Yes("saving", HERE, None), Yes("recognition", HERE, at_ms + 1_000_000)),
        "hash": card.outer,
        "card": sealed_card(SHOP_KEY, new.customer_id, card.inner),
        "card_kind": card.kind,
        "staff_id": bytes(16),
        "language": "nl",
        "at_ms": at_ms,
    }
    return CustomerJoined(**fields | changes)


def bound(customer_id: bytes, number: str = NEW) -> CredentialBound:
    card = hashes(KEYS.chain_key, SHOP_KEY, "qr", number)
    assert card
    sealed = sealed_card(SHOP_KEY, customer_id, card.inner)
    return CredentialBound(customer_id, card.outer, sealed, card.kind, bytes(16), "new_card", now_ms())


def rows(centre: Centre, part: str) -> list[wire.Row]:
    content = feed.page(
        centre.hub.db.reader, part, after=0, limit=wire.PAGE_ROWS, signer=centre.hub.signer, now_ms=1
    )
    return list(wire.decode_page(content).rows)


def verdicts(centre: Centre) -> list[tuple[str, str | None]]:
    return [(kind, code) for _, kind, _, code in events_at(centre.hub.db.reader)]


def count(centre: Centre, table: str) -> int:
    (number,) = centre.hub.db.reader.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(number)


async def test_somebody_who_joined_comes_back_down_and_the_shop_gives_its_copy_up(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        new = joined()
        await db.write(lambda conn: [new])
        centre.line.faults.extend(["ok", "mute"])
        with pytest.raises(wire.Unreachable):
            await agent.once()
        await agent.once()
        await agent.once()
        assert verdicts(centre) == [("customer_joined", None)]
        assert [count(centre, table) for table in ("customer", "credential", "consent", "residency")] == [
            1, 1, 2, 1,
        ]  # fmt: skip
        held = found(db, NEW)
        assert getattr(held, "customer_id", None) == new.customer_id
        assert db.reader.execute("SELECT count(*) FROM main.joined").fetchone() == (0,)
        assert db.reader.execute("SELECT count(*) FROM main.credential").fetchone() == (0,)
        (until_ms,) = centre.hub.db.reader.execute(
            "SELECT until_ms FROM consent WHERE purpose='recognition'"
        ).fetchone()
        assert until_ms == new.at_ms + 1_000_000


async def test_programs_are_told_that_somebody_joined_and_then_of_each_consent_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hook = hooks.Hook("crm", "https://crm.example", frozenset(), b"", None, None, None, None)
        await centre.hub.db.apply(hooks.add_hook, hook)
        new = joined()
        for _ in range(2):  # said again, they are there already
            centre.box.happened(kind="customer_joined", body=body_of(new))
        await centre.agent.once()
        waits = hooks.due(centre.hub.db.reader, "crm", now_ms=0, longest_ms=(0,), most=9)
        told = [msgspec.json.decode(each.body) for each in waits]
        assert [each["type"] for each in told] == ["customer.joined", "consent.given"]
        assert [each["data"] for each in told] == [{"customer": new.customer_id.hex(), "shop": "s1"}] * 2


async def test_another_shop_can_open_what_was_sealed_in_this_one(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        new = joined()
        await db.write(lambda conn: [new])
        await agent.once()
        (key_row, customer_row) = rows(centre, "shop:s1")[:2]
        assert rows(centre, "shop:s2") == []  # they are resident where they joined, and nowhere else
        body = wire.row_body(key_row)
        assert isinstance(body, wire.Key)
        key = unseal(derive(SHOP_KEY, "key-transport"), body.wrapped, key_place(new.customer_id))
        whole = wire.row_body(customer_row)
        assert isinstance(whole, wire.Customer)
        (name,) = whole.traits
        plain = unseal(key, name.sealed, trait_place(new.customer_id, "name", name.ver))
        assert msgspec.json.decode(plain) == {"call": "Noor"}


async def test_joining_twice_over_another_epoch_changes_nothing(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        new = joined()
        await db.write(lambda conn: [new])
        await agent.once()
        before = len(rows(centre, "shop:s1"))
        await db.write(lambda conn: [bound(new.customer_id)])
        await agent.once()
        assert verdicts(centre)[1] == ("credential_bound", None)
        assert len(rows(centre, "shop:s1")) == before


def swapped(new: CustomerJoined) -> CustomerJoined:
    """Its name sealed with somebody else's key."""
    other = joined()
    return joined(customer_id=new.customer_id, key=new.key, traits=other.traits, card=b"", hash=b"")


def undeclared() -> CustomerJoined:
    new = newcomer(SHOP_KEY, {"religion": "x"}, saved={}, now_ms=now_ms(), until_ms=None)
    return joined(customer_id=new.customer_id, key=new.key, traits=new.traits, card=b"", hash=b"")


def twice() -> CustomerJoined:
    new = joined()
    return joined(customer_id=new.customer_id, key=new.key, traits=new.traits * 2, card=b"", hash=b"")


def rich() -> CustomerJoined:
    new = newcomer(SHOP_KEY, {"points": {"balance": 2**63}}, saved={}, now_ms=now_ms(), until_ms=None)
    return joined(customer_id=new.customer_id, key=new.key, traits=new.traits, card=b"", hash=b"")


REFUSED = {
    "UNDECLARED": lambda: joined(consents=(Yes("gossip", HERE, None),)),
    "UNDECLARED_TRAIT": undeclared,
    "BAD_KEY": lambda: swapped(joined()),
    "BAD_BODY": twice,
    "BAD_BODY of a balance that no ledger holds": rich,
}


@pytest.mark.parametrize("code", REFUSED)
async def test_what_is_not_declared_or_does_not_open_is_a_dead_letter_and_leaves_nothing(
    tmp_path: Path, code: str
) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(1, kind="customer_joined", body=body_of(REFUSED[code]()))
        centre.box.happened(1)
        await centre.agent.once()
        assert verdicts(centre) == [("customer_joined", code.split()[0]), ("greeted", None)]
        for table in ("customer", "customer_key", "trait", "credential", "consent", "residency", "feed"):
            assert count(centre, table) == 0


def body_of(new: CustomerJoined) -> bytes:
    from edge.outbox import body_of as encode

    return encode(new)


async def test_a_card_that_is_somebodys_stays_theirs_and_is_blocked_where_it_was_taken(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        await centre.hub.add_customers(["s2"], [customer()])
        new = joined("LOYALTY-0001")
        await db.write(lambda conn: [new])
        await agent.once()
        await agent.once()
        assert count(centre, "customer") == 2
        (owner,) = centre.hub.db.reader.execute("SELECT customer_id FROM credential").fetchone()
        assert owner == ANNA
        assert getattr(found(db), "blocked", None) is True


async def test_a_bound_card_is_known_in_every_shop_of_its_customer(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        await centre.hub.add_customers(["s1", "s2"], [customer()])
        await centre.hub.add_customers(["s1"], [customer(BRAM, number="LOYALTY-0002")])
        await agent.once()
        for whose in (ANNA, ANNA):
            await db.write(acts.bind, bound(whose), recipient=HERE, doer=Doer(b"a" * 16, b"t"))
        await agent.once()
        await agent.once()
        assert verdicts(centre) == [("credential_bound", None)]
        assert getattr(found(db, NEW), "customer_id", None) == ANNA
        there = hashes(KEYS.chain_key, OTHER_KEY, "qr", NEW)
        assert there
        assert there.outer.hex() in {row.id for row in rows(centre, "shop:s2") if row.t == "credential"}
        assert db.reader.execute("SELECT count(*) FROM main.credential").fetchone() == (0,)
        centre.box.happened(0)
        await db.write(lambda conn: [bound(BRAM), bound(b"\xc3" * 16, "LOYALTY-0888")])
        await agent.once()
        assert verdicts(centre)[1:] == [
            ("credential_bound", "CREDENTIAL_TAKEN"),
            ("credential_bound", "UNKNOWN_CUSTOMER"),
        ]


async def test_a_shop_whose_clock_is_ahead_binds_a_card_no_later_than_now(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer()])
        await agent.once()
        await db.write(lambda conn: [replace(bound(ANNA), at_ms=now_ms() + 365 * 24 * 3_600_000)])
        await agent.once()
        assert verdicts(centre) == [("credential_bound", None)]
        (last_ms,) = centre.hub.db.reader.execute("SELECT max(bound_ms) FROM credential").fetchone()
        assert 0 < last_ms <= now_ms()


async def test_the_hub_keeps_the_key_under_its_own(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        new = joined()
        centre.box.happened(1, kind="customer_joined", body=body_of(new))
        await centre.agent.once()
        (wrapped,) = centre.hub.db.reader.execute("SELECT wrapped FROM customer_key").fetchone()
        key = unseal(KEYS.hub_kek, wrapped, key_place(new.customer_id))
        assert seal(key, b"", b"")
        assert key == unseal(derive(SHOP_KEY, "key-transport"), new.key, key_place(new.customer_id))


async def test_a_shop_may_not_give_a_card_to_whoever_is_not_resident_there(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        await centre.hub.add_customers(["s2"], [customer(ANNA)])
        cards = count(centre, "credential")
        await db.write(lambda conn: [bound(ANNA)])
        await agent.once()
        assert verdicts(centre) == [("credential_bound", "NOT_RESIDENT")]
        assert count(centre, "credential") == cards


async def test_a_shop_may_say_that_a_card_of_whoever_is_not_resident_there_is_lost(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        await centre.hub.add_customers(["s2"], [replace(customer(ANNA), credentials=[("number", NEW)])])
        for number in ("LOYALTY-0778", NEW):
            lost = bound(ANNA, number).hash
            await db.write(lambda conn: [CredentialBlocked(ANNA, lost, bytes(16), "lost", now_ms())])  # noqa: B023
        await agent.once()
        assert verdicts(centre) == [
            ("credential_blocked", "UNKNOWN_CREDENTIAL"),
            ("credential_blocked", None),
        ]
        told = [wire.row_body(row) for row in rows(centre, "shop:s2:urgent") if row.t == "credential"]
        assert [each.state for each in told if isinstance(each, wire.Credential)] == ["blocked"]


async def test_a_yes_said_in_a_shop_is_kept_sent_down_and_never_undoes_a_later_no(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"purpose": "location", "recipient": HERE}
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer(ANNA)])
        await agent.once()
        given = {"until_ms": None, "staff_id": bytes(16)}
        (yes,) = (await db.write(consent.give, ANNA, **asked, **given, now_ms=now_ms())).facts
        assert not (await db.write(consent.give, ANNA, **asked, **given, now_ms=now_ms())).facts
        for _ in range(2):
            await agent.once()
        assert verdicts(centre) == [("consent_given", None)]
        # The hub's own register says as much: the shop gave its copy up.
        assert db.reader.execute("SELECT count(*) FROM main.consent").fetchone() == (0,)
        assert tables.holds(db.reader, ANNA, **asked, now_ms=now_ms())
        await centre.hub.db.apply(consents.withdraw, ANNA, **asked, now_ms=now_ms())
        await db.write(lambda conn: [yes])  # the old yes, told again
        for _ in range(2):
            await agent.once()
        assert not tables.holds(db.reader, ANNA, **asked, now_ms=now_ms())


async def test_a_yes_for_somebody_of_another_shop_or_for_what_needs_none_is_refused(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        await centre.hub.add_customers(["s2"], [customer(BRAM, number="LOYALTY-0002")])
        await centre.hub.add_customers(["s1"], [customer(ANNA)])
        for whose, purpose in ((BRAM, "location"), (ANNA, "saving"), (ANNA, "mind")):
            body = {"customer_id": whose.hex(), "purpose": purpose, "recipient": HERE, "gen": 9}
            centre.box.happened(1, kind="consent_given", body=msgspec.json.encode(body))
        await centre.agent.once()
        codes = [code for _, code in verdicts(centre)]
        assert codes == ["NOT_RESIDENT", "NO_CONSENT", "UNDECLARED"]

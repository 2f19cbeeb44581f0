"""What the hub knows of customers, and what of it lies in its files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.kit.errors import Refused
from edge.kit.seal import derive, key_place, trait_place, unseal
from edge.recognition.rules import credential
from sync import wire
from sync.hub import consents, devices, feed, lost
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, SHOP_KEY, Centre, customer, device, open_centre

pytestmark = pytest.mark.anyio


def rows(centre: Centre, part: str = "shop:s1") -> list[wire.Row]:
    content = feed.page(
        centre.hub.db.reader, part, after=0, limit=wire.PAGE_ROWS, signer=centre.hub.signer, now_ms=1
    )
    return list(wire.decode_page(content).rows)


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


async def test_a_shop_can_open_what_it_is_sent_and_finds_the_card_it_reads(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        bodies = {row.t: (row, wire.row_body(row)) for row in rows(centre)}
        key_row, key_body = bodies["key"]
        assert isinstance(key_body, wire.Key)
        key = unseal(
            derive(SHOP_KEY, "key-transport"), key_body.wrapped, key_place(bytes.fromhex(key_row.id))
        )
        customer_row, customer_body = bodies["customer"]
        assert isinstance(customer_body, wire.Customer)
        plain = {
            trait.name: msgspec.json.decode(
                unseal(key, trait.sealed, trait_place(bytes.fromhex(customer_row.id), trait.name, trait.ver))
            )
            for trait in customer_body.traits
        }
        assert plain == {"name": "A. de Vries", "points": 120}
        presented = credential(KEYS.chain_key, SHOP_KEY, "barcode", "LOYALTY-0001")
        assert presented is not None
        assert bodies["credential"][0].id == presented.hex()


async def test_the_key_of_a_customer_stands_before_the_customer_on_both_lanes(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        assert rows(centre)[0].t == "key"
        assert [row.t for row in rows(centre, "shop:s1:urgent")] == ["key"]


async def test_a_shop_where_a_customer_is_not_resident_gets_nothing(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=b"T" * 32)
        await centre.hub.add_customers(["s1"], [customer()])
        await centre.hub.add_customers(["s2"], [customer(BRAM, number="LOYALTY-0002")])
        await centre.hub.change(lost.block, KEYS, kind="number", value="LOYALTY-0001", now_ms=1)
        await centre.hub.erase(ANNA)
        for part in ("shop:s2", "shop:s2:urgent"):
            assert rows(centre, part)
            assert ANNA.hex() not in str([(row.id, bytes(row.d)) for row in rows(centre, part)])


async def test_two_shops_hashes_of_one_card_cannot_be_joined(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=b"T" * 32)
        await centre.hub.add_customers(["s1", "s2"], [customer()])
        ids = {
            row.id for part in ("shop:s1", "shop:s2") for row in rows(centre, part) if row.t == "credential"
        }
        assert len(ids) == 2


async def test_no_value_of_a_card_and_no_trait_lies_readable_in_the_hubs_files(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        await centre.hub.change(lost.block, KEYS, kind="number", value="LOYALTY-0001", now_ms=1)
        centre.box.happened(3)
        await centre.agent.once()
        while_open = bytes_of(tmp_path / "hub")
    for content in (while_open, bytes_of(tmp_path / "hub")):
        for secret in (b"LOYALTY-0001", b"A. de Vries", b"Vries", SHOP_KEY, KEYS.hub_kek, KEYS.chain_key):
            assert secret not in content
            assert secret.hex().encode() not in content
        assert ANNA in content


async def test_of_someone_erased_neither_key_nor_value_nor_card_is_left_in_the_hubs_files(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer(), customer(BRAM, number="LOYALTY-0002")])
        conn = centre.hub.db.reader
        at_rest: list[bytes] = [
            conn.execute("SELECT wrapped FROM customer_key WHERE customer_id=:id", {"id": ANNA}).fetchone()[
                0
            ],
            conn.execute(
                "SELECT sealed FROM trait WHERE customer_id=:id AND name='name'", {"id": ANNA}
            ).fetchone()[0],
            conn.execute("SELECT hash FROM credential WHERE customer_id=:id", {"id": ANNA}).fetchone()[0],
        ]
        at_rest += [bytes(row.d) for row in rows(centre) if ANNA.hex() in row.id and row.t != "consent"]
        assert all(each in bytes_of(tmp_path / "hub") for each in at_rest)
        await centre.hub.erase(ANNA)
        assert not any(each in bytes_of(tmp_path / "hub") for each in at_rest)
        assert {(row.op, row.id, bytes(row.d)) for row in rows(centre) if row.op == "erase"} == {
            ("erase", ANNA.hex(), b"{}")
        }
        assert [row.seq for row in rows(centre)] == list(range(1, len(rows(centre)) + 1))


async def test_someone_erased_does_not_come_back(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        await centre.hub.erase(ANNA)
        with pytest.raises(Refused) as caught:
            await centre.hub.add_customers(["s1"], [customer(number="LOYALTY-0009")])
        assert caught.value.code == "BAD_ID"


REFUSED: dict[str, tuple[Callable[[Centre], Any], str]] = {
    "an undeclared trait": (
        lambda c: c.hub.add_customers(["s1"], [NewCustomer(BRAM, {"religion": "x"}, [])]),
        "UNDECLARED_TRAIT",
    ),
    "an undeclared purpose": (
        lambda c: c.hub.add_customers(["s1"], [NewCustomer(BRAM, {}, [], [NewConsent("gossip", HERE)])]),
        "UNDECLARED",
    ),
    "a recipient that is no name": (
        lambda c: c.hub.add_customers(["s1"], [NewCustomer(BRAM, {}, [], [NewConsent("saving", "a/b")])]),
        "UNDECLARED",
    ),
    "an empty card": (
        lambda c: c.hub.add_customers(["s1"], [NewCustomer(BRAM, {}, [("number", " ")])]),
        "BAD_CREDENTIAL",
    ),
    "a card that is another's": (
        lambda c: c.hub.add_customers(["s1"], [NewCustomer(BRAM, {}, [("number", "LOYALTY-0001")])]),
        "CREDENTIAL_TAKEN",
    ),
    "a customer twice": (
        lambda c: c.hub.add_customers(["s1"], [NewCustomer(ANNA, {}, [])]),
        "CUSTOMER_TAKEN",
    ),
    "an unknown shop": (lambda c: c.hub.add_customers(["s9"], [NewCustomer(BRAM, {}, [])]), "UNKNOWN_SHOP"),
    "a trait too long": (
        lambda c: c.hub.add_customers(["s1"], [NewCustomer(BRAM, {"name": "x" * 5000}, [])]),
        "TOO_LARGE",
    ),
    "an unknown card": (
        lambda c: c.hub.change(lost.block, KEYS, kind="number", value="NOBODY", now_ms=1),
        "UNKNOWN_CREDENTIAL",
    ),
    "an unknown customer": (lambda c: c.hub.erase(BRAM), "UNKNOWN_CUSTOMER"),
    "a withdrawal of what is no consent": (
        lambda c: c.hub.change(consents.withdraw, ANNA, purpose="saving", recipient=HERE, now_ms=1),
        "NO_CONSENT",
    ),
    "another key for a shop": (
        lambda c: c.hub.db.apply(devices.register, KEYS, device=device(), shop_key=b"x" * 32),
        "BAD_KEY",
    ),
    "a short key": (
        lambda c: c.hub.db.apply(devices.register, KEYS, device=device(shop="s2"), shop_key=b"x"),
        "BAD_KEY",
    ),
    "a device of another shop": (
        lambda c: c.hub.db.apply(devices.register, KEYS, device=device(shop="s2"), shop_key=b"x" * 32),
        "WRONG_EPOCH",
    ),
    "a shop with a slash": (
        lambda c: c.hub.db.apply(devices.register, KEYS, device=device(shop="s/2"), shop_key=b"x" * 32),
        "BAD_ID",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_refused_changes_nothing_and_names_no_value(tmp_path: Path, what: str) -> None:
    act, code = REFUSED[what]
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        before = [row.seq for row in rows(centre)]
        with pytest.raises(Refused) as caught:
            await act(centre)
        assert caught.value.code == code
        assert "LOYALTY" not in caught.value.sentence()
        assert [row.seq for row in rows(centre)] == before
        assert centre.hub.db.reader.execute("SELECT count(*) FROM customer").fetchone() == (1,)


async def test_a_blocked_card_and_a_withdrawal_go_on_both_lanes_with_a_higher_version(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        await centre.hub.change(lost.block, KEYS, kind="number", value="LOYALTY-0001", now_ms=1)
        await centre.hub.change(consents.withdraw, ANNA, purpose="profiling", recipient=HERE, now_ms=1)
        for part in ("shop:s1", "shop:s1:urgent"):
            blocked, withdrawn = rows(centre, part)[-2:]
            assert (blocked.t, blocked.ver, withdrawn.t, withdrawn.ver) == ("credential", 2, "consent", 2)
            assert isinstance(body := wire.row_body(blocked), wire.Credential)
            assert body.state == "blocked"
            assert isinstance(said := wire.row_body(withdrawn), wire.Consent)
            assert (said.gen, said.state) == (1, "withdrawn")


async def test_withdrawing_twice_sends_one_row(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        for _ in range(2):
            await centre.hub.change(consents.withdraw, ANNA, purpose="profiling", recipient=HERE, now_ms=1)
        assert len(rows(centre, "shop:s1:urgent")) == 2

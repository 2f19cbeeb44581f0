"""Names are never in a file, and what was erased is not to be had back from any of them."""

import json
from pathlib import Path

import pytest

from edge.kit.chain import GENESIS, link
from edge.kit.seal import key_place, unseal
from edge.recognition import profile, tables
from edge.visits import acts
from tests.kit.stores import files_with
from tests.tables.floor import KEYS, RECIPIENT, TRAITS, Floor, Person, checkpoint, open_floor

pytestmark = pytest.mark.anyio
WORDS = ("Femke", "de Vries", "De Vries", "mevrouw", "Korenmarkt", "impregneren")


async def a_visit(floor: Floor, number: str = "1") -> Person:
    """A resident who came, was shown and is still here."""
    person = await floor.resident(number)
    await floor.tap(number)
    visit_id = floor.one("SELECT id FROM visit")
    await floor.db.write(acts.show, visit_id, role="staff", recipient=RECIPIENT, now_ms=floor.now_ms)
    return person


async def test_no_personal_word_is_in_any_file_at_any_time(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await a_visit(floor)
        for word in WORDS:
            assert files_with(word.encode(), tmp_path) == [], word
        checkpoint(tmp_path)
        for word in WORDS:
            assert files_with(word.encode(), tmp_path) == [], word
    for word in (*WORDS, json.dumps(TRAITS["name"])):
        assert files_with(word.encode(), tmp_path) == [], word


async def test_no_customers_key_stands_unwrapped_in_a_file(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await a_visit(floor)
        for key in (person.key, KEYS.kek, KEYS.shop_key, KEYS.chain_key, KEYS.pin_pepper):
            assert files_with(key, tmp_path) == files_with(key.hex().encode(), tmp_path) == []


async def test_after_an_erasure_nothing_of_the_customer_is_read(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await a_visit(floor)
        await floor.apply(floor.feed.erasure(person))
        now = {"recipient": RECIPIENT, "now_ms": floor.now_ms}
        assert tables.find(floor.db.reader, person.hash, **now) is None
        assert tables.name_of(floor.db.reader, person.customer_id, **now) is None
        seen = profile.read(floor.db.reader, person.customer_id, role="manager", kek=KEYS.kek, **now)
        assert seen.values == {}
        assert floor.one("SELECT count(*) FROM visit") == floor.one("SELECT count(*) FROM view_log") == 0


async def test_after_an_erasure_the_sealed_values_and_their_key_are_in_no_file(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await a_visit(floor)
        wrapped = floor.one("SELECT wrapped FROM replica.customer_key")
        sealed = [value for (value,) in floor.db.reader.execute("SELECT sealed FROM replica.trait")]
        assert unseal(KEYS.kek, wrapped, key_place(person.customer_id)) == person.key
        await floor.apply(floor.feed.erasure(person))
        checkpoint(tmp_path)
        for secret in (wrapped, *sealed):
            assert files_with(secret, tmp_path) == []


async def test_an_erasure_empties_the_write_ahead_log_itself(tmp_path: Path) -> None:
    """Sync 2.4: it checkpoints the log before the receipt; a key left there would open a stolen disk."""
    async with open_floor(tmp_path) as floor:
        person = await a_visit(floor)
        wrapped = floor.one("SELECT wrapped FROM replica.customer_key")
        await floor.apply(floor.feed.erasure(person))
        assert files_with(wrapped, tmp_path) == []


async def test_an_erasure_takes_the_card_out_of_the_journal_too(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await a_visit(floor)
        await floor.db.apply(tables.block_credential, person.hash, customer_id=person.customer_id)
        await floor.apply(floor.feed.erasure(person))
        assert tables.find(floor.db.reader, person.hash, recipient=RECIPIENT, now_ms=floor.now_ms) is None


async def test_an_erasure_blanks_the_bodies_in_the_outbox_and_keeps_the_lines_and_the_chain(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        person = await a_visit(floor)
        before = floor.db.reader.execute("SELECT seq, at_ms, kind, hash FROM outbox").fetchall()
        await floor.apply(floor.feed.erasure(person))
        after = floor.db.reader.execute("SELECT seq, at_ms, kind, hash FROM outbox").fetchall()
        assert after[: len(before)] == before
        bodies = [body for (body,) in floor.db.reader.execute("SELECT body FROM outbox")]
        assert not [body for body in bodies if person.customer_id.hex().encode() in body]


async def test_an_erasure_leaves_other_customers_and_the_chain_whole(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person, other = await a_visit(floor, "1"), await floor.resident("2")
        await floor.apply(floor.feed.erasure(person))
        await floor.tap("2")
        seen = profile.read(
            floor.db.reader,
            other.customer_id,
            role="staff",
            recipient=RECIPIENT,
            now_ms=floor.now_ms,
            kek=KEYS.kek,
        )
        assert seen.values == TRAITS
        seqs = [seq for (seq,) in floor.db.reader.execute("SELECT seq FROM outbox ORDER BY seq")]
        assert seqs == list(range(1, len(seqs) + 1))
        last = floor.db.reader.execute(
            "SELECT at_ms, kind, body, hash FROM outbox ORDER BY seq DESC"
        ).fetchone()
        before = floor.one(f"SELECT hash FROM outbox WHERE seq={len(seqs) - 1}") if len(seqs) > 1 else GENESIS
        assert link(before, seq=len(seqs), at_ms=last[0], kind=last[1], body=last[2]) == last[3]


async def test_erasing_twice_or_somebody_unknown_is_no_trouble(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = floor.feed.new_person("1")
        await floor.apply(floor.feed.erasure(person))
        await floor.apply(floor.feed.erasure(person))
        assert floor.one("SELECT count(*) FROM replica.customer") == 0


async def test_an_erasure_takes_what_names_only_a_visit_of_theirs(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person, other = await a_visit(floor), await floor.resident("2")
        visit_id = floor.one("SELECT id FROM visit")
        floor.clock.pass_ms(60_000)
        await floor.tap("1")  # seen again
        await floor.tap("2")
        await floor.apply(floor.feed.erasure(person))
        assert files_with(visit_id, tmp_path) == files_with(visit_id.hex().encode(), tmp_path) == []
        kinds = [
            kind
            for (kind,) in floor.db.reader.execute("SELECT kind FROM outbox WHERE body=x'7b7d' ORDER BY seq")
        ]
        assert kinds == ["visit_started", "greeted", "card_shown", "seen_again"]
        assert files_with(other.customer_id.hex().encode(), tmp_path) != []

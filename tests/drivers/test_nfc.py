"""Cards on the nfc reader, through the real pn532 driver of nfcpy and a chip on a pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.catalogue import build
from drivers.codecs.dialogue import select
from drivers.codecs.tags import refusal, type4
from drivers.codecs.wallets import ose
from drivers.reader import Reader, Sighting, Token
from drivers.settings import parse_reader
from tests.drivers.listening import Events, first_idle, next_sighting, nothing_for
from tests.drivers.pn532 import (
    ApplicationCard,
    Card,
    IsoDepCard,
    Pn532,
    Type2Card,
    Type4Card,
    TypeBCard,
    external,
    message,
    mime,
    passport,
    passport_b,
    payment_card,
    phone,
    smart_poster,
    text,
    transport_card,
    uri,
)
from tests.drivers.wallets import SUN, sun_card

pytestmark = pytest.mark.anyio

RULE = {"record": "uri", "match": r"^https://shop\.example/c/([0-9A-Z]+)$"}
LINK = "https://shop.example/c/ABC1"
ABC1 = Token("ndef", "ABC1", "weak", {"record": "uri"})


@pytest.fixture
def chip() -> Iterator[Pn532]:
    with Pn532() as made:
        yield made


def nfc_reader(chip: Pn532, **settings: object) -> Reader:
    table = {"name": "counter-1", "kind": "nfc", "device": chip.path, "ndef": [RULE], **settings}
    return build(parse_reader(table, where="readers[0]", base=Path()))


@asynccontextmanager
async def opened(chip: Pn532, **settings: object) -> AsyncIterator[Events]:
    async with aclosing(nfc_reader(chip, **settings).events()) as events:
        await first_idle(events)
        yield events


async def tapped(chip: Pn532, card: Card, **settings: object) -> Sighting:
    async with opened(chip, **settings) as events:
        chip.present(card)
        return await next_sighting(events)


async def nothing_from(chip: Pn532, card: Card, **settings: object) -> bool:
    async with opened(chip, **settings) as events:
        chip.present(card)
        return await nothing_for(events, 1.5)


async def test_a_type_2_tag_gives_the_number_its_rule_finds(chip: Pn532) -> None:
    seen = await tapped(chip, Type2Card(ndef=uri(LINK)))
    assert (seen.reader, seen.how, seen.outcome, seen.token) == ("counter-1", "tap", None, ABC1)
    assert seen.at.utcoffset() == timedelta(0)


async def test_a_type_2_tag_with_a_message_over_254_bytes_is_read_whole(chip: Pn532) -> None:
    card = Type2Card(ndef=message((1, b"T", b"\x02nl" + b"x" * 90), (1, b"U", b"\x04shop.example/c/ABC1")))
    assert (await tapped(chip, card)).token == ABC1


async def test_a_type_4_tag_gives_the_number_its_rule_finds_and_is_deselected(chip: Pn532) -> None:
    card = Type4Card(ndef=uri(LINK))
    assert (await tapped(chip, card)).token == ABC1
    assert card.deselected


async def test_a_type_4_tag_that_chains_its_blocks_and_asks_for_time_is_read(chip: Pn532) -> None:
    long = message((1, b"T", b"\x02nl" + b"x" * 900), (1, b"U", b"\x04shop.example/c/ABC1"))
    card = Type4Card(ndef=long, max_le=255, block=32, wtx=2)
    assert (await tapped(chip, card)).token == ABC1


async def test_a_card_that_takes_only_short_blocks_gets_chained_commands(chip: Pn532) -> None:
    card = Type4Card(ndef=uri(LINK), ats=bytes.fromhex("057077 8002".replace(" ", "")))
    assert (await tapped(chip, card)).token == ABC1
    assert max(len(frame) for frame in card.frames) <= 16


@pytest.mark.parametrize("ats", ["01", "0278", "037880", "0328 70".replace(" ", ""), "0358ff"])
async def test_a_short_ats_is_read_with_the_defaults_of_the_standard(chip: Pn532, ats: str) -> None:
    assert (await tapped(chip, Type4Card(ndef=uri(LINK), ats=bytes.fromhex(ats)))).token == ABC1


async def test_a_type_b_card_is_read_and_its_changing_number_never_counts_as_a_uid(chip: Pn532) -> None:
    class TagB(Type4Card, TypeBCard):
        pass

    assert (await tapped(chip, TagB(ndef=uri(LINK)))).token == ABC1
    assert await nothing_from(chip, TypeBCard(), uid=True)


async def test_a_card_with_sak_60_is_seen(chip: Pn532) -> None:
    assert (await tapped(chip, Type4Card(ndef=uri(LINK), sak=0x60))).token == ABC1


@pytest.mark.parametrize(
    ("rule", "ndef", "value"),
    [
        ({"record": "text", "match": r"card (\d+)"}, text("card 42"), "42"),
        ({"record": "mime", "match": r"^(\w+)$"}, mime("application/vnd.shop", b"M7"), "M7"),
        (
            {"record": "mime", "match": r"^application/vnd\.shop:(\w+)$"},
            mime("application/vnd.shop", b"M7"),
            "M7",
        ),
        (
            {"record": "external", "match": r"^shop\.example:card:(\w+)$"},
            external("shop.example:card", b"X9"),
            "X9",
        ),
        (RULE, smart_poster(message((1, b"T", b"\x02nlhi"), (1, b"U", b"\x04shop.example/c/ABC1"))), "ABC1"),
    ],
)
async def test_each_kind_of_record_has_its_rule(
    chip: Pn532, rule: dict[str, str], ndef: bytes, value: str
) -> None:
    seen = await tapped(chip, Type2Card(ndef=ndef), ndef=[rule])
    assert seen.token == Token("ndef", value, "weak", {"record": rule["record"]})


async def test_a_tag_that_no_rule_matches_is_nothing(chip: Pn532) -> None:
    assert await nothing_from(chip, Type2Card(ndef=uri("https://elsewhere.example/")))


async def test_a_tag_whose_uid_counts_gives_it_in_hex_when_no_rule_matches(chip: Pn532) -> None:
    seen = await tapped(chip, Type2Card(ndef=uri("https://elsewhere.example/")), uid=True)
    assert seen.token == Token("uid", "04a1b2c3d4e580", "weak", {"technology": "nfc-a"})


async def test_a_ring_without_memory_gives_its_uid(chip: Pn532) -> None:
    seen = await tapped(chip, Type2Card(sak=0x08, uid=bytes.fromhex("deadbeef")), uid=True)
    assert seen.token is not None
    assert seen.token.value == "deadbeef"


async def test_a_mifare_classic_4k_is_left_alone_because_transport_cards_are_among_them(chip: Pn532) -> None:
    assert await nothing_from(chip, Type2Card(sak=0x18, uid=bytes.fromhex("deadbeef")), uid=True)


async def test_a_uid_does_not_count_unless_it_is_asked_for(chip: Pn532) -> None:
    assert await nothing_from(chip, Type2Card())


@pytest.mark.parametrize(
    "card",
    [
        phone(),
        phone(sak=0x60),
        Type2Card(uid=bytes.fromhex("08123456")),
        IsoDepCard(uid=bytes.fromhex("a1b2c3d4")),
    ],
    ids=["random", "random and SAK 60", "random on a tag", "four bytes under ISO-DEP"],
)
async def test_a_uid_that_is_random_or_a_phones_never_counts(chip: Pn532, card: Card) -> None:
    assert await nothing_from(chip, card, uid=True)


async def test_the_uid_of_a_card_with_seven_bytes_counts_under_iso_dep_too(chip: Pn532) -> None:
    seen = await tapped(chip, IsoDepCard(), uid=True)
    assert seen.token is not None
    assert seen.token.value == "04112233445566"


@pytest.mark.parametrize("make", [payment_card, passport, passport_b, transport_card])
async def test_cards_that_are_none_of_our_business_are_refused_and_left_alone(
    chip: Pn532, make: type
) -> None:
    card = make()
    seen = await tapped(chip, card, uid=True)
    assert (seen.token, seen.outcome) == (None, "refused")
    names = [apdu for apdu in card.apdus if apdu != refusal.LIST_APPLICATIONS]
    assert {apdu[:4] for apdu in names} == {bytes.fromhex("00a40400")}
    assert card.apdus[-1][5:-1] == card.applications[0]


async def test_a_payment_card_with_an_ndef_application_is_refused_before_it_is_read(chip: Pn532) -> None:
    card = Type4Card(ndef=uri(LINK), applications=[b"2PAY.SYS.DDF01"])
    assert (await tapped(chip, card)).outcome == "refused"
    assert [apdu[5:-1] for apdu in card.apdus] == [b"OSE.VAS.01", b"2PAY.SYS.DDF01"]


@pytest.mark.parametrize(
    "name",
    ["a0000002480200", "e80704007f00070302", "a0000000031010", "a0000000041010", "a0000000043060"],
    ids=["driving licence", "German identity card", "Visa", "Mastercard", "Maestro"],
)
async def test_documents_and_bank_cards_by_their_own_name_are_refused_and_give_no_uid(
    chip: Pn532, name: str
) -> None:
    card = ApplicationCard((bytes.fromhex(name),))
    seen = await tapped(chip, card, uid=True)
    assert (seen.token, seen.outcome) == (None, "refused")
    assert card.apdus[-1][5:-1] == bytes.fromhex(name)


async def test_a_chip_that_holds_one_tag_is_asked_for_payment_and_its_list_and_then_read(chip: Pn532) -> None:
    card = sun_card()
    seen = await tapped(chip, card, sun=[SUN])
    assert seen.token is not None
    assert seen.token.kind == "sun"
    asked = [select(ose.NAME), select(refusal.NAMES[0]), refusal.LIST_APPLICATIONS, select(type4.APPLICATION)]
    assert card.apdus[:4] == asked


async def test_a_desfire_transport_card_is_refused_by_its_list_of_applications(chip: Pn532) -> None:
    class Clipper(IsoDepCard):
        def apdu(self, command: bytes) -> bytes:
            return (
                bytes.fromhex("112233f211909100") if command == bytes.fromhex("906a000000") else b"\x91\x1c"
            )

    assert (await tapped(chip, Clipper(), uid=True)).outcome == "refused"


@pytest.mark.parametrize(
    "card",
    [
        Type2Card(ndef=uri(LINK)[:-3] + b""),
        Type2Card(ndef=b"\xd1\x01\xff\x55"),
        Type2Card(ndef=uri(LINK), pages={3: bytes.fromhex("e1100100")}),
        Type4Card(file=b"\x00\x40\xd1\x01"),
        Type4Card(ndef=uri(LINK), cc=b"\x00\x03\x20"),
        Type4Card(ndef=b"\xff" * 20),
    ],
    ids=["cut", "length", "past its size", "short file", "short CC", "noise"],
)
async def test_a_damaged_tag_is_unreadable(chip: Pn532, card: Card) -> None:
    seen = await tapped(chip, card)
    assert (seen.token, seen.outcome) == (None, "unreadable")


@pytest.mark.parametrize("lives", [1, 2, 3, 5, 8])
async def test_a_card_taken_away_while_it_is_read_is_unreadable_once(chip: Pn532, lives: int) -> None:
    async with opened(chip) as events:
        chip.present(Type4Card(ndef=uri(LINK), lives=lives))
        assert (await next_sighting(events)).outcome == "unreadable"
        assert await nothing_for(events, 1.5)


async def test_a_card_lost_and_back_within_a_second_is_read_after_all(chip: Pn532) -> None:
    async with opened(chip) as events:
        chip.present(Type2Card(ndef=uri(LINK), lives=2))
        await asyncio.sleep(0.4)
        chip.present(Type2Card(ndef=uri(LINK)))
        assert (await next_sighting(events)).token == ABC1


async def test_a_card_that_is_mute_after_it_was_found_is_unreadable(chip: Pn532) -> None:
    assert (await tapped(chip, IsoDepCard(mute=True))).outcome == "unreadable"


async def test_a_card_that_asks_for_time_for_ever_holds_nobody_up(chip: Pn532) -> None:
    async with opened(chip) as events:
        chip.present(IsoDepCard(endless_wtx=True))
        assert (await next_sighting(events)).outcome == "unreadable"


async def test_a_card_counts_once_until_it_was_away_for_a_second(chip: Pn532) -> None:
    async with opened(chip) as events:
        card = Type2Card(ndef=uri(LINK))
        chip.present(card)
        assert (await next_sighting(events)).token == ABC1
        await asyncio.sleep(1.5)
        chip.remove()
        await asyncio.sleep(0.4)
        chip.present(card)
        await asyncio.sleep(0.5)
        chip.remove()
        await asyncio.sleep(1.3)
        chip.present(card)
        assert (await next_sighting(events)).token == ABC1
        assert await nothing_for(events, 0.5)


async def test_a_phone_whose_uid_changes_at_every_look_counts_once(chip: Pn532) -> None:
    class Phone(Type4Card):
        def field_off(self) -> None:
            super().field_off()
            self.uid = bytes([8, *self.uid[1:3], (self.uid[3] + 1) & 0xFF])

    async with opened(chip) as events:
        chip.present(Phone(ndef=uri(LINK), uid=bytes.fromhex("08c0ffee")))
        assert (await next_sighting(events)).token == ABC1
        assert await nothing_for(events, 1.5)


async def test_two_cards_one_right_after_the_other_both_count(chip: Pn532) -> None:
    async with opened(chip) as events:
        chip.present(Type2Card(ndef=uri(LINK)))
        assert (await next_sighting(events)).token == ABC1
        chip.present(Type2Card(ndef=uri(LINK + "2"), uid=bytes.fromhex("04000000000001")))
        second = await next_sighting(events)
    assert second.token is not None
    assert second.token.value == "ABC12"


async def test_two_cards_that_answer_by_turns_count_once_each(chip: Pn532) -> None:
    tag, ring = Type2Card(ndef=uri(LINK)), Type2Card(sak=0x08, uid=bytes.fromhex("deadbeef"))
    async with opened(chip, uid=True) as events:
        for _ in range(4):
            for card in (tag, ring):
                chip.present(card)
                await asyncio.sleep(0.2)
        seen = [await next_sighting(events) for _ in range(2)]
        assert [each.token and each.token.kind for each in seen] == ["ndef", "uid"]
        assert await nothing_for(events, 0.2)


async def test_an_oversized_message_is_left_unread(chip: Pn532) -> None:
    card = Type4Card(file=b"\xff\xff" + bytes(300))
    assert await nothing_from(chip, card)
    assert sum(apdu[:2] == b"\x00\xb0" for apdu in card.apdus) == 2  # its CC and its length


async def test_a_card_without_any_application_is_asked_little(chip: Pn532) -> None:
    card = phone()
    assert await nothing_from(chip, card)
    assert len(card.apdus) == 13  # a wallet, nine names to refuse, the list of DESFire, two of NDEF


async def test_without_rules_no_tag_memory_is_read(chip: Pn532) -> None:
    card = Type2Card(ndef=uri(LINK))
    seen = await tapped(chip, card, ndef=[], uid=True)
    assert seen.token is not None
    assert seen.token.kind == "uid"
    assert card.frames == []


async def test_no_value_and_no_uid_is_logged(chip: Pn532, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    await tapped(chip, Type4Card(ndef=uri(LINK)), uid=True)
    assert caplog.text == ""

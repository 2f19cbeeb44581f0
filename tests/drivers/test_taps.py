"""Whole taps of phones and cards, through nfcpy's real pn532 driver and a chip on a pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager

import pytest

from drivers.catalogue import build
from drivers.presentation import LEFT_S
from drivers.reader import Sighting
from tests.drivers.listening import Events, first_idle, next_sighting, nothing_for, until
from tests.drivers.pn532 import (
    LOCKED,
    Card,
    PaymentApplication,
    Phone,
    Pn532,
    Type2Card,
    Type4Card,
    TypeBCard,
    payment_card,
    uri,
)
from tests.drivers.pulling import TWO
from tests.drivers.wallets import (
    OTHER_TYPE,
    PASS_TYPE,
    android,
    apple_pass,
    google_wallet,
    iphone,
    loyalty,
    member_app,
    settings,
    sun_card,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def chip() -> Iterator[Pn532]:
    with Pn532() as made:
        yield made


@asynccontextmanager
async def opened(chip: Pn532, **changed: object) -> AsyncIterator[Events]:
    async with aclosing(build(settings(chip.path, **changed)).events()) as events:
        await first_idle(events)
        yield events


async def tapped(chip: Pn532, card: Card, **changed: object) -> Sighting:
    async with opened(chip, **changed) as events:
        chip.present(card)
        seen = await next_sighting(events)
        chip.remove()
        return seen


async def tap(chip: Pn532, card: Card, **changed: object) -> str:
    """What one tap comes to: the value of its token, or its outcome; strong evidence only."""
    seen = await tapped(chip, card, **changed)
    if seen.token is None:
        assert seen.outcome is not None
        return seen.outcome
    assert seen.token.evidence == "strong"
    return seen.token.value


# Apple Wallet


async def test_a_pass_of_ours_in_apple_wallet_is_read_and_the_phone_let_go(chip: Pn532) -> None:
    phone = iphone()
    seen = await tapped(chip, phone)
    assert seen.token is not None
    assert (seen.token.kind, seen.token.value, seen.token.evidence) == ("vas", "LOYALTY-0001", "strong")
    assert seen.token.about["pass_type_id"] == PASS_TYPE
    assert phone.deselected


async def test_an_iphone_that_waits_for_its_frame_is_woken_with_the_field_on(chip: Pn532) -> None:
    assert await tap(chip, iphone(wakes_on=bytes.fromhex("000002"))) == "LOYALTY-0001"
    assert bytes.fromhex("6a01000002e4d2") in chip.air


async def test_without_passes_to_ask_for_no_frame_is_sent(chip: Pn532) -> None:
    assert await tap(chip, android(google_wallet()), vas=[]) == "2018"
    assert not any(frame.startswith(b"\x6a") for frame in chip.air)


async def test_a_locked_phone_is_told_once_and_read_once_it_is_unlocked_in_the_same_hold(chip: Pn532) -> None:
    phone = iphone(status=LOCKED)
    async with opened(chip) as events:
        chip.present(phone)
        assert (await next_sighting(events)).outcome == "locked"
        await until(lambda: len(phone.apdus) > 6)  # it is asked again and again
        phone.applications[0].unlock()  # type: ignore[attr-defined]
        seen = await next_sighting(events)
        assert seen.token is not None
        assert seen.token.value == "LOYALTY-0001"
        assert await nothing_for(events, 0.5)


async def test_a_locked_phone_beside_a_ring_is_told_once_and_so_is_the_ring(chip: Pn532) -> None:
    phone, ring = iphone(status=LOCKED), Type2Card(sak=0x08)
    async with opened(chip, uid=True) as events:
        for _ in range(4):
            for card in (phone, ring):
                chip.present(card)
                await asyncio.sleep(0.25)
        seen = [await next_sighting(events) for _ in range(2)]
        assert [each.outcome or (each.token and each.token.kind) for each in seen] == ["locked", "uid"]
        assert await nothing_for(events, 0.3)


async def test_two_phones_with_a_card_between_them_within_a_second_all_count(chip: Pn532) -> None:
    async with opened(chip) as events:
        values = []
        for card in (iphone(), Type2Card(), android(google_wallet())):
            chip.present(card)
            seen = await next_sighting(events)
            values.append(seen.token and seen.token.value)
        assert values == ["LOYALTY-0001", Type2Card().uid.hex(), "2018"]


async def test_a_phone_beside_a_ring_is_told_once_and_so_is_the_ring(chip: Pn532) -> None:
    phone, ring = iphone(), Type2Card(sak=0x08)
    async with opened(chip, uid=True) as events:
        for _ in range(4):
            for card in (phone, ring):
                chip.present(card)
                await asyncio.sleep(0.25)
        seen = [await next_sighting(events) for _ in range(2)]
        assert [each.token and each.token.kind for each in seen] == ["vas", "uid"]
        assert await nothing_for(events, 0.3)


async def test_a_locked_phone_that_leaves_was_told_and_nothing_more_is(chip: Pn532) -> None:
    async with opened(chip) as events:
        chip.present(iphone(status=LOCKED))
        assert (await next_sighting(events)).outcome == "locked"
        chip.remove()
        assert await nothing_for(events, 1.5)


async def test_a_phone_with_another_merchants_pass_has_none_for_us_and_is_not_refused(chip: Pn532) -> None:
    assert await tap(chip, iphone(apple_pass(pass_type="pass.example.other"))) == "no_pass"


async def test_of_several_merchants_the_one_whose_pass_it_is_gets_it(chip: Pn532) -> None:
    phone = iphone(apple_pass("G-2", pass_type=OTHER_TYPE), wakes_on=bytes.fromhex("000000"))
    assert await tap(chip, phone, vas=TWO) == "G-2"
    assert phone.deselected


async def test_asked_for_several_passes_a_locked_phone_is_not_deselected_and_can_be_unlocked(
    chip: Pn532,
) -> None:
    phone = iphone(status=LOCKED)
    async with opened(chip, vas=TWO) as events:
        chip.present(phone)
        assert (await next_sighting(events)).outcome == "locked"
        assert not phone.deselected
        phone.applications[0].unlock()  # type: ignore[attr-defined]
        assert (await next_sighting(events)).token is not None


async def test_a_tampered_pass_is_forged(chip: Pn532) -> None:
    assert await tap(chip, iphone(apple_pass(tampered=True))) == "forged"


# Google Wallet


@pytest.mark.parametrize("skips", [True, False], ids=["one select", "second select"])
async def test_a_pass_of_ours_in_google_wallet_is_read(chip: Pn532, skips: bool) -> None:
    phone = android(google_wallet(skips=skips))
    seen = await tapped(chip, phone)
    assert seen.token is not None
    assert (seen.token.kind, seen.token.value, seen.token.evidence) == ("smarttap", "2018", "strong")
    assert seen.token.about == {"collector_id": 20180608, "kind": "ly", "oid": "0102030405060708"}
    assert phone.deselected


async def test_eight_objects_over_get_more_data_are_eight_sightings(chip: Pn532) -> None:
    held = [loyalty(f"N-{n}-" + "x" * 100, f"{n:016x}") for n in range(8)]
    async with opened(chip) as events:
        chip.present(android(google_wallet(*held, compressed=False, piece=200)))
        seen = [await next_sighting(events) for _ in held]
        assert [each.token and each.token.value for each in seen] == [each.number for each in held]
        assert await nothing_for(events, 0.5)


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({"trouble": (b"\x95\x00",)}, "unknown_merchant"),
        ({"trouble": (b"\x90\x01",)}, "no_pass"),
        ({"trouble": (b"\x93\x02",) * 99}, "choose_pass"),
        ({"trouble": (b"\x93\x00",) * 99}, "locked"),
        ({"trouble": (b"\x92\x03",) * 9}, "unreadable"),
        ({"tampered": True}, "forged"),
    ],
    ids=["wrong key", "no pass", "carousel", "locked", "busy for ever", "tampered"],
)
async def test_what_google_wallet_does_not_give_has_its_outcome(
    chip: Pn532, options: dict[str, object], outcome: str
) -> None:
    assert await tap(chip, android(google_wallet(**options))) == outcome


async def test_a_wrong_key_of_ours_is_an_unknown_merchant(chip: Pn532) -> None:
    wrong = [{"collector_id": 20180608, "key_version": 1, "private_key": "44" * 32}]
    assert await tap(chip, android(google_wallet()), smarttap=wrong) == "unknown_merchant"


async def test_a_pass_chosen_on_the_phone_in_the_same_hold_is_read(chip: Pn532) -> None:
    async with opened(chip) as events:
        chip.present(android(google_wallet(trouble=(b"\x93\x02",) * 3)))
        assert (await next_sighting(events)).outcome == "choose_pass"
        seen = await next_sighting(events)
        assert seen.token is not None
        assert seen.token.value == "2018"


async def test_a_phone_with_sak_60_and_one_with_a_short_ats_are_read(chip: Pn532) -> None:
    assert await tap(chip, android(google_wallet(), sak=0x60)) == "2018"
    for ats in ("01", "0278", "037880", "032870"):
        assert await tap(chip, android(google_wallet(), ats=bytes.fromhex(ats))) == "2018"


async def test_a_phone_that_takes_its_time_and_chains_its_blocks_is_read(chip: Pn532) -> None:
    assert await tap(chip, android(google_wallet(), wtx=2, block=30)) == "2018"


async def test_a_phone_of_type_b_is_read(chip: Pn532) -> None:
    class PhoneB(Phone, TypeBCard):
        pass

    assert await tap(chip, PhoneB(google_wallet(), PaymentApplication())) == "2018"


async def test_the_chip_is_set_up_once_a_talk_and_not_before_every_frame(chip: Pn532) -> None:
    phone = android(google_wallet(skips=False))
    async with opened(chip, vas=[]) as events:
        chip.commands.clear()
        chip.present(phone)
        await next_sighting(events)
        codes = [code for code, _ in chip.commands]
    frames = codes.count(0x42)
    assert frames == len(phone.frames) > 8
    first = codes.index(0x42)
    assert sum(code in (0x06, 0x08, 0x32) for code in codes[first : first + frames]) <= 3


async def test_a_phone_that_lies_badly_is_told_once_and_read_once_it_lies_well(chip: Pn532) -> None:
    phone = android(google_wallet(), mute=True)
    async with opened(chip) as events:
        chip.present(phone)
        assert (await next_sighting(events)).outcome == "unreadable"
        await asyncio.sleep(0.5)
        phone.mute = False
        seen = await next_sighting(events)
        assert seen.token is not None
        assert seen.token.value == "2018"
        chip.remove()
        assert await nothing_for(events, 1.2)


# Our own app


async def test_a_member_is_read_from_our_own_app_with_and_without_a_wallet_beside_it(chip: Pn532) -> None:
    seen = await tapped(chip, Phone(member_app(), PaymentApplication()))
    assert seen.token is not None
    assert (seen.token.kind, seen.token.value, seen.token.about) == ("hce", "M-00042", {"key_id": "00000007"})
    empty = google_wallet(trouble=(b"\x90\x01",))
    assert await tap(chip, Phone(empty, member_app(), PaymentApplication())) == "M-00042"


async def test_an_old_answer_relayed_to_another_challenge_is_forged(chip: Pn532) -> None:
    app = member_app()
    assert await tap(chip, Phone(app)) == "M-00042"
    thief = member_app(relayed=app.heard[0], relayed_nonce=app.last_nonce)
    assert await tap(chip, Phone(thief)) == "forged"


# Cards that cannot be copied


async def test_three_taps_of_a_sun_card_are_three_counters(chip: Pn532) -> None:
    card = sun_card()
    async with opened(chip) as events:
        for ctr in (1, 2, 3):  # another card in between would not do: the first may lie there still
            chip.present(card)
            seen = await next_sighting(events)
            assert seen.token is not None
            assert (seen.token.kind, seen.token.value) == ("sun", "04de5f1eacc040")
            assert (seen.token.about, seen.token.evidence) == ({"ctr": ctr}, "strong")
            chip.remove()
            await asyncio.sleep(LEFT_S + 0.2)


async def test_a_sun_card_of_another_maker_is_forged(chip: Pn532) -> None:
    assert await tap(chip, sun_card(file_key=bytes(16))) == "forged"
    assert await tap(chip, sun_card(meta_key=bytes(16))) == "forged"


async def test_a_sun_address_on_a_plain_tag_proves_nothing(chip: Pn532) -> None:
    card = sun_card()
    await tap(chip, card)
    rule = {"record": "uri", "match": "/c/(.+)"}
    async with opened(chip, uid=False, ndef=[rule]) as events:
        chip.present(Type2Card(ndef=uri(card.shown)))
        assert await nothing_for(events, 1.0)


# Everything else


async def test_a_payment_card_is_still_refused_and_asked_no_more_than_names(chip: Pn532) -> None:
    card = payment_card()
    assert await tap(chip, card) == "refused"
    assert {apdu[:4] for apdu in card.apdus} == {bytes.fromhex("00a40400")}


async def test_a_phone_with_a_payment_wallet_only_is_refused(chip: Pn532) -> None:
    assert await tap(chip, Phone(PaymentApplication())) == "refused"


async def test_a_phone_whose_wallet_we_cannot_ask_has_no_pass_and_is_not_refused(chip: Pn532) -> None:
    assert await tap(chip, iphone(), vas=[]) == "no_pass"
    assert await tap(chip, android(google_wallet()), smarttap=[]) == "no_pass"
    assert await tap(chip, iphone(), vas=[], smarttap=[]) == "no_pass"  # it could have had our app


@pytest.mark.parametrize("uid", [True, False])
async def test_a_reader_for_cards_alone_calls_no_phone_refused_and_takes_nothing_of_it(
    chip: Pn532, uid: bool
) -> None:
    async with opened(chip, vas=[], smarttap=[], hce=[], uid=uid) as events:
        chip.present(android(google_wallet()))
        assert await nothing_for(events, 0.7)


async def test_a_phone_without_any_application_of_ours_is_nothing(chip: Pn532) -> None:
    async with opened(chip) as events:
        chip.present(Phone())
        assert await nothing_for(events, 1.0)


async def test_a_plain_type_4_tag_is_still_read_by_its_rule(chip: Pn532) -> None:
    rule = {"record": "uri", "match": r"^https://shop\.example/c/(\w+)$"}
    seen = await tapped(chip, Type4Card(ndef=uri("https://shop.example/c/ABC1")), ndef=[rule])
    assert seen.token is not None
    assert (seen.token.kind, seen.token.value) == ("ndef", "ABC1")


async def test_nothing_of_a_tap_is_logged(chip: Pn532, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    await tap(chip, iphone())
    await tap(chip, android(google_wallet()))
    assert caplog.text == ""


def test_no_key_stands_in_the_words_of_the_settings() -> None:
    shown = repr(settings("usb"))
    for secret in ("11" * 32, "33" * 32, "EllipticCurve", bytes(range(16)).hex(), repr(bytes(range(16)))):
        assert secret not in shown

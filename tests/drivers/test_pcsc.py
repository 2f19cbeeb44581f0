"""The PC/SC reader through a real pcscd and its own library: cards, phones, and a daemon that goes and comes back."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.catalogue import build
from drivers.codecs.tags import atr
from drivers.pcsc import PcscReader
from drivers.reader import Reader, ReaderGone, ReaderRefused, Token
from drivers.settings import parse_reader
from tests.drivers.listening import first_idle, next_sighting, nothing_for
from tests.drivers.pcscd import Pcscd, atr_of
from tests.drivers.pn532 import (
    LOCKED,
    Card,
    PaymentApplication,
    Phone,
    Type2Card,
    Type4Card,
    payment_card,
    uri,
)
from tests.drivers.wallets import android, google_wallet, iphone, loyalty, member_app, sun_card
from tests.drivers.wallets import table as takes_everything

RULE = {"record": "uri", "match": r"^https://shop\.example/c/([0-9A-Z]+)$"}
LOYALTY = uri("https://shop.example/c/AB12")


@pytest.fixture
def daemon() -> Iterator[Pcscd]:
    with Pcscd() as made:
        yield made


def pcsc(**settings: object) -> Reader:
    table = {"name": "till-1", "kind": "pcsc", "ndef": [RULE], **settings}
    return build(parse_reader(table, where="readers[0]", base=Path()))


@pytest.mark.anyio
async def test_a_sticker_with_our_address_is_read_once_until_it_has_left(daemon: Pcscd) -> None:
    async with aclosing(pcsc(uid=True).events()) as events:
        await first_idle(events)
        daemon.present(Type2Card(ndef=LOYALTY))
        seen = await next_sighting(events)
        assert (seen.reader, seen.how, seen.token) == (
            "till-1",
            "tap",
            Token("ndef", "AB12", "weak", {"record": "uri"}),
        )
        daemon.remove()
        await asyncio.sleep(1.8)  # away for a second, as the daemon's poll sees it
        daemon.present(Type2Card(ndef=LOYALTY))
        assert (await next_sighting(events)).token == seen.token


@pytest.mark.anyio
async def test_one_after_another_is_read_by_what_it_is(daemon: Pcscd) -> None:
    """A phone's random UID is nobody; then a Type 4 card by its address, a payment card refused, a ring's UID."""
    async with aclosing(pcsc(uid=True).events()) as events:
        await first_idle(events)
        found = []
        daemon.present(Phone())
        await asyncio.sleep(0.7)
        for card in (Type4Card(ndef=LOYALTY, uid=bytes(7)), payment_card(uid=b"\x04" * 7), Type2Card()):
            daemon.remove()
            await asyncio.sleep(
                0.5
            )  # the daemon looks every 0.4 s; who is different need not stay away longer
            daemon.present(card)
            seen = await next_sighting(events)
            found.append(seen.token or seen.outcome)
    assert found == [
        Token("ndef", "AB12", "weak", {"record": "uri"}),
        "refused",
        Token("uid", "04a1b2c3d4e580", "weak", {"technology": "nfc-a"}),
    ]


@pytest.mark.anyio
async def test_every_wallet_app_and_chip_is_read_as_over_nfcpy(daemon: Pcscd) -> None:
    eight = [loyalty(f"N-{n}-" + "x" * 100, f"{n:016x}") for n in range(8)]
    sun = sun_card()
    cards: list[tuple[Card, list[str]]] = [
        (iphone(), ["vas LOYALTY-0001"]),
        (sun, ["sun 04de5f1eacc040"]),
        (
            android(google_wallet(*eight, compressed=False, piece=200)),
            [f"smarttap {e.number}" for e in eight],
        ),
        (sun_card(uid=bytes.fromhex("04000000000001"), file_key=bytes(16)), ["forged"]),
        (Phone(member_app(), PaymentApplication()), ["hce M-00042"]),
        (payment_card(uid=b"\x04" * 7), ["refused"]),
    ]
    table = takes_everything("Virtual PCD") | {"kind": "pcsc"}
    async with aclosing(build(parse_reader(table, where="readers[0]", base=Path())).events()) as events:
        await first_idle(events)
        for card, expected in cards:
            daemon.present(card)
            seen = [await next_sighting(events) for _ in expected]
            told = [f"{each.token.kind} {each.token.value}" if each.token else each.outcome for each in seen]
            assert told == expected
            assert all(each.token is None or each.token.evidence == "strong" for each in seen)
            daemon.remove()
            await asyncio.sleep(0.5)


@pytest.mark.anyio
async def test_a_locked_phone_is_told_once_and_read_once_it_is_unlocked_in_the_same_hold(
    daemon: Pcscd,
) -> None:
    phone = iphone(status=LOCKED)
    table = takes_everything("Virtual PCD") | {"kind": "pcsc"}
    async with aclosing(build(parse_reader(table, where="readers[0]", base=Path())).events()) as events:
        await first_idle(events)
        daemon.present(phone)
        assert (await next_sighting(events)).outcome == "locked"
        phone.applications[0].unlock()  # type: ignore[attr-defined]
        seen = await next_sighting(events)
        assert seen.token is not None
        assert seen.token.value == "LOYALTY-0001"


@pytest.mark.anyio
async def test_a_card_that_flickers_counts_once(daemon: Pcscd) -> None:
    async with aclosing(pcsc(uid=True).events()) as events:
        await first_idle(events)
        daemon.present(Type2Card())
        assert (await next_sighting(events)).token is not None
        daemon.remove()
        await asyncio.sleep(0.5)
        daemon.present(Type2Card())
        assert await nothing_for(events, 1.0)


@pytest.mark.anyio
async def test_a_card_that_left_in_mid_read_is_unreadable_and_the_next_is_fine(daemon: Pcscd) -> None:
    async with aclosing(pcsc().events()) as events:
        await first_idle(events)
        daemon.present(Type4Card(ndef=LOYALTY, uid=bytes(7), lives=7))
        assert (await next_sighting(events)).outcome == "unreadable"
        daemon.present(Type4Card(ndef=LOYALTY, uid=bytes(7)))
        assert (await next_sighting(events)).token == Token("ndef", "AB12", "weak", {"record": "uri"})


@pytest.mark.anyio
async def test_a_daemon_that_ends_is_unplugged_and_one_that_is_back_is_read_again(daemon: Pcscd) -> None:
    reader = pcsc(uid=True)
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        daemon.stop()
        with pytest.raises(ReaderGone) as caught:
            await next_sighting(events)
    assert caught.value.code == "unplugged"
    with pytest.raises(ReaderGone) as caught:
        await first_idle(reader.events())
    assert caught.value.code == "no_service"
    assert "pcscd" in caught.value.hint
    daemon.start()
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        daemon.present(Type2Card())
        assert (await next_sighting(events)).token is not None


@pytest.mark.anyio
@pytest.mark.parametrize("command", [1, 2])
async def test_a_daemon_that_ends_in_the_middle_of_a_talk_is_unplugged_and_never_stuck(
    daemon: Pcscd, command: int
) -> None:
    def meanwhile(asked: int) -> None:
        if asked == command:
            daemon.kill()

    table = takes_everything("Virtual PCD") | {"kind": "pcsc"}
    async with aclosing(build(parse_reader(table, where="readers[0]", base=Path())).events()) as events:
        await first_idle(events)
        daemon.present(iphone(), meanwhile=meanwhile)
        with pytest.raises(ReaderGone) as caught:
            await next_sighting(events)
    assert caught.value.code == "unplugged"


@pytest.mark.anyio
async def test_a_reader_is_chosen_by_a_part_of_its_name(daemon: Pcscd) -> None:
    async with aclosing(pcsc(device="PCD 00 01").events()) as events:
        await first_idle(events)
    with pytest.raises(ReaderGone) as caught:
        await first_idle(pcsc(device="ACR1252").events())
    assert caught.value.code == "no_device"
    assert "Virtual PCD 00 00" in str(caught.value)


@pytest.mark.anyio
async def test_without_the_library_it_says_which_package_brings_it() -> None:
    table = {"name": "till-1", "kind": "pcsc"}
    settings = parse_reader(table, where="readers[0]", base=Path())
    with pytest.raises(ReaderRefused) as caught:
        await first_idle(PcscReader(settings, library="libno-such-thing.so.1").events())
    assert caught.value.code == "no_library"
    assert "libpcsclite1" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "card"),
    [
        (atr_of(Type2Card()), "type-2"),
        (atr_of(Type2Card(sak=8)), "classic"),
        (atr_of(Type2Card(sak=0x18)), "classic-4k"),
        (atr_of(Phone()), "iso-dep"),
        (bytes.fromhex("3b8f8001804f0ca0000003060300030000000068"), "type-2"),  # as an ACR1252 prints it
        (bytes.fromhex("3b8980010064041101013180009000" + "e9"), "iso-dep"),  # historical bytes of its own
        (bytes.fromhex("3b8f8001804f0ca00000030611003b0000000042"), "other"),  # FeliCa
        (bytes.fromhex("3b6d000080318065b0"), "other"),  # a chip card with contacts
        (b"", "other"),
    ],
)
def test_the_answer_to_reset_says_what_a_card_is(answer: bytes, card: str) -> None:
    assert atr.card(answer) == card


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda tail: bytes.fromhex("3b8f8001804f") + tail))
def test_any_answer_to_reset_is_some_card(answer: bytes) -> None:
    assert atr.card(answer) in ("iso-dep", "type-2", "classic", "classic-4k", "other")

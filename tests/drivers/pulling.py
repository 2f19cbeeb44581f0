"""A phone or the cable pulled away at one place of a dialogue after the other, and what the reader makes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

from drivers.catalogue import build
from drivers.presentation import LEFT_S
from drivers.reader import Outcome, ReaderGone, Sighting
from drivers.talks import PASSING
from tests.drivers.listening import Events, first_idle, next_sighting
from tests.drivers.pn532 import (
    PaymentApplication,
    Phone,
    Pn532,
    Type2Card,
    Type4Card,
    TypeBCard,
    payment_card,
    uri,
)
from tests.drivers.pn532.cards import IsoDepCard
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

LINK = "https://shop.example/c/AFTER"
RULE = {"record": "uri", "match": r"^https://shop\.example/c/(\w+)$"}
TWO = [{"pass_type_id": each, "private_key": "11" * 32} for each in (PASS_TYPE, OTHER_TYPE)]
EIGHT = [loyalty(f"N-{n}", f"{n:016x}") for n in range(8)]

Make = Callable[..., IsoDepCard]


def two_passes(**options: object) -> Phone:
    return iphone(apple_pass("G-2", pass_type=OTHER_TYPE), **options)


def one_select(**options: object) -> Phone:
    return android(google_wallet(), **options)


def eight_objects(**options: object) -> Phone:
    wallet = google_wallet(*EIGHT, skips=False, compressed=False, piece=120)
    return android(wallet, **options)


def member(**options: object) -> Phone:
    return Phone(member_app(), **options)  # type: ignore[arg-type]


def plain_tag(**options: object) -> Type4Card:
    return Type4Card(ndef=uri("https://shop.example/c/ABC1"), **options)


DIALOGUES: dict[str, Make] = {
    "a pass of Apple Wallet": iphone,
    "two merchants of Apple Wallet": two_passes,
    "a pass of Google Wallet": one_select,
    "eight objects after a second SELECT": eight_objects,
    "the shop's own app": member,
    "a SUN card": sun_card,
    "a plain tag": plain_tag,
}


class PhoneB(Phone, TypeBCard):
    """A phone that is polled by Type B, as some of Asia's are."""


def locked(**options: object) -> Phone:
    return android(google_wallet(trouble=(b"\x93\x00",) * 99), **options)


def with_a_choice(**options: object) -> Phone:
    return android(google_wallet(trouble=(b"\x93\x02",) * 99), **options)


def of_another_key(**options: object) -> Phone:
    return android(google_wallet(trouble=(b"\x95\x00",)), **options)


def with_sak_60(**options: object) -> Phone:
    return android(google_wallet(), sak=0x60, **options)


def with_short_ats(**options: object) -> Phone:
    return android(google_wallet(), ats=bytes.fromhex("0278"), **options)


def of_type_b(**options: object) -> Phone:
    return PhoneB(google_wallet(), PaymentApplication(), **options)  # type: ignore[arg-type]


# What ends without a token, or speaks another way: every place of them in the proof, a few in the suite.
OTHERS: dict[str, Make] = {
    "a locked phone": locked,
    "a phone that asks which pass": with_a_choice,
    "a wrong key of ours": of_another_key,
    "a payment card": payment_card,
    "a phone with SAK 60": with_sak_60,
    "a phone with a short ATS": with_short_ats,
    "a phone of Type B": of_type_b,
}


@asynccontextmanager
async def opened(chip: Pn532) -> AsyncIterator[Events]:
    async with aclosing(build(settings(chip.path, vas=TWO, ndef=[RULE])).events()) as events:
        await first_idle(events)
        yield events


@dataclass
class Length:
    frames: int
    apdus: int
    ends: Outcome | None = None  # what it comes to in the place of a token
    first: int = 1  # the first frame after it was sensed: what leaves before that was never there


async def length(make: Make) -> Length:
    """How long this dialogue is when nobody disturbs it."""
    with Pn532() as chip:
        async with opened(chip) as events:
            card = make()
            chip.present(card)
            ends = (await next_sighting(events)).outcome
            first = 4 if card.technology == "B" else 1  # nfcpy lets a Type B card go and wakes it anew
            return Length(len(card.frames), len(card.apdus), ends, first)


async def taken_away(make: Make, frames: range, ends: Outcome | None = None) -> list[str]:
    """The places at which the phone's leaving was not one outcome, and the next card not read right after.

    The frame of each number stays without an answer; the last one closes the talk, so the token was there before.
    """
    stuck = []
    with Pn532() as chip:
        async with opened(chip) as events:
            for at in frames:
                # Its own number each: the next would be the one before, back too soon to count again.
                card = make(lives=at, uid=bytes([0x04, at, 6, 5, 4, 3, 2]))
                if card.technology == "B":  # which has none
                    await asyncio.sleep(LEFT_S)
                chip.present(card)
                with suppress(TimeoutError):
                    async with asyncio.timeout(2):
                        while chip.holds_a_card:  # noqa: ASYNC110  (the chip's thread takes it away)
                            await asyncio.sleep(0.005)
                after = Type2Card(ndef=uri(LINK), uid=bytes([0x04, at, 1, 2, 3, 4, 5]))
                chip.present(after)
                seen = await next_sighting(events)
                rest: list[Sighting] = []
                while not rest or rest[-1].token is None or rest[-1].token.value != "AFTER":
                    rest.append(await next_sighting(events))
                was_told = seen.outcome == "unreadable" and len(rest) == 1
                was_read = (at == frames.stop - 1 or ends in PASSING) and seen.outcome == ends
                if not was_told and not was_read:
                    told = [each.outcome or "token" for each in (seen, *rest)]
                    stuck.append(f"frame {at}: {', '.join(told)}")
    return stuck


async def cable_pulled(make: Make, apdus: range, ends: Outcome | None = None) -> list[str]:
    """The places at which a pulled cable was not a lost reader, or the reader did not read again after."""
    stuck = []
    with Pn532() as chip:
        for at in apdus:
            told: list[str] = []
            with suppress(ReaderGone):
                async with opened(chip) as events:
                    chip.present(pulls(make, chip, at))
                    try:
                        while True:  # the phone may be called unreadable before the cable is missed
                            told.append((await next_sighting(events)).outcome or "token")
                    except ReaderGone as error:
                        told.append(error.code)
            chip.remove()
            chip.plug()
            async with opened(chip) as events:
                chip.present(make())
                seen = await next_sighting(events)
            chip.remove()
            if told[-1:] != ["unplugged"] or "token" in told or seen.outcome != ends:
                stuck.append(f"command {at}: {', '.join(told)}; then {seen.outcome or 'token'}")
    return stuck


def pulls(make: Make, chip: Pn532, at: int) -> IsoDepCard:
    """A card that pulls the cable when it hears its APDU number `at`."""
    card = make()
    heard = card.apdu

    def apdu(command: bytes) -> bytes:
        if len(card.apdus) == at:
            chip.pull()
        return heard(command)

    card.apdu = apdu  # type: ignore[method-assign]
    return card

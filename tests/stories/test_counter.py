"""What is held to a real reader becomes a card in a real browser, with the hub stopped."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.drivers.pn532 import Type2Card, Type4Card, uri
from tests.drivers.wallets import android, apple_pass, google_wallet, iphone, loyalty
from tests.patience import PATIENT_S
from tests.stories.counter import (
    APPLE,
    GOOGLE,
    NUMBERS,
    PASS,
    SCANNED,
    TYPE_2,
    TYPE_4,
    Counter,
    open_counter,
)
from tests.stories.shop import until
from tests.stories.tablet import card_of, sign_in

# Behaviour is asserted here, the second itself in `make prove`: two cores run other tests beside this one.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def link(number: str) -> bytes:
    return uri(f"https://shop.example/c/{number}")


def open_offline(counter: Counter) -> None:
    """Everybody has moved in, and the hub is stopped."""
    counter.shop.start_hub()
    counter.shop.start_edge()
    counter.shop.moved_in()
    counter.shop.stop_hub()


def test_cards_barcodes_and_passes_become_glance_cards_with_the_hub_stopped(
    tmp_path: Path, tablet: BrowserContext
) -> None:
    with open_counter(tmp_path) as counter:
        open_offline(counter)
        page = sign_in(tablet, counter.shop)
        for present, person in (
            (lambda: counter.chip.present(Type2Card(ndef=link(NUMBERS["type2"]))), TYPE_2),
            (lambda: counter.chip.present(iphone(apple_pass(NUMBERS["apple"]))), APPLE),
            (lambda: counter.chip.present(Type4Card(ndef=link(NUMBERS["type4"]))), TYPE_4),
            (lambda: counter.chip.present(android(google_wallet(loyalty(NUMBERS["google"])))), GOOGLE),
            (lambda: counter.scanner.write(NUMBERS["scan"] + "\r\n"), SCANNED),
            (lambda: counter.vtap.write("A|" + NUMBERS["vtap"] + "\r\n"), PASS),
        ):
            began_s = time.monotonic()
            present()
            card_of(page, person.traits["name"]["call"], within_s=PATIENT_S, since_s=began_s)
            counter.chip.remove()
        expect(page.locator("[data-visit]")).to_have_count(6)


def test_a_cable_pulled_in_mid_read_and_put_back_is_recognised_again(
    tmp_path: Path, tablet: BrowserContext
) -> None:
    with open_counter(tmp_path) as counter:
        open_offline(counter)
        page = sign_in(tablet, counter.shop)
        pull_and_plug(counter)
        began_s = time.monotonic()
        card_of(page, TYPE_4.traits["name"]["call"], within_s=PATIENT_S, since_s=began_s)
        # The card may be there before the line about its reader is in the file.
        until(lambda: len(of_reader(counter)) >= 3, timeout_s=PATIENT_S, what="the reader's third line")
        assert of_reader(counter) == ["reader_up", "reader_down", "reader_up"]


def of_reader(counter: Counter) -> list[str]:
    """What the appliance logged of the reader whose cable is pulled."""
    return [line["event"] for line in counter.shop.log_lines() if line.get("reader") == "balie"]


def pull_and_plug(counter: Counter) -> None:
    """Pull the reader's cable while a card is being read, leave it out for a second, put it back."""
    card = Type4Card(ndef=link(NUMBERS["type4"]), wtx=3)
    counter.chip.present(card)
    until(lambda: card.apdus, timeout_s=PATIENT_S, what="the first command to the card")
    counter.chip.pull()
    until(
        lambda: "reader_down" in of_reader(counter),
        timeout_s=PATIENT_S,
        what="the appliance noticing",
    )
    counter.chip.plug()


def test_a_stranger_is_invited_and_a_withdrawn_customer_is_left_alone(
    tmp_path: Path, tablet: BrowserContext
) -> None:
    with open_counter(tmp_path) as counter:
        open_offline(counter)
        page = sign_in(tablet, counter.shop)
        counter.scanner.write("2012345678907\r\n")
        expect(page.get_by_text("Nieuwe kaart").first).to_be_visible()
        private = next(person for person in counter.shop.people if "recognition" not in person.purposes)
        counter.scanner.write(private.barcode + "\r\n")
        sentence = page.get_by_text("wil niet herkend worden").first
        expect(sentence).to_be_visible()
        expect(page.locator("[data-card]")).to_have_count(0)

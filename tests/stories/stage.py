"""`welkom demo` in a process of its own, and the four panes of its stage in a browser."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, ViewportSize, expect

from tests.patience import PATIENT_MS, PATIENT_S

SIZES: Final[dict[str, ViewportSize]] = {
    "landscape": {"width": 1440, "height": 900},
    "portrait": {"width": 820, "height": 1180},
}
# What a Dutch page would say if a text were left in English; names and what both languages share are not here.
ENGLISH = re.compile(
    r"\b(the|and|with|your|you|customer|customers|card|known|stop being|stamps|points|loading|sign in|search|"
    r"allow|visit|visits|nothing|waiting|sent|until|since|today|headquarters|phone|counter)\b",
    re.IGNORECASE,
)

DUTCH = re.compile(
    r"\b(de|het|een|en|met|uw|je|klant|klanten|kaart|bekend|herkennen|stempels|punten|zoek|bezoek|niets|wacht|wachten|"
    r"verstuurd|tot|sinds|vandaag|hoofdkantoor|telefoon|balie|tegoed|geen)\b",
    re.IGNORECASE,
)
# Names of people and things that do not change with the language.
_NAMES = re.compile(
    r"(?:balie(?= ·)|de wandelschoenen|[Dd]e Vries|van den Berg|van der Linden|meneer|mevrouw|Nederlands|English)\b"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What the panes say in one language, where the story looks."""

    foreign: re.Pattern[str]
    recognised: str
    seen: str
    out: str
    no_line: str
    apart: str
    wallet: str
    waits: str
    sent: str
    eight: str
    connected: str
    unknown_card: str
    unknown: str
    floor: str
    stop: str
    unwanted: str


SAID = {
    "nl": Said(
        foreign=ENGLISH,
        recognised="Herkend",
        seen="Een medewerker zag uw kaart",
        out="Geen internet sinds",
        no_line="Hoofdkantoor niet bereikbaar",
        apart="Nu niet verbonden",
        wallet="Tegoed",
        waits=r"[1-9]\d* melding(en)? wacht",
        sent=r"^(\d+) van \1 meldingen verstuurd, 0 dubbel\.$",
        eight="Nog 8 stempels",
        connected="Nu verbonden",
        unknown_card="Een onbekende kaart",
        unknown="Niet bekend",
        floor="Rij",
        stop="Stop met herkennen",
        unwanted="Deze klant wil niet herkend worden",
    ),
    "en": Said(
        foreign=DUTCH,
        recognised="Recognised",
        seen="A member of staff saw your card",
        out="No internet since",
        no_line="Headquarters out of reach",
        apart="Not connected now",
        wallet="Wallet",
        waits=r"[1-9]\d* messages? (is|are) waiting",
        sent=r"^(\d+) of \1 messages sent, 0 twice\.$",
        eight="8 more stamps",
        connected="Connected now",
        unknown_card="An unknown card",
        unknown="Not known",
        floor="Floor",
        stop="Stop recognising me",
        unwanted="does not want to be recognised",
    ),
}


@contextmanager
def demo(folder: Path) -> Iterator[dict[str, Any]]:
    """The demo on free ports with fresh state; what `--json` says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "demo", "--json", "--state", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(folder)},
    )
    try:
        assert process.stdout
        about: dict[str, Any] = json.loads(process.stdout.readline())
        yield about
    finally:
        process.terminate()
        process.communicate(timeout=PATIENT_S)


@dataclass(frozen=True, slots=True)
class Stage:
    page: Page

    def pane(self, name: str) -> FrameLocator:
        return self.page.frame_locator(f"#{name} iframe")

    @property
    def tablet(self) -> FrameLocator:
        return self.pane("tablet")

    @property
    def phone(self) -> FrameLocator:
        return self.pane("phone")

    @property
    def office(self) -> FrameLocator:
        return self.pane("office")

    @property
    def display(self) -> FrameLocator:
        return self.pane("balie")

    def tap(self, name: str) -> None:
        self.page.locator("#balie button", has_text=name).click()

    def walk(self, zone: str) -> None:
        self.page.locator("#walk").get_by_role("button", name=zone).click()

    def here(self, zone: str) -> Locator:
        """Who the stage says is there."""
        return self.page.locator(f'[data-here="{zone}"]')

    def switch(self, *, on: bool) -> None:
        toggle = self.page.locator("#switch")
        toggle.click()
        expect(toggle).to_have_attribute("aria-checked", "true" if on else "false")

    def foreign(self, said: Said) -> set[str]:
        """Words of the other language that a person reads now, in any pane."""
        texts = "\n".join(frame.locator("body").inner_text() for frame in self.page.frames)
        return {found.group() for found in said.foreign.finditer(_NAMES.sub("", texts))}


def open_stage(context: BrowserContext, address: str) -> Stage:
    context.set_default_timeout(PATIENT_MS)
    expect.set_options(timeout=PATIENT_MS)
    page = context.new_page()
    page.goto(address)
    stage = Stage(page)
    expect(stage.tablet.locator("#rij")).to_be_visible()
    return stage


def play_promise(
    stage: Stage, said: Said, *, saver: tuple[str, str], stopper: tuple[str, str], stamps: int = 0
) -> float:
    """Tap, cut, redeem, reconnect, stop, with all four panes right and no word of the other language.

    `saver` has a full stamp card once they got `stamps` more. Seconds from the press on stop to the card's end.
    """
    page, foreign = stage.page, set[str]()
    name, call = saver
    stage.tap(name)
    expect(stage.tablet.locator("[data-card] h1")).to_have_text(call)
    expect(stage.display.locator("body")).to_contain_text(said.recognised)
    expect(stage.display.locator("body")).not_to_contain_text(call.split()[-1])
    expect(stage.phone.locator("body")).to_contain_text(call.split()[-1])
    expect(stage.phone.locator("body")).to_contain_text(said.seen)
    balance = stage.phone.locator(".points b").inner_text()
    expect(stage.office.locator("body")).to_contain_text(balance)
    foreign |= stage.foreign(said)

    stage.switch(on=False)
    expect(page.locator("#line")).to_contain_text(said.out)
    expect(stage.tablet.locator(".state")).to_contain_text(said.no_line)
    expect(stage.office.locator("body")).to_contain_text(said.apart)
    stage.tablet.get_by_role("link", name=said.wallet, exact=True).click()
    for _ in range(stamps):
        stage.tablet.locator("button[value=stamp]").click()
        expect(stage.tablet.locator(".said")).to_be_visible()
    stage.tablet.locator("button[value=full]").click()
    expect(stage.tablet.locator(".said")).to_contain_text("gratis impregneren")
    expect(page.locator("#line")).to_contain_text(re.compile(said.waits))
    foreign |= stage.foreign(said)

    stage.switch(on=True)
    expect(page.locator("#line")).to_have_text(re.compile(said.sent))
    expect(stage.office.locator("body")).to_contain_text(said.eight)
    expect(stage.phone.locator("body")).to_contain_text(said.eight)
    expect(stage.office.locator("body")).to_contain_text(said.connected)
    foreign |= stage.foreign(said)

    stage.tap(said.unknown_card)
    expect(stage.display.locator("body")).to_contain_text(said.unknown)
    expect(page.locator("#caption")).to_contain_text(said.unknown_card)
    stage.tap(stopper[0])
    stage.tablet.get_by_role("link", name=said.floor, exact=True).click()
    expect(stage.tablet.locator("[data-card] h1")).to_have_text(stopper[1])
    expect(stage.phone.locator("body")).to_contain_text(stopper[1].split()[-1])
    button = stage.phone.get_by_role("button", name=said.stop)
    button.scroll_into_view_if_needed()
    pressed_s = time.monotonic()
    button.click()
    stage.tablet.locator("[data-card]").wait_for(state="detached")
    took_s = time.monotonic() - pressed_s
    expect(stage.tablet.locator("body")).to_contain_text(said.unwanted)
    stage.tap(stopper[0])
    expect(page.locator("#caption")).to_contain_text(said.unwanted.removeprefix("Deze klant "))
    foreign |= stage.foreign(said)
    assert not foreign, foreign
    return took_s

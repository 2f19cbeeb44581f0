"""A file of the appliance is damaged: the replica is fetched again, the journal is never replaced by an empty one."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from edge.files import ASIDE
from tests.patience import PATIENT_S
from tests.stories.shop import Shop, open_shop, until
from tests.stories.tablet import sign_in
from tests.stories.taps import Pipe

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def spoil(file: Path) -> None:
    """Write over the middle of a file, as a dying disk does, and lose its write-ahead log."""
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(file, "r+b") as stream:
        for page in range(1, file.stat().st_size // 4096):
            stream.seek(page * 4096)
            stream.write(b"\xff\x00dead" * 600)


def test_a_damaged_replica_is_set_aside_said_on_the_tablet_and_fetched_again(
    tmp_path: Path, tablet: BrowserContext
) -> None:
    with open_shop(tmp_path / "shop") as shop:
        shop.start_hub()
        shop.start_edge()
        shop.moved_in()
        shop.stop_edge()
        shop.stop_hub()
        spoil(shop.folder / "state" / "replica.db")
        shop.start_edge()
        page = sign_in(tablet, shop)
        expect(page.locator(".state")).to_contain_text("waren beschadigd")
        shop.start_hub()
        shop.moved_in()
        expect(page.locator(".state")).not_to_contain_text("beschadigd")
        assert not (shop.folder / "state" / ASIDE).exists()
        tapped = shop.people[0]
        with closing(Pipe(shop.pipe)) as pipe:
            pipe.tap(tapped.barcode)
        expect(page.locator("[data-card] h1")).to_have_text(tapped.traits["name"]["call"])


def test_a_replica_damaged_while_it_is_used_ends_the_process_and_the_next_one_mends_it(
    tmp_path: Path,
) -> None:
    with open_shop(tmp_path / "shop") as shop:
        shop.start_hub()
        shop.start_edge()
        shop.moved_in()
        spoil(shop.folder / "state" / "replica.db")
        with closing(Pipe(shop.pipe)) as pipe, suppress(ConnectionError):  # it may end before the last card
            for person in shop.people:
                pipe.tap(person.barcode)
        assert shop.edge
        until(
            lambda: shop.edge and shop.edge.poll() is not None, timeout_s=PATIENT_S, what="the process ending"
        )
        shop.start_edge()
        shop.moved_in()


def test_a_damaged_journal_is_never_replaced_by_an_empty_one(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop") as shop:
        before = spoil_journal(shop)
        with pytest.raises(AssertionError, match=r"journal\.db is damaged \[S02\]"):
            shop.start_edge()
        assert shop.journal.read_bytes() == before


def spoil_journal(shop: Shop) -> bytes:
    spoil(shop.journal)
    return shop.journal.read_bytes()

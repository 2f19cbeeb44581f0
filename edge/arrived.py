"""What came down the line reaches the tablets, the indexes in memory and the advice: rows, or another replica."""

from collections.abc import Sequence

from edge import indexing, jobs, newcomers
from edge.files import whole_again
from edge.house import House
from edge.joining import tables as joining
from edge.presence import beacons
from edge.uplink import customer_of, products_of
from edge.visits import tables as visits
from sync import wire


async def rows_came(house: House, rows: Sequence[wire.Row]) -> None:
    """A slice of the feed was committed."""
    # Whoever was taken away leaves the tablets first; only then is there time for names to be found by.
    people = list(dict.fromkeys(customer for row in rows if (customer := customer_of(row))))
    house.names.forget(people)
    house.search.remove(people)
    house.advisor.changed(people)
    if house.awaited:
        await newcomers.came(house, people)
    if house.radio is not None:
        house.radio.changed(people)
    if any(row.t in ("product", "stock") for row in rows):
        house.advisor.catalogue_changed()
    if any(row.op == "erase" or row.t == "credential" for row in rows):
        house.counter.notes.drop_closed()
    await jobs.attempt(house, jobs.end_without_basis(house))
    if any(row.op == "erase" for row in rows) or visits.count_some(house.db.reader, 1):
        house.live.tell("visits")
    await indexing.index_names(house, people)
    await indexing.index_products(house, products_of(rows))
    if any(row.t in ("product", "stock") for row in rows):
        house.live.tell("products")


async def replaced(house: House) -> None:
    """Another replica is read from now on: whatever was made of the old one is made again."""
    house.names.forget_all()
    house.search.clear()
    house.names_stale.set()
    house.products_stale.set()
    house.advisor.replaced()
    if house.radio is not None:
        house.radio.changed(beacons.owners(house.db.reader))
    house.counter.notes.drop_closed()
    house.live.tell("visits")
    if joining.anything_local(house.db.reader):
        house.newcomers_owed.set()
        await house.db.apply(joining.settle)
        await newcomers.lay_in(house)
        house.names_stale.set()
    await jobs.end_without_basis(house)
    house.live.tell("visits")


def begun(house: House) -> None:
    """The replica is fetched whole from now on, while the old one answers."""
    if not house.health.fetching:
        house.health.fetching = True
        house.live.tell("visits")


def complete(house: House) -> None:
    """The replica has all that the hub has."""
    if house.health.fetching:
        house.health.fetching = False
        whole_again(house.config.store.state)
        house.log("replica_whole_again")
        house.live.tell("visits")


async def empty(house: House) -> None:
    """The replica was emptied, to be filled anew from another hub's first row: who is made here is laid in again."""
    house.health.fetching = True
    await newcomers.lay_in(house)
    house.live.tell("visits")

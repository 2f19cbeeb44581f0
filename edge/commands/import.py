"""`welkom import`: a file of products, stock, customers, balances or staff into the hub, and back out again.

Products and stock also go into an appliance without a hub.

The whole file is read and judged before anything is written: a line that cannot be used refuses the file, and the
last good catalogue stays, unless `--skip-refused` says to take the rest.
"""

import argparse
import asyncio
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edge.at_hub import at_hub, knowing_shops, tried
from edge.catalogue import tables
from edge.catalogue.importers import FORMATS, BadFile, counts, guess
from edge.catalogue.importers.draft import FIELDS, Read, Refusal
from edge.catalogue.importers.lines import Mapping_, read_mapping, unusable
from edge.catalogue.rules import Difference, Product, Stock, difference, missing
from edge.commands import UNCHANGED
from edge.config import load
from edge.files import prepare
from edge.hub_file import HubFile, is_hub, load_hub
from edge.importing import run as run_
from edge.kit.clock import SystemClock, rfc3339
from edge.kit.errors import ConfigError, WelkomError
from edge.kit.log import log_beside_words
from edge.kit.sql import Connection
from edge.kit.sqlite import open_writer
from edge.numbers import whole
from sync.hub import catalogue, models
from sync.hub.app import Hub
from sync.hub.hq import imports, put
from sync.hub.hq.undo import named
from sync.hub.tables.feed import Moved
from sync.hub.tables.imports import runs

MOST_SHOWN: Final = 20


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    new = words.add_parser(
        "catalogue", help="a product file: the whole catalogue, or with --stock the counts"
    )
    new.add_argument("file", type=Path, metavar="FILE")
    new.add_argument(
        "--config", type=Path, required=True, help="hub.toml, or the welkom.toml of a shop without a hub"
    )
    new.add_argument("--format", choices=sorted(FORMATS), help="guessed from the first line when not given")
    new.add_argument("--mapping", type=Path, help="TOML: our field -> the name of their column")
    new.add_argument("--stock", action="store_true", help="counts: item or gtin, count, as_of")
    new.add_argument(
        "--shop", action="append", help="with --stock at a hub with more shops: whose counts (again for more)"
    )
    _usual(new, keep="keep products that are not in the file")
    for name, what in (
        ("customers", "customers by headquarters' own number: name, cards, shops, consents"),
        ("balances", "points and stamps as headquarters counted them"),
        ("staff", "who may sign in, in which shops: the whole list"),
    ):
        new = words.add_parser(name, help=what)
        new.add_argument("file", type=Path, metavar="FILE", help="CSV or JSON lines, plain or gzipped")
        new.add_argument("--config", type=Path, required=True, help="hub.toml")
        new.add_argument("--mapping", type=Path, help="TOML: our field -> the name of their column")
        _usual(new, keep="keep staff who are not in the file" if name == "staff" else "")
    new = words.add_parser("model", help="a model that `welkom advise --save` kept, for every shop")
    new.add_argument("file", type=Path, metavar="FILE")
    new.add_argument("--config", type=Path, required=True, help="hub.toml")
    _dry(new)
    new = words.add_parser("undo", help="take an import back, as long as nothing newer touched its rows")
    new.add_argument("number", type=whole, metavar="NUMBER")
    new.add_argument("--config", type=Path, required=True, help="hub.toml")
    new.add_argument("--skip-touched", action="store_true", help="leave rows that something newer changed")
    _dry(new)
    new = words.add_parser("list", help="the last imports, a line of JSON each")
    new.add_argument("--config", type=Path, required=True, help="hub.toml")


def _usual(new: argparse.ArgumentParser, *, keep: str) -> None:
    if keep:
        new.add_argument("--keep", action="store_true", help=keep)
    new.add_argument(
        "--skip-refused", action="store_true", help="take the lines that are right and leave the others"
    )
    _dry(new)


def _dry(new: argparse.ArgumentParser) -> None:
    new.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")


def run(words: argparse.Namespace) -> int:
    if words.what != "catalogue":
        asyncio.run(_people(words))
        return 0
    try:
        body = words.file.read_bytes()
    except OSError as error:
        raise _not_there(words.file, error) from None
    try:
        mapping = _mapping(words.mapping)
        done = _at_hub if is_hub(words.config) else _here
        return done(words, body, mapping)
    except BadFile as error:
        raise _unreadable(f"{words.file}: {error}") from None


def _not_there(file: Path, error: OSError) -> WelkomError:
    return WelkomError(
        f"{file}: cannot be read ({error.strerror})",
        code="K01",
        hint="nothing was changed; check the name and the folder",
    )


def _unreadable(message: str) -> WelkomError:
    return WelkomError(message, code="K01", hint="nothing was changed; mend the file and import it again")


async def _people(words: argparse.Namespace) -> None:
    """What only a hub can: people, taking back, and the list."""
    if not is_hub(words.config) and words.config.exists():
        raise ConfigError(f"{words.config} is no hub's", code="K05", hint="give the hub's hub.toml")
    settings = load_hub(words.config, environment=os.environ)
    reads = words.what == "list" or (words.what == "undo" and words.dry_run)
    opened = at_hub(words.config, only_reads=True) if reads else knowing_shops(settings)
    async with opened as hub:
        match words.what:
            case "undo":
                await _undo(hub, words)
            case "model":
                await _model(hub, words.file, dry_run=words.dry_run)
            case "list":
                for each in runs(hub.db.reader, below=1 << 53, most=50):
                    print(json.dumps(asdict(each) | {"at": rfc3339(each.at_ms)}))
            case _:
                try:
                    mapping = _mapping(words.mapping, run_.WHAT[words.what].fields)
                    await run_.take(words, mapping, hub)
                except BadFile as error:
                    raise _unreadable(f"{words.file}: {error}") from None
                except OSError as error:
                    raise _not_there(words.file, error) from None


async def _undo(hub: Hub, words: argparse.Namespace) -> None:
    count, left = await imports.take_back(
        hub, words.number, dry_run=words.dry_run, skip_touched=words.skip_touched
    )
    if words.dry_run:
        print(f"Import {words.number} can be taken back: rows {count}. {UNCHANGED}")
    else:
        what = "row is as it was" if count == 1 else "rows are as they were"
        print(f"Import {words.number} was taken back: {count} {what}.")
    if left.rows:
        print(f"Changed since, and left as it is: {named(left)}.")


async def _model(hub: Hub, file: Path, *, dry_run: bool) -> None:
    from edge.advice.ranking.packing import MODEL, MOST_BYTES, NoModel, unpack
    from edge.advice.rules import DAY_MS

    try:
        with file.open("rb") as opened:
            packed = opened.read(MOST_BYTES + 1)
        unpack(packed, day=hub.now_ms() // DAY_MS)
    except OSError as error:
        raise _not_there(file, error) from None
    except NoModel as error:
        raise _unreadable(f"{file}: no model that shops would take ({error})") from None
    if dry_run:
        moved = await tried(hub, models.publish, MODEL, packed)
        print(f"It would go to {len(moved)} shops. {UNCHANGED}")
        return
    moved = await hub.change(models.publish, MODEL, packed)
    print(f"Sent to {len(moved)} shops." if moved else "Nothing was changed: every shop has this one.")


def _mapping(
    path: Path | None, fields: frozenset[str] = FIELDS | {"price_cents", "count", "as_of"}
) -> Mapping_:
    if path is None:
        return Mapping_()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _not_there(path, error) from None
    except UnicodeDecodeError:
        raise _unreadable(f"{path}: is no text in UTF-8") from None
    try:
        return read_mapping(text, fields=fields)
    except BadFile as error:
        raise _unreadable(f"{path}: {error}") from None


def _at_hub(words: argparse.Namespace, body: bytes, mapping: Mapping_) -> int:
    settings = load_hub(words.config, environment=os.environ)
    if words.stock and not words.shop and len(settings.shops) > 1:
        raise ConfigError("this hub has more than one shop", code="K04", hint="say whose counts with --shop")
    return asyncio.run(_feed(words, body, mapping, settings))


async def _feed(words: argparse.Namespace, body: bytes, mapping: Mapping_, settings: HubFile) -> int:
    async with knowing_shops(settings) as hub:
        now_ms = hub.now_ms()
        if words.stock:
            items = catalogue.numbers(hub.db.reader)
            counted = counts.read(body, mapping, items=items, now_ms=now_ms)
            if _judge_counts(words, counted):

                def count(conn: Connection, number: int, some: list[Stock]) -> list[Moved]:
                    return put.put_stock(conn, number, found=some, shop_ids=words.shop)

                _numbered(words, await imports.take(hub, "stock", counted.stocks, count))
            return 0
        found = _read(words, body, mapping)
        given = {each.item: catalogue.product_body(each) for each in found.products}
        changes = difference(catalogue.bodies(hub.db.reader), given, **_whole(words, found))
        if _judge(words, found, changes) and (changes.new or changes.changed or changes.gone):
            wanted = {*changes.new, *changes.changed}
            steps: list[Product | str] = [each for each in found.products if each.item in wanted]
            steps += changes.gone

            def change(conn: Connection, number: int, some: list[Product | str]) -> list[Moved]:
                products = [each for each in some if isinstance(each, Product)]
                gone = [each for each in some if isinstance(each, str)]
                return put.put_products(conn, number, found=products, gone=gone)

            _numbered(words, await imports.take(hub, "catalogue", steps, change))
        return 0


def _numbered(words: argparse.Namespace, number: int) -> None:
    print(f"Import {number}. Take it back: welkom import undo {number} --config {words.config}")


def _here(words: argparse.Namespace, body: bytes, mapping: Mapping_) -> int:
    config = load(words.config)
    if config.hub.url:
        raise ConfigError(
            "this appliance has a hub, which sends it the catalogue",
            code="K03",
            hint="import at the hub: `welkom import catalogue FILE --config hub.toml`",
        )
    clock = SystemClock()
    with _replica(config.store.state, log=log_beside_words(now_ms=clock.wall_ms)) as conn:
        held = tables.held(conn)
        if words.stock:
            counted = counts.read(body, mapping, items=tables.numbers(held.values()), now_ms=clock.wall_ms())
            if _judge_counts(words, counted):
                _write(conn, tables.count_here, counted.stocks)
            return 0
        found = _read(words, body, mapping)
        changes = difference(held, {each.item: each for each in found.products}, **_whole(words, found))
        if _judge(words, found, changes):
            wanted = {*changes.new, *changes.changed}
            put = [each for each in found.products if each.item in wanted]
            _write(conn, tables.replace, put, changes.gone)
        return 0


@contextmanager
def _replica(state: Path, *, log: Any) -> Iterator[sqlite3.Connection]:
    """The replica of an appliance, which may be running: it sees the change within a second."""
    files = prepare(state, log=log)
    with closing(open_writer(files.journal)) as conn:
        conn.execute("ATTACH DATABASE ? AS replica", (str(files.replica),))
        yield conn


def _write(conn: sqlite3.Connection, change: Any, *values: Any) -> None:
    conn.execute("BEGIN")  # of the replica alone: the journal of a running appliance is not locked
    try:
        change(conn, *values)
    except BaseException:
        conn.execute("ROLLBACK")
        raise
    conn.execute("COMMIT")


def _read(words: argparse.Namespace, body: bytes, mapping: Mapping_) -> Read:
    kind = words.format or ("csv" if mapping.columns else guess(body))
    return FORMATS[kind](body, mapping)


def _whole(words: argparse.Namespace, found: Read) -> dict[str, Any]:
    """What is not in the file is gone, but for what stands on refused lines: of that the last good one is kept."""
    kept = {each.item for each in found.refusals}
    return {"whole": not words.keep and "" not in kept, "kept": kept}


def _judge(words: argparse.Namespace, found: Read, changes: Difference) -> bool:
    """Say what would change; whether to change it. Raises WelkomError when lines are refused."""
    _refused(found.refusals)
    for name, items in (("new", changes.new), ("changed", changes.changed), ("gone", changes.gone)):
        for item in items[:MOST_SHOWN] if words.dry_run else ():
            print(f"{name:8} {item}")
        if words.dry_run and len(items) > MOST_SHOWN:
            print(f"{name:8} … and {len(items) - MOST_SHOWN} more")
    print(
        f"{len(changes.new)} new, {len(changes.changed)} changed, {len(changes.gone)} gone, {changes.same} the same, "
        f"{len({each.line for each in found.refusals})} refused, {found.left_out} left out."
    )
    empty = Counter(name for each in found.products for name in missing(each))
    if empty:
        print("Not filled in: " + ", ".join(f"{name} {count}" for name, count in empty.most_common()) + ".")
    return _go(words, found.refusals, empty=not found.products)


def _judge_counts(words: argparse.Namespace, counted: counts.Counted) -> bool:
    _refused(counted.refusals)
    print(f"{len(counted.stocks)} counts, {len({each.line for each in counted.refusals})} refused.")
    return _go(words, counted.refusals, empty=not counted.stocks)


def _refused(refusals: tuple[Refusal, ...]) -> None:
    for each in sorted(refusals, key=lambda each: each.line):
        print(f"line {each.line}: refused ({each.why}): {each.what}")


def _go(words: argparse.Namespace, refusals: tuple[Refusal, ...], *, empty: bool) -> bool:
    if words.dry_run:
        print(UNCHANGED)
    if empty and not refusals:
        raise _unreadable(f"{words.file}: there is no product in it that could be taken")
    if empty or (refusals and not words.skip_refused):
        raise WelkomError(
            f"{words.file}: {unusable(len({each.line for each in refusals}))}",
            code="K02",
            hint="nothing was changed; mend those lines, or take the others with --skip-refused",
        )
    return not words.dry_run

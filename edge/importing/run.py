"""Customers, balances and staff from a file into the hub: the whole file is judged before anything is written."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from edge.catalogue.importers.lines import Mapping_, unusable
from edge.importing import people, stream
from edge.importing.judged import MOST_SHOWN, Judged
from edge.importing.seen import Seen
from edge.importing.stream import Wrong
from edge.kit.errors import Refused, WelkomError
from edge.recognition.rules import normalise
from sync.hub.app import Hub
from sync.hub.hq import imports, put, rows, whom
from sync.hub.tables import staff as members

MOST_REFUSED: Final = 1000  # lines; whoever has more has the wrong file
TOLD_EVERY: Final = 10_000


@dataclass(frozen=True, slots=True)
class _What:
    """One thing that can be imported: how a line is read, what makes it unique, what the hub says and does."""

    fields: frozenset[str]
    needed: str
    read: Callable[[Any], Any]
    names: Callable[[Hub, Any], list[str]]
    judge: Callable[[Hub, Any], str]
    shown: Callable[[Hub, Any], str]
    put: Callable[[Hub], Callable[..., Any]]


def _customer_names(hub: Hub, row: rows.Customer) -> list[str]:
    cards = [f"{kind} {(normalise(kind, value) or b'').hex()}" for kind, value in row.cards]
    return [whom.customer_id(hub.keys, row.ref, row.id).hex(), *cards]


def _judge_customer(hub: Hub, row: rows.Customer) -> str:
    return put.judge_customer(hub.db.reader, hub.keys, row, now_ms=hub.now_ms())


def _judge_staff(hub: Hub, row: rows.Staff) -> str:
    from sync.hub.devices import shop_key_of

    for shop_id in row.shops:
        shop_key_of(hub.db.reader, hub.keys, shop_id)
    held = members.member(hub.db.reader, row.id)
    if held is None or held[1] is None:
        return "new"
    return "same" if held[1] == put.staff_body(row) else "changed"


def _id_of(hub: Hub, row: Any) -> str:
    return whom.customer_id(hub.keys, row.ref, row.id).hex()


def _sealed(act: Callable[..., Any]) -> Callable[[Hub], Callable[..., Any]]:
    """An act that needs the hub's keys and its time, for the hub it is done in."""
    return lambda hub: lambda conn, number, some: act(conn, hub.keys, number, found=some, now_ms=hub.now_ms())


def _called(hub: Hub, row: Any) -> str:
    """As the file calls them, so that whoever made it finds the line."""
    return str(row.ref or row.id)


WHAT: Final = {
    "customers": _What(
        fields=people.CUSTOMER,
        needed="ref id",
        read=people.customer,
        names=_customer_names,
        judge=_judge_customer,
        shown=_called,
        put=_sealed(put.put_customers),
    ),
    "balances": _What(
        fields=people.BALANCE,
        needed="ref id",
        read=people.balance,
        names=lambda hub, row: [_id_of(hub, row)],
        judge=lambda hub, row: put.judge_balance(hub.db.reader, hub.keys, row, now_ms=hub.now_ms()),
        shown=_called,
        put=_sealed(put.put_balances),
    ),
    "staff": _What(
        fields=people.STAFF,
        needed="id",
        read=people.staff,
        names=lambda hub, row: [row.id],
        judge=_judge_staff,
        shown=lambda hub, row: str(row.id),
        put=lambda hub: (
            lambda conn, number, some: put.put_staff(
                conn,
                number,
                found=[each for each in some if isinstance(each, rows.Staff)],
                gone=[each for each in some if isinstance(each, str)],
            )
        ),
    ),
}


async def take(words: argparse.Namespace, mapping: Mapping_, hub: Hub) -> None:
    """Judge the file, say what would change, and do it; raises WelkomError, BadFile."""
    what = WHAT[words.what]
    before = _stamp(words.file)
    with Seen() as seen:
        judged, here = _judge(what, words, mapping, hub, seen)
    keeps = words.what != "staff" or words.keep or judged.unread
    if judged.unread and words.what == "staff" and not words.keep:
        print("Nobody is taken away: a line that cannot be read may be theirs.")
    gone = [] if keeps else sorted(_present(hub) - here)
    stays = not any(judged.counts.values()) or bool(judged.refused and not words.skip_refused)
    judged.say(gone if words.dry_run else (), count=len(gone), stays=stays)
    judged.say_people(named={*hub.config.parties, *hub.config.controllers.values()})
    if words.dry_run:
        print("Nothing was changed: this was a dry run.")
    if stays:
        raise WelkomError(
            f"{words.file}: {unusable(len(judged.refused))}",
            code="K02",
            hint="nothing was changed; mend those lines, or take the others with --skip-refused",
        )
    if words.dry_run or not (judged.counts["new"] or judged.counts["changed"] or gone):
        return
    found = _rows(what, words.file, mapping)
    wanted = (row for row in found if not isinstance(row, Wrong) and row.line not in judged.refused)
    steps = chain(_told(_unchanged(wanted, words.file, before)), gone)
    number = await imports.take(hub, words.what, steps, what.put(hub))
    print(f"Import {number}. Take it back: welkom import undo {number} --config {words.config}")


def _judge(
    what: _What, words: argparse.Namespace, mapping: Mapping_, hub: Hub, seen: Seen
) -> tuple[Judged, set[str]]:
    judged, here = Judged(), set[str]()
    for row in _told(_rows(what, words.file, mapping)):
        wrong = row.what if isinstance(row, Wrong) else None
        judged.unread = judged.unread or isinstance(row, Wrong)
        if not isinstance(row, Wrong):
            twice = (seen.before(each, line=row.line) for each in what.names(hub, row))
            before = next((each for each in twice if each is not None and each != row.line), None)
            if before is not None:
                wrong = f"stands on line {before} already, or its card does"
            else:
                try:
                    verdict = what.judge(hub, row)
                except Refused as error:
                    wrong = f"{error} ({error.code})"
        if words.what == "staff" and not isinstance(row, Wrong):
            here.add(row.id)
        if wrong is not None:
            judged.refused.add(row.line)
            if len(judged.refused) <= MOST_REFUSED:
                print(f"line {row.line}: refused: {wrong}")
            continue
        judged.counts[verdict] += 1
        if isinstance(row, rows.Customer):
            judged.customer(row, new=verdict == "new")
        if words.dry_run and verdict != "same" and judged.counts[verdict] <= MOST_SHOWN:
            print(f"{verdict:8} line {row.line}  {what.shown(hub, row)}")
    if len(judged.refused) > MOST_REFUSED:
        print(f"… and {len(judged.refused) - MOST_REFUSED} lines more are refused")
    return judged, here


def _rows(what: _What, path: Path, mapping: Mapping_) -> Iterator[Any]:
    found = stream.lines(path, mapping, fields=what.fields, needed=what.needed)
    return people.parsed(found, what.read)


def _present(hub: Hub) -> set[str]:
    return {id_ for id_, _, _ in members.present(hub.db.reader)}


def _stamp(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size


def _unchanged(found: Iterator[Any], path: Path, before: tuple[int, int]) -> Iterator[Any]:
    yield from found
    if _stamp(path) != before:
        raise WelkomError(
            f"{path} was written to while it was read",
            code="K01",
            hint="nothing was changed; import it again",
        )


def _told(found: Iterator[Any]) -> Iterator[Any]:
    """Passes everything on, and says on a terminal how far it is."""
    if not sys.stderr.isatty():
        yield from found
        return
    count = 0
    for count, each in enumerate(found, 1):
        if count % TOLD_EVERY == 0:
            print(f"\r{count:,} lines", end="", file=sys.stderr, flush=True)
        yield each
    if count >= TOLD_EVERY:
        print(f"\r{count:,} lines", file=sys.stderr)

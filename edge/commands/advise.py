"""`welkom advise`: learns from a history of baskets, then answers each query with what to suggest and why.

With `--fairness` it answers whether it serves every declared group alike, with `--report` what became of a shop's
suggestions: one JSON object each, and a table on stderr. With `--pairs` it writes what is bought together in a shop.
"""

import argparse
import gc
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.kit.errors import WelkomError, WordsError
from edge.kit.text import is_country
from edge.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from edge.advice.answering import Answering
    from edge.config import Shop

SUGGESTIONS: Final = 10
# The same lines as in edge/advice/README.md.
LINES: Final = """a line of each file (more in edge/advice/README.md):
  H.jsonl  {"customer": "42", "baskets": [{"t": "2026-03-01", "store": "s1", "items": ["tea", "milk"]}]}
  Q.jsonl  {"customer": "42", "baskets": [], "t": "2026-04-02", "store": "s1", "basket": ["milk"]}
  C.jsonl  {"item": "rice", "category": "grains", "department": "grocery", "durable": false, "sensitive": false}
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = LINES
    parser.add_argument("--history", type=Path, metavar="H.jsonl", help="customers' baskets")
    parser.add_argument("--queries", type=Path, metavar="Q.jsonl", help="whom to suggest to")
    parser.add_argument("--k", type=whole, metavar="N", help=f"suggestions of each answer ({SUGGESTIONS})")
    parser.add_argument(
        "--catalogue", type=Path, metavar="C.jsonl", help="products with category, durable, sensitive"
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="MODEL",
        help="keep what was learnt, for `welkom import model` at the hub",
    )
    parser.add_argument(
        "--fairness",
        action="store_true",
        help="is every group served as its own history lets expect? exit 1 where not",
    )
    parser.add_argument("--by", metavar="GROUP", help="with --fairness: the declared group, such as age")
    parser.add_argument(
        "--report",
        action="store_true",
        help="shown, said, bought, put away: by product and reason, from the shop of --config",
    )
    parser.add_argument(
        "--pairs",
        action="store_true",
        help="what is bought together in the shop of --config, as CSV: pairs of at least ten customers",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="with --pairs: where; standard output else")
    parser.add_argument(
        "--config", type=Path, metavar="welkom.toml", help="with --report or --pairs: the shop"
    )
    parser.add_argument(
        "--country", default="NL", help="whose law limits what may be promoted (ISO 3166-1; NL)"
    )
    parser.add_argument("--seed", type=whole, default=0, help="of everything drawn (0)")


def run(words: argparse.Namespace) -> int:
    if not is_country(words.country):
        raise WordsError("--country is none", code="W01", hint="give two capitals, such as NL")
    if words.report or words.pairs or words.config or words.out:
        return _of_shop(words)
    if not words.history:
        raise WordsError("--history is missing", code="W01", hint="give customers' baskets, a line each")
    _say_unknown_country(words.country)
    if words.fairness or words.by:
        return _fairness(words)
    nothing = not words.queries and not words.save
    k = SUGGESTIONS if words.k is None else words.k
    if nothing:
        raise WordsError(
            "there is nothing to answer", code="W01", hint="give --queries, or --save, or --fairness --by"
        )
    if k < 1 or words.seed < 0:
        raise WordsError(
            "--k or --seed is too low", code="W01", hint="give --k of at least 1, and no --seed below 0"
        )
    from edge.advice import lines
    from edge.advice.answering import Answering

    catalogue = lines.products(words.catalogue) if words.catalogue else None
    queries = list(lines.asks(words.queries)) if words.queries else []
    histories = list(lines.histories(words.history))
    if not any(each.visits for each in histories):
        # Answers that rest on less than was meant are answers still: said beside them.
        sys.stderr.write(
            f"welkom: {words.history.name} has no basket, so each answer rests on its own query alone: "
            "give --history a file with customers' baskets\n"
        )
    answering = Answering(histories, catalogue, seed=words.seed, country=words.country)
    del histories
    gc.freeze()  # a history is no garbage: to look for some in it would make one answer late
    for asked in queries:
        answer = answering.answer(asked, k)
        reasons = [{"code": each.code, "evidence": each.evidence} for each in answer]
        line = {"customer": asked.customer, "items": [each.item for each in answer], "reasons": reasons}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    if words.save:
        _save(words.save, answering)
    return 0


def _say_unknown_country(country: str) -> None:
    """What is withheld then is more than its law asks, which is no error, and no secret."""
    from edge.advice.limits import EVERYWHERE, limits

    known = {each for limit in limits() for each in limit.countries} - {EVERYWHERE}
    if country not in known:
        sys.stderr.write(
            f"welkom: no law of {country} is known here, so the limits of every country hold: "
            f"give --country as one of: {', '.join(sorted(known))}\n"
        )


def _fairness(words: argparse.Namespace) -> int:
    if not words.fairness or not words.by or words.queries or words.save or words.k or words.seed < 0:
        raise WordsError(
            "the bias report wants one declared group, and no queries",
            code="W01",
            hint="write: advise --fairness --history H.jsonl --by age",
        )
    from edge.advice import lines
    from edge.bench import fairness

    catalogue = lines.products(words.catalogue) if words.catalogue else None
    known = fairness.sayable(lines.histories(words.history), catalogue, country=words.country)
    declared = sorted({name for each in known for name in each.group})
    if words.by not in declared:
        raise WelkomError(
            f"nobody in {words.history.name} declared {words.by}",
            code="A05",
            hint=f"choose one of: {', '.join(declared[:20])}" if declared else "histories name no group",
        )
    make = fairness.learner(catalogue, seed=words.seed, country=words.country)
    asked = fairness.survey(known, make, by=words.by, prices=fairness.prices(catalogue))
    found = fairness.report(asked, words.by, seed=words.seed)
    sys.stderr.write(fairness.text(found) + "\n")
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    return 0 if found["holds"] else 1


def _of_shop(words: argparse.Namespace) -> int:
    others = (words.history, words.queries, words.save, words.k, words.fairness, words.by, words.catalogue)
    one = words.report != words.pairs and not (words.report and words.out)
    if not one or not words.config or any(others):
        raise WordsError(
            "a report on suggestions or on pairs wants a shop, and nothing else",
            code="W01",
            hint="write: advise --report --config welkom.toml, or advise --pairs --config welkom.toml --out FILE",
        )
    from edge.config import credentials_folder, load
    from edge.files import prepare
    from edge.insight.days import day_of
    from edge.keys import read_key
    from edge.kit.clock import SystemClock
    from edge.kit.log import said_to_nobody
    from edge.kit.sqlite import open_reader

    config = load(words.config)
    kek = read_key(credentials_folder(config), "kek")
    files = prepare(config.store.state, log=said_to_nobody)
    shop, now_ms = config.shop, SystemClock().wall_ms()

    def day(at_ms: int) -> str:
        return day_of(at_ms, shop.timezone)

    with closing(open_reader(files.journal, attach={"replica": files.replica})) as conn:
        if words.pairs:
            _pairs(conn, shop, now_ms, kek, day, words.out)
        else:
            _report(conn, shop, now_ms, kek, day)
    return 0


def _report(conn: "Connection", shop: "Shop", now_ms: int, kek: bytes, day: "Callable[[int], str]") -> None:
    from edge.advice import learnt

    told = learnt.report(learnt.gather(conn, recipient=shop.recipient, now_ms=now_ms, kek=kek, day=day))
    sys.stderr.write(learnt.text(told) + "\n")
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _pairs(
    conn: "Connection", shop: "Shop", now_ms: int, kek: bytes, day: "Callable[[int], str]", out: Path | None
) -> None:
    from edge import exporting
    from edge.advice import pairs
    from edge.advice.rules import GROUP, PAIR

    counted = pairs.gather(
        conn, recipient=shop.recipient, now_ms=now_ms, kek=kek, day=day, country=shop.country
    )
    count = exporting.write(out, "csv", pairs.COLUMNS, pairs.rows(counted, shop.recipient))
    told = f"{count} {'pair' if count == 1 else 'pairs'} of {counted.first} up to {counted.end}"
    sys.stderr.write(f"{told}, each of at least {PAIR} baskets and {GROUP} customers.\n")


def _save(path: Path, answering: "Answering") -> None:
    from edge.advice.rules import DAY_MS
    from edge.kit.clock import SystemClock

    packed = answering.packed(day=SystemClock().wall_ms() // DAY_MS)
    if packed is None:
        raise WelkomError(
            "nothing was learnt that could be kept",
            code="A04",
            hint="a model needs the baskets of more customers",
        )
    try:
        path.write_bytes(packed)
    except OSError as error:
        raise WelkomError(
            f"{path.name} cannot be written: {error.strerror}", code="A02", hint="choose another place"
        ) from None

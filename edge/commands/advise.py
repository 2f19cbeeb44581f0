"""`welkom advise`: learns from a history of baskets, then answers each query with what to suggest and why."""

import argparse
import json
import sys
from pathlib import Path

from edge.kit.errors import WordsError


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--history", type=Path, required=True, metavar="H.jsonl", help="customers' baskets")
    parser.add_argument("--queries", type=Path, required=True, metavar="Q.jsonl", help="whom to suggest to")
    parser.add_argument("--k", type=int, required=True, metavar="N", help="suggestions of each answer")
    parser.add_argument(
        "--catalogue", type=Path, metavar="C.jsonl", help="products with category, durable, sensitive"
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (0)")


def run(words: argparse.Namespace) -> int:
    if words.k < 1 or words.seed < 0:
        raise WordsError(
            "there is nothing to suggest", code="W01", hint="give --k of at least 1 and no --seed below 0"
        )
    from edge.advice import lines
    from edge.advice.answering import Answering

    catalogue = lines.products(words.catalogue) if words.catalogue else None
    queries = list(lines.asks(words.queries))
    answering = Answering(lines.histories(words.history), catalogue, seed=words.seed)
    for asked in queries:
        answer = answering.answer(asked, words.k)
        reasons = [{"code": each.code, "evidence": each.evidence} for each in answer]
        line = {"customer": asked.customer, "items": [each.item for each in answer], "reasons": reasons}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 0

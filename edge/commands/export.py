"""`welkom export`: facts, ledger, catalogue, stock, fleet, customers, suggestions of the hub, as CSV or Parquet."""

import argparse
import asyncio
import sys
from pathlib import Path

from edge import exporting
from edge.at_hub import at_hub
from edge.kit.errors import WordsError
from edge.kit.sql import Connection
from sync.hub.hq import export

FORMATS = ("csv", "parquet")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=sorted(export.SHEETS), metavar="WHAT", help=", ".join(export.SHEETS))
    parser.add_argument("--config", type=Path, required=True, help="hub.toml")
    parser.add_argument("--out", type=Path, help="the file; standard output, as CSV, when not given")
    parser.add_argument("--format", choices=FORMATS, help="by the file's ending when not given")
    parser.add_argument(
        "--for",
        dest="purpose",
        default="",
        metavar="PURPOSE",
        help="with who it is about, where they gave a yes to this purpose; else about nobody",
    )
    parser.add_argument("--dry-run", action="store_true", help="count the rows and write nothing")


def run(words: argparse.Namespace) -> int:
    asyncio.run(_do(words))
    return 0


async def _do(words: argparse.Namespace) -> None:
    sheet = export.checked(words.what, words.purpose)
    if words.out and not words.format and words.out.suffix not in (".csv", ".parquet"):
        hint = "end the name in .csv or .parquet, or say --format"
        raise WordsError(f"{words.out.name}: of what format is it", code="W04", hint=hint)
    form = words.format or ("parquet" if words.out and words.out.suffix == ".parquet" else "csv")
    if form == "parquet" and words.out is None:
        raise WordsError("Parquet needs a file", code="W04", hint="say where with --out")
    async with at_hub(words.config) as hub:
        asked = export.Asked(hub.keys, words.purpose, hub.basis_ms(), hub.log)

        def out(conn: Connection) -> int:
            rows = sheet.rows(conn, asked)
            if words.dry_run:
                return sum(1 for _ in rows)
            return exporting.write(words.out, form, sheet.columns, rows)

        count = await hub.db.view(out)
    if words.dry_run:
        print(f"{count} {'row' if count == 1 else 'rows'} would be written; nothing was.")
    elif words.out is not None:
        print(f"{count} {'row' if count == 1 else 'rows'} in {words.out}.", file=sys.stderr)

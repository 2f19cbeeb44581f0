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
    names = ", ".join(export.SHEETS)
    parser.add_argument("what", nargs="+", choices=sorted(export.SHEETS), metavar="WHAT", help=names)
    parser.add_argument("--config", type=Path, required=True, help="hub.toml")
    parser.add_argument(
        "--out", type=Path, help="the file, of more than one their folder; else standard output, as CSV"
    )
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
    """Write each; one that cannot be written is named, stops none of the others, and fails the command in the end."""
    sheets = {what: export.checked(what, words.purpose) for what in words.what}
    many, failed = len(sheets) > 1, None
    form = _format(words, many=many)
    if many and words.out and not words.dry_run:
        exporting.make_folder(words.out)
    async with at_hub(words.config, only_reads=True) as hub:
        asked = export.Asked(hub.keys, words.purpose, hub.basis_ms(), hub.log)
        for what, sheet in sheets.items():
            file = words.out / f"{what}.{form}" if many and words.out else words.out
            try:
                count = await hub.db.view(_write, sheet, asked, file, form=form, dry_run=words.dry_run)
            except Exception as error:
                if many:
                    print(f"{what}: not written.", file=sys.stderr)
                failed = failed or error
                continue
            rows = f"{count} {'row' if count == 1 else 'rows'}"
            if words.dry_run:
                print(f"{what + ': ' if many else ''}{rows} would be written; nothing was.")
            elif file is not None:
                print(f"{rows} in {file}.", file=sys.stderr)
    if failed is not None:
        raise failed


def _format(words: argparse.Namespace, *, many: bool) -> str:
    if many:
        if words.out is None and not words.dry_run:
            raise WordsError("more than one needs a folder", code="W04", hint="say where with --out")
        return words.format or "csv"
    if words.out and not words.format and words.out.suffix not in (".csv", ".parquet"):
        hint = "end the name in .csv or .parquet, or say --format"
        raise WordsError(f"{words.out.name}: of what format is it", code="W04", hint=hint)
    form = words.format or ("parquet" if words.out and words.out.suffix == ".parquet" else "csv")
    if form == "parquet" and words.out is None:
        raise WordsError("Parquet needs a file", code="W04", hint="say where with --out")
    return str(form)


def _write(
    conn: Connection, sheet: export.Sheet, asked: export.Asked, file: Path | None, *, form: str, dry_run: bool
) -> int:
    rows = sheet.rows(conn, asked)
    if dry_run:
        return sum(1 for _ in rows)
    return exporting.write(file, form, sheet.columns, rows)

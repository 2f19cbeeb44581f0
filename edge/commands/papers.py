"""`welkom papers`: records of processing, DPIA, door sign, works-council letter, "Wat Welkom niet kan"."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from edge.config import load
from edge.hub_file import is_hub, load_hub
from edge.kit.clock import SystemClock
from edge.kit.errors import ConfigError, WordsError
from edge.papers.installation import Installation, zones_of
from edge.papers.maker import PAPERS, Made, make
from edge.papers.words import LANGUAGES


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", choices=PAPERS, metavar="NAME", help=f"one of {', '.join(PAPERS)}; all"
    )
    parser.add_argument("--config", type=Path, required=True, help="welkom.toml of the shop, or hub.toml")
    parser.add_argument("--hub", type=Path, help="hub.toml as well, which knows who answers for the shop")
    parser.add_argument("--language", choices=LANGUAGES, help="both when not given")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write each as HTML and Markdown into DIR")
    parser.add_argument("--html", action="store_true", help="print HTML; Markdown when not given")
    parser.add_argument("--json", action="store_true", help="a line of JSON each: what it is, and its text")


def run(words: argparse.Namespace) -> int:
    here = installation(words.config, words.hub)
    if words.name == "sign" and here.shop is None:
        raise WordsError("a hub has no door", code="W04", hint="give the welkom.toml of the shop to --config")
    languages = (words.language,) if words.language else LANGUAGES
    made = [each for language in languages for each in make(here, language, only=words.name or "")]
    if words.out is not None:
        _write(words.out, made)
    for each in made:
        _say(each, words)
    return 0


def installation(config: Path, hub: Path | None) -> Installation:
    """What the papers are about, by one settings file or two; raises ConfigError."""
    if hub is not None and (is_hub(config) or not is_hub(hub)):
        raise ConfigError(
            f"--config {config} with --hub {hub}: not a shop's file with a hub's",
            code="C01",
            hint="give the shop's welkom.toml to --config and the hub.toml to --hub; of a hub alone only --config",
        )
    if is_hub(config):
        shop, hub = None, config
    else:
        shop = load(config)
    return Installation(
        made_ms=SystemClock().wall_ms(),
        version=version("welkom"),
        shop=shop,
        hub=load_hub(hub, environment=os.environ).hub if hub else None,
        zones=zones_of(shop) if shop else 0,
    )


def _write(folder: Path, made: Sequence[Made]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in made:
            for ending, text in (("html", each.html), ("md", each.markdown)):
                (folder / f"{each.name}.{each.language}.{ending}").write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be written ({error.strerror})",
            code="C01",
            hint="choose another folder with --out",
        ) from None


def _say(each: Made, words: argparse.Namespace) -> None:
    if words.json:
        said = {"name": each.name, "language": each.language, "title": each.title, "open": each.open}
        if words.out is None:
            said |= {"html": each.html, "markdown": each.markdown}
        print(json.dumps(said, ensure_ascii=False), flush=True)
    elif words.out is None:
        print(each.html if words.html else each.markdown)
    else:
        owed = f"; {each.open} to answer" if each.open else ""
        print(f"{words.out / each.name}.{each.language}.html and .md{owed}", file=sys.stderr)

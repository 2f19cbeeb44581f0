"""`welkom init`: a configuration and its secrets, asking only what cannot be known."""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import hub_file
from edge.config import Config, example, parse, toml
from edge.keys import NAMES, read_keys, write_keys
from edge.kit.errors import ConfigError, WordsError
from sync.hub import config as hub_config

ASKED: Final = ("shop", "name", "recipient", "hub", "tls")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="file to write (welkom.toml; of a hub hub.toml)")
    parser.add_argument(
        "--hub-here", action="store_true", help="write the hub.toml and the secrets of a hub instead"
    )
    parser.add_argument("--shop", help="the shop's id at the hub")
    parser.add_argument("--name", help="the shop's name as on the door")
    parser.add_argument("--recipient", help="who receives the data: the chain or the franchise holder")
    parser.add_argument("--hub", help="address of the central wallet; empty to stay alone")
    parser.add_argument("--tls", choices=("own", "off"), help="HTTPS with certificates of its own (own)")
    parser.add_argument(
        "--by-hand", action="store_true", help="also print what hub.toml needs where `enrol` cannot be used"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the file and write nothing")


def run(words: argparse.Namespace) -> int:
    path: Path = words.config or Path("hub.toml" if words.hub_here else "welkom.toml")
    if path.exists() and not words.dry_run:
        raise ConfigError(
            f"{path} exists already", code="C06", hint="choose another --config, or edit that file"
        )
    return _hub(path, words) if words.hub_here else _shop(path, words)


def _hub(path: Path, words: argparse.Namespace) -> int:
    if words.by_hand or any(getattr(words, each) is not None for each in ASKED):
        raise WordsError(
            "a hub has no shop, name, recipient, hub or tls of its own, and is nobody's by hand",
            code="W02",
            hint="leave those out beside --hub-here",
        )
    if words.dry_run:
        sys.stdout.write(hub_file.example())
        return 0
    folder = _written(path, hub_file.example(), own="hub_kek", names=hub_config.NAMES)
    sys.stdout.write(
        f"Made {path}, the settings of a hub, and its two secrets in {folder}. Keep a copy of both elsewhere: "
        "without them its database opens to nobody.\n"
        "Next, one after another:\n"
        f"  1. welkom hub --config {path}              the hub itself: leave it running\n"
        f"  2. welkom enrol --config {path} --shop ID  in another terminal, for each shop: prints its code\n"
    )
    return 0


def _shop(path: Path, words: argparse.Namespace) -> int:
    shop = words.shop or _ask("Shop id at the hub", "shop-1")
    answers = {
        'id = "demo"': f"id = {toml(shop)}",
        'name = "Van Dam, Amersfoort"': f"name = {toml(words.name or _ask('Name of the shop', 'Welkom'))}",
        'recipient = "van-dam"': f"recipient = {toml(words.recipient or _ask('Who receives the data', shop))}",
        'url = ""': f"url = {toml(words.hub if words.hub is not None else _ask('Address of the hub', ''))}",
        'device = ""': f"device = {toml(f'{shop}-1')}",
        'tls = "off"': f"tls = {toml(words.tls or _tls())}",
    }
    text = example()
    for old, new in answers.items():
        text = text.replace(old, new, 1)
    try:
        config = parse(tomllib.loads(text), base=path.parent, file="what was asked")
    except ConfigError as error:
        raise ConfigError(str(error), code=error.code, hint="nothing was written; give it again") from None
    if words.by_hand and not config.hub.url:
        raise WordsError(
            "there is no hub to make this shop known to",
            code="W02",
            hint="give --hub, or leave out --by-hand",
        )
    if words.dry_run:
        sys.stdout.write(text)
        return 0
    folder = _written(path, text, own="device_key")
    sys.stdout.write(
        f"Made {path}, the settings of {config.shop.name}, and its secrets in {folder}: show those to nobody.\n"
    )
    if not sys.stdin.isatty() and (taken := [each for each in ASKED if getattr(words, each) is None]):
        sys.stdout.write(f"Nobody could be asked, so defaults stand there for: {', '.join(taken)}.\n")
    sys.stdout.write(_next(config, path))
    if words.by_hand:
        sys.stdout.write(_by_hand(config, folder))
    return 0


def _next(config: Config, path: Path) -> str:
    """What comes after `init`, in order; of a hub nothing is said to a shop that has none."""
    at = f"--config {path}"
    steps = [(f"welkom check {at}", "are the settings right?")]
    if config.hub.url:
        steps += [
            (f"welkom enrol --config hub.toml --shop {config.shop.id}", "at headquarters: prints a code"),
            (f"welkom enrol {at} --code CODE", "here, with that code"),
        ]
    steps += [
        (f"welkom staff add {at} --name NAME", "who may sign in; asks for a PIN"),
        (f"welkom edge {at}", "Welkom itself: leave it running"),
        (f"welkom tablet pair {at}", "in another terminal: a code for the tablet"),
    ]
    wide = max(len(command) for command, _ in steps)
    lines = (f"  {number}. {command:{wide}}  {why}\n" for number, (command, why) in enumerate(steps, 1))
    return "Next, one after another:\n" + "".join(lines)


def _by_hand(config: Config, folder: Path) -> str:
    """What makes a hub know this shop where no code can be brought from one to the other."""
    shop = config.shop.id
    key = Ed25519PrivateKey.from_private_bytes(read_keys(folder).device_key).public_key()
    return (
        "\nInstead of both `welkom enrol`: make chain_key here the hub's own, give the hub this shop's shop_key as\n"
        f"its secret shop_key.{shop}, and put this in its hub.toml:\n\n"
        f'[[shops]]\nid = "{shop}"\ndevice = "{config.hub.device}"\n'
        f'public_key = "{key.public_bytes_raw().hex()}"\n'
    )


def _written(path: Path, text: str, *, own: str, names: tuple[str, ...] = NAMES) -> Path:
    """Write settings and secrets; raises ConfigError where the secret `own` is there: the folder is another's."""
    folder = path.parent / "credentials"
    if (folder / own).exists():
        raise ConfigError(
            f"{folder} holds secrets already, of another file than {path.name}",
            code="C06",
            hint="two must not share them: choose another folder; are they this one's own, "
            f"write the settings alone with --dry-run > {path.name}",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_keys(folder, names=names)
    path.write_text(text, encoding="utf-8")
    return folder


def _tls() -> str:
    return (
        "off"
        if _ask("HTTPS with certificates of its own, yes or no", "yes").lower().startswith("n")
        else "own"
    )


def _ask(question: str, default: str) -> str:
    if not sys.stdin.isatty():
        return default
    return input(f"{question} [{default}]: ").strip() or default

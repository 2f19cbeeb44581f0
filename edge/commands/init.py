"""`welkom init`: a configuration and its secrets, asking only what cannot be known."""

import argparse
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.config import example, toml
from edge.keys import read_keys, write_keys
from edge.kit.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=Path("welkom.toml"), help="file to write (welkom.toml)"
    )
    parser.add_argument("--shop", help="the shop's id at the hub")
    parser.add_argument("--name", help="the shop's name as on the door")
    parser.add_argument("--recipient", help="who receives the data: the chain or the franchise holder")
    parser.add_argument("--hub", help="address of the central wallet; empty to stay alone")
    parser.add_argument("--tls", choices=("own", "off"), help="HTTPS with certificates of its own (own)")
    parser.add_argument("--dry-run", action="store_true", help="show the file and write nothing")


def run(words: argparse.Namespace) -> int:
    path: Path = words.config
    if path.exists() and not words.dry_run:
        raise ConfigError(
            f"{path} exists already", code="C06", hint="choose another --config, or edit that file"
        )
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
    if words.dry_run:
        sys.stdout.write(text)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    folder = path.parent / "credentials"
    write_keys(folder)
    public_key = Ed25519PrivateKey.from_private_bytes(read_keys(folder).device_key).public_key()
    if not sys.stdin.isatty():
        sys.stdout.write(
            "What was not given is the default here, since nobody could be asked: look into the file.\n"
        )
    sys.stdout.write(
        f"Wrote {path} and the secrets in {folder}.\n"
        "chain_key must be the same in every shop of the chain: copy it from headquarters.\n"
        f"For the hub's own file, with this shop's shop_key as its secret shop_key.{shop}:\n\n"
        f'[[shops]]\nid = "{shop}"\ndevice = "{shop}-1"\npublic_key = "{public_key.public_bytes_raw().hex()}"\n\n'
        f"Or simply: `welkom enrol --config hub.toml --shop {shop}` there, and the code it prints here.\n"
        f"Next: welkom check --config {path}\n"
    )
    return 0


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

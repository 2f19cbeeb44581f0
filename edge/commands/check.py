"""`welkom check`: the settings that are in force, secrets masked."""

import argparse
from dataclasses import fields
from pathlib import Path

from drivers import catalogue
from drivers.wallet_settings import MASK, TABLES, masked
from edge.config import SECTIONS, Config, credentials_folder, load, toml
from edge.keys import NAMES, read_keys
from edge.presence.files import read_floor


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="welkom.toml")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    for reader in config.readers:
        catalogue.build(reader)
    read_keys(credentials_folder(config))
    if config.presence.floor.exists():
        read_floor(config.presence.floor)
    print(effective(config), end="")
    return 0


def effective(config: Config) -> str:
    """The settings in force as TOML; of what no repr shows, only the name."""
    lines: list[str] = []
    for section in SECTIONS:
        lines.append(f"[{section}]")
        values = getattr(config, section)
        lines += [f"{each.name} = {toml(getattr(values, each.name))}" for each in fields(values)]
        lines.append("")
    lines += ["# secrets, masked", *(f"# {name} = ********" for name in NAMES), ""]
    for reader in config.readers:
        lines.append("[[readers]]")
        for each in fields(reader):
            value = getattr(reader, each.name)
            if each.name in TABLES:
                continue
            if not each.repr:
                lines += [f"# {each.name} = {MASK}"] if value != each.default else []
            elif each.name == "ndef":
                lines += [f"# ndef {rule.record}: {rule.match.pattern}" for rule in value]
            elif each.name in ("name", "kind") or value != each.default:
                lines.append(f"{each.name} = {_listed(value) if isinstance(value, tuple) else toml(value)}")
        for table in TABLES:
            for row in getattr(reader, table):
                lines += masked(table, row)
        lines.append("")
    return "\n".join(lines)


def _listed(values: tuple[object, ...]) -> str:
    return f"[{', '.join(map(toml, values))}]"

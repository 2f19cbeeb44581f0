"""`welkom check`: the settings that are in force, secrets masked."""

import argparse
import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Final

from drivers import catalogue
from drivers.wallet_settings import MASK, TABLES, masked
from edge import hub_health
from edge.choice.folder import read_folder
from edge.config import SECTIONS, Config, credentials_folder, load, toml
from edge.hub_file import is_hub, load_hub
from edge.keys import NAMES, read_keys
from edge.kit.errors import ConfigError
from edge.presence.files import read_floor

KEY_ID: Final = re.compile("[0-9a-f]{8}")  # as a sighting of the shop's own app says it


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="welkom.toml, or hub.toml at headquarters")


def run(words: argparse.Namespace) -> int:
    if is_hub(words.config):
        settings = load_hub(words.config, environment=os.environ)
        if settings.hub.choices:
            read_folder(settings.hub.choices)
        print(hub_health.effective(settings), end="")
        return 0
    config = load(words.config)
    for reader in config.readers:
        catalogue.build(reader)
    read_keys(credentials_folder(config))
    if config.presence.floor.exists():
        read_floor(config.presence.floor)
    read_folder(config.choice.folder)
    if strange := unlocking_of_nobody(config):
        raise ConfigError(
            f"{words.config}: wallet.unlocking: no reader here reads {strange[0]!r}",
            code="C01",
            hint="compare with pass_type_id and collector_id of the readers; the key id of an app is 8 hex digits",
        )
    print(effective(config), end="")
    return 0


def unlocking_of_nobody(config: Config) -> list[str]:
    """Words of `wallet.unlocking` that no reader can ever say; what comes over a pipe is another file's to know."""
    if any(reader.kind == "pipe" for reader in config.readers):
        return []
    said = {each.pass_type_id for reader in config.readers for each in reader.vas}
    said |= {str(each.collector_id) for reader in config.readers for each in reader.smarttap}
    apps = any(reader.hce for reader in config.readers)
    return [
        word
        for word in config.wallet.unlocking.split()
        if word not in said and not (apps and KEY_ID.fullmatch(word))
    ]


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

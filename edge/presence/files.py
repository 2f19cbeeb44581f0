"""The files of presence, read: the floor, the calibration walks, a key list; packed where a name ends in .gz."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.kit.errors import ConfigError
from edge.kit.toml_file import read_toml
from edge.presence.floor import Floor, parse_floor
from edge.presence.plan import Plan, draw


def read_floor(path: Path) -> Floor:
    """The floor of a TOML file; raises ConfigError naming the place."""
    return parse_floor(_table(path), file=str(path))


def read_plan(path: Path) -> Plan:
    """How that floor is drawn; raises ConfigError naming the place."""
    table = _table(path)
    return draw(parse_floor(table, file=str(path)), table, file=str(path))


def _table(path: Path) -> dict[str, Any]:
    return read_toml(path, code="P11", hint="check the path")


@contextmanager
def opened(path: Path, *, code: str) -> Iterator[Iterable[str]]:
    """The lines of a file; raises ConfigError of this code when it cannot be read."""
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as packed:
                yield packed
        else:
            with path.open(encoding="utf-8") as plain:
                yield plain
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "damaged"
        raise ConfigError(f"{path}: cannot be read ({why})", code=code, hint="check the path") from None

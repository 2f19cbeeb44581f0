"""The files of choice helpers, read: where a shop keeps them, and what no helper may ask."""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from edge.advice.limits import wording
from edge.choice.checking import Never, check
from edge.choice.reading import read
from edge.choice.tree import Helper
from edge.kit.errors import ConfigError

MOST: Final = 30  # helpers of one shop
MOST_BYTES: Final = 256 * 1024


@cache
def never() -> tuple[Never, ...]:
    """What no question may speak of, and the law behind each."""
    table = tomllib.loads((files("edge.choice") / "never.toml").read_text(encoding="utf-8"))
    return tuple((wording(line), f"{line['law']}") for line in table["never"])


def read_helper(path: Path) -> Helper:
    """The helper of one file, checked; raises ConfigError naming file, line and what to do."""
    try:
        if path.stat().st_size > MOST_BYTES:
            hint = f"a helper is at most {MOST_BYTES // 1024} kB"
            raise ConfigError(f"{path}: is too large for a choice helper", code="Q01", hint=hint)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror})", code="Q01", hint="check the file and its rights"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8", code="Q01", hint="save it as UTF-8") from None
    helper, source = read(text, file=str(path))
    if helper.name != path.stem:
        hint = f"call the file {helper.name}.toml, or the helper {path.stem}"
        raise source.wrong(("name",), f"the helper is called {helper.name} and its file {path.name}", hint)
    check(helper, source, never=never())
    return helper


def read_folder(folder: Path, *, refused: Callable[[ConfigError], None] | None = None) -> tuple[Helper, ...]:
    """Every helper of a folder by title; none where there is no folder.

    A file that is wrong raises ConfigError, or is told to `refused` and left out: a shop opens without it.
    """
    found: list[Helper] = []
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    for path in paths[:MOST]:
        try:
            found.append(read_helper(path))
        except ConfigError as error:
            if refused is None:
                raise
            refused(error)
    if len(paths) > MOST:
        many = ConfigError(
            f"{folder}: has {len(paths)} choice helpers", code="Q01", hint=f"keep {MOST} of them at most"
        )
        if refused is None:
            raise many
        refused(many)
    return tuple(sorted(found, key=lambda helper: helper.title["nl"]))

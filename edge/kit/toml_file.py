"""A TOML file of somebody's, and what is wrong with it as a sentence."""

import tomllib
from pathlib import Path
from typing import Any

from edge.kit.errors import ConfigError


def read_toml(path: Path, *, code: str, hint: str) -> dict[str, Any]:
    """The table of a file; raises ConfigError of `code`, with `hint` where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", code=code, hint=hint) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}", code=code, hint="mend that line") from None

"""The secrets of one appliance, read once from `$CREDENTIALS_DIRECTORY` and never shown."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.kit.errors import ConfigError
from edge.kit.seal import KEY_BYTES, key_of


@dataclass(frozen=True, slots=True)
class Keys:
    """Five keys of 32 bytes each."""

    shop_key: bytes = field(
        repr=False
    )  # outer hash of credentials; also wraps customers' keys on their way here
    chain_key: bytes = field(repr=False)  # inner hash of credentials, the same in every shop of the chain
    kek: bytes = field(repr=False)  # wraps customers' keys at rest on this box
    pin_pepper: bytes = field(repr=False)  # without it a stolen file's PINs fall in hours
    device_key: bytes = field(repr=False)  # Ed25519 seed that signs every request to the hub


NAMES: Final = ("shop_key", "chain_key", "kek", "pin_pepper", "device_key")


def read_keys(folder: Path) -> Keys:
    """Keys from `folder`: a file a key, 32 bytes raw or 64 hex digits; raises ConfigError naming the file."""
    return Keys(**{name: read_key(folder, name) for name in NAMES})


def read_key(folder: Path, name: str, *, made: str = "`welkom init` makes it") -> bytes:
    """One key; raises ConfigError, where it is missing with `made`, the sentence on who makes it."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"secret {name} cannot be read from the credentials directory ({error.strerror})",
            code="C02",
            hint=f"{made}; under systemd check LoadCredential={name}:…",
        ) from None
    key = key_of(content)
    if key is None:
        raise ConfigError(
            f"secret {name} is not 32 bytes or 64 hex digits",
            code="C03",
            hint="put your copy of it back; a new one would not open what is kept here",
        )
    return key


def write_keys(
    folder: Path, given: dict[str, bytes] | None = None, *, names: tuple[str, ...] = NAMES
) -> None:
    """Make the keys that are missing (mode 0600, folder 0700); `given` are those that somebody else chose."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in names:
        path = folder / name
        if path.exists():
            continue
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write((given or {}).get(name, os.urandom(KEY_BYTES)).hex())


def replace_key(folder: Path, name: str, key: bytes) -> None:
    """Put another key in the place of a secret, whole or not at all."""
    waiting = folder / f".{name}"
    with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key.hex())
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(folder / name)

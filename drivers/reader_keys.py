"""Keys in a reader's table: written there, in a file beside it, or in the folder that systemd gives a service.

No text here repeats a key, and no error says more of one than where it stands.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from drivers.checks import SettingsError, text
from drivers.codecs import p256
from drivers.codecs.dialogue import Damaged

FILE: Final = "file:"
CREDENTIAL: Final = "credential:"
CREDENTIAL_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
MAX_FILE: Final = 16_384  # bytes; a key has under 500
PEM: Final = "-----BEGIN "
HINT: Final = "write a PEM file of a P-256 key"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where `file:` counts from, and where `credential:` looks; None where systemd gives no credentials."""

    base: Path
    credentials: Path | None

    @classmethod
    def around(cls, base: Path, credentials: Path | None = None) -> "Folders":
        given = os.environ.get("CREDENTIALS_DIRECTORY")
        return cls(base, credentials or (Path(given) if given else None))


def private_key(value: object, where: str, folders: Folders) -> p256.PrivateKey:
    """A P-256 key: PEM without a passphrase, or its 32 bytes in hex. Raises SettingsError."""
    written = _written(value, where, folders)
    try:
        if PEM not in written:
            return p256.private_key(_hex(written, where, (p256.SCALAR,)))
        key = load_pem_private_key(written.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(
            f"{where}: no private key without a passphrase; {HINT}, or its 32 bytes in hex"
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SettingsError(f"{where}: a key, and of another curve or kind; {HINT}")
    return key


def public_key(value: object, where: str, folders: Folders) -> p256.PublicKey:
    """A P-256 public key: PEM, or its point in hex. Raises SettingsError."""
    written = _written(value, where, folders)
    try:
        if PEM not in written:
            return p256.public_key(_hex(written, where, (p256.COMPRESSED, 65)))
        key = load_pem_public_key(written.encode())
    except (Damaged, ValueError, UnsupportedAlgorithm):
        raise SettingsError(
            f"{where}: no public key; {HINT} (BEGIN PUBLIC KEY), or its point in hex"
        ) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SettingsError(f"{where}: a key, and of another curve or kind; {HINT}")
    return key


def plain_key(value: object, where: str, folders: Folders) -> bytes:
    """Bytes in hex, such as an AES key; how many is for its user to say. Raises SettingsError."""
    return _hex(_written(value, where, folders), where, None)


def file_path(value: object, where: str, folders: Folders) -> Path:
    """Where a file is that the reader opens itself. Raises SettingsError."""
    found = text(value, where)
    if found.startswith(CREDENTIAL):
        return _credential(found.removeprefix(CREDENTIAL), where, folders)
    name = found.removeprefix(FILE)
    if not name or "\0" in name:
        raise SettingsError(f"{where}: names no file; write file:NAME")
    return folders.base / name


def secret_text(value: object, where: str, folders: Folders) -> str:
    """A secret that is a text, such as a password. Raises SettingsError."""
    return _written(value, where, folders)


def _hex(written: str, where: str, lengths: tuple[int, ...] | None) -> bytes:
    try:
        found = bytes.fromhex(written)
    except ValueError:
        raise SettingsError(f"{where}: neither PEM nor hex; write one of them, or file:NAME") from None
    if lengths is not None and len(found) not in lengths:
        many = " or ".join(str(each) for each in lengths)
        raise SettingsError(f"{where}: has {len(found)} bytes; a key in hex has {many}")
    return found


def _written(value: object, where: str, folders: Folders) -> str:
    found = text(value, where)
    if found.startswith(CREDENTIAL):
        return _read(_credential(found.removeprefix(CREDENTIAL), where, folders), where)
    if found.startswith(FILE):
        name = found.removeprefix(FILE)
        if not name or "\0" in name:
            raise SettingsError(f"{where}: names no file; write file:NAME")
        return _read(folders.base / name, where)
    return found.strip()


def _credential(name: str, where: str, folders: Folders) -> Path:
    if not CREDENTIAL_NAME.fullmatch(name):
        raise SettingsError(f"{where}: credential: takes a name without slashes; correct it")
    if folders.credentials is None:
        raise SettingsError(
            f"{where}: no credentials are given to this program; run it as its unit, or set CREDENTIALS_DIRECTORY"
        )
    return folders.credentials / name


def _read(path: Path, where: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise SettingsError(f"{where}: {path} cannot be read ({error.strerror}); put the key there") from None
    if len(content) > MAX_FILE:
        raise SettingsError(f"{where}: {path} has more than {MAX_FILE} bytes; it is no key")
    try:
        return content.decode("ascii").strip()
    except UnicodeDecodeError:
        raise SettingsError(f"{where}: {path} is neither PEM nor hex; convert the key") from None

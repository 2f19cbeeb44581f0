"""The papers of this box on disk, and the live TLS context that serves them.

Everything stands in `tls` of the state folder, readable by its owner only. Both private keys are encrypted with a
password that comes from `kek`, so a stolen file or backup alone cannot pass for the shop.
"""

import fcntl
import hmac
import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.kit.errors import ConfigError, StoreError
from edge.tls.certificates import (
    Key,
    der,
    fingerprint_of,
    host_of,
    make_authority,
    make_leaf,
    new_key,
    read_paper,
)
from edge.tls.rules import Paper, certified, is_due


@dataclass(slots=True)
class Own:
    """The authority, its server certificate, and the context that tablets meet."""

    folder: Path
    host: str
    authority: x509.Certificate
    context: ssl.SSLContext
    paper: Paper | None = None
    _key: Key = field(repr=False, kw_only=True)
    _password: bytes = field(repr=False, kw_only=True)

    @property
    def authority_der(self) -> bytes:
        return der(self.authority)

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.authority)

    def renew(self, addresses: Sequence[str], *, now_ms: int) -> bool:
        """Put a new certificate into the live context where one is due; open connections keep theirs."""
        wanted = certified(addresses)
        if not is_due(self.paper, host=self.host, addresses=wanted, now_ms=now_ms):
            return False
        key = new_key()
        leaf = make_leaf(self.authority, self._key, key, host=self.host, addresses=wanted, now_ms=now_ms)
        pem = leaf.public_bytes(serialization.Encoding.PEM) + _locked(key, self._password)
        _write(self.folder / "server.pem", pem)
        self.context.load_cert_chain(self.folder / "server.pem", password=self._password)
        self.paper = read_paper(leaf)
        return True

    def take_up(self) -> None:
        """Go on with the certificate of before a restart, where it still opens."""
        path = self.folder / "server.pem"
        try:
            self.context.load_cert_chain(path, password=self._password)
            self.paper = read_paper(x509.load_pem_x509_certificate(path.read_bytes()))
        except (OSError, ValueError, ssl.SSLError):
            self.paper = None  # not there, cut short by a power cut, or of another kek: a new one is made


def ready(own: Own, addresses: Sequence[str], *, now_ms: int) -> Own:
    """`own` with a certificate that can be served; raises StoreError when there is none and none can be kept."""
    try:
        own.renew(addresses, now_ms=now_ms)
    except OSError as error:
        if own.paper is None:
            raise _not_kept(own.folder, error) from None
        # A full disk: what is in use is good for weeks, and upkeep.py tries again each minute.
    return own


def open_own(folder: Path, *, host: str, shop: str, kek: bytes, now_ms: int) -> Own:
    """The papers in `folder`, made the first time; raises ConfigError when they are for another name or box."""
    password = hmac.digest(kek, b"welkom tls", sha256).hex().encode()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(folder):
            if not (folder / "ca.crt").exists():
                key = new_key()
                made = make_authority(key, host=host, shop=shop, now_ms=now_ms)
                _write(folder / "ca.key", _locked(key, password))
                _write(folder / "ca.crt", made.public_bytes(serialization.Encoding.PEM))
        authority = read_authority(folder)
        unlocked = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password)
    except OSError as error:
        raise _not_kept(folder, error) from None
    except (ValueError, TypeError):
        raise ConfigError(
            f"{folder}: the authority's key does not open with this box's kek",
            code="T01",
            hint="put your copy of kek back, or move that folder away and enrol the tablets again",
        ) from None
    if host_of(authority) != host or not isinstance(unlocked, ec.EllipticCurvePrivateKey):
        raise ConfigError(
            f"{folder}: the authority is for {host_of(authority)}, the settings say {host}",
            code="T02",
            hint="put server.name back, or move that folder away and enrol the tablets again",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    own = Own(folder, host, authority, context, _key=unlocked, _password=password)
    own.take_up()
    return own


def _not_kept(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{folder}: certificates cannot be kept ({error.strerror})",
        code="S05",
        hint="give the service user that folder, with room on its disk",
    )


def read_authority(folder: Path) -> x509.Certificate:
    """The authority's certificate; OSError when there is none yet, ValueError when it is none."""
    return x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())


def read_server(folder: Path) -> Paper:
    """What the server's certificate says; OSError when there is none yet, ValueError when it is none."""
    return read_paper(x509.load_pem_x509_certificate((folder / "server.pem").read_bytes()))


def _locked(key: Key, password: bytes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, for the owner alone, and on the disk before anything is said about it."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """`welkom tablet pair` and the first start may both want to make the authority."""
    with open(folder / "lock", "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

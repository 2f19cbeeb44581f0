"""What a retailer has the right to: settings of passes, with the certificates and keys that prove it.

Without `[passes.apple]` or `[passes.google]` nothing is offered of that wallet, and no page says a word of it.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
from cryptography.x509.oid import NameOID

from edge.kit.errors import ConfigError

Secret = Callable[[str], bytes]  # the content of a credential; raises ConfigError when it is not there
COLOUR: Final = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.ASCII)
_NAME, _COLOUR = "Welkom", "#14323c"
CERTIFICATE, KEY, WWDR, ACCOUNT = (
    "apple_pass_certificate",
    "apple_pass_key",
    "apple_wwdr",
    "google_service_account",
)


@dataclass(frozen=True, slots=True)
class Apple:
    """The right to sign passes of one pass type, and to put NFC into them where `nfc_public_key` stands."""

    pass_type_id: str
    team_id: str
    certificate: Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    wwdr: Certificate  # Apple's intermediate, which signed ours
    nfc_public_key: str = ""  # base64 of the reader's public key: DER, compressed point
    nfc_unlock: bool = False  # the phone asks for its owner first


@dataclass(frozen=True, slots=True)
class Google:
    """An issuer's account; Smart Tap where Google allowed it, with the issuers that may redeem."""

    issuer_id: str
    email: str
    key: rsa.RSAPrivateKey = field(repr=False)
    logo: str
    smarttap: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """`name` stands on the pass, `colour` (#rrggbb) behind it."""

    name: str = _NAME
    colour: str = _COLOUR
    apple: Apple | None = None
    google: Google | None = None


_KNOWN: Final = {"name", "colour", "apple", "google"}
_APPLE: Final = {"pass_type_id": str, "team_id": str, "nfc_public_key": str, "nfc_unlock": bool}
_GOOGLE: Final = {"issuer_id": str, "logo": str, "smarttap": bool}


def settings(table: Mapping[str, Any], secret: Secret) -> Settings:
    """The `[passes]` table of hub.toml; raises ConfigError naming the key or the credential."""
    for name in table:
        if name not in _KNOWN:
            raise _wrong(f"passes.{name}", f"is unknown; known are {', '.join(sorted(_KNOWN))}")
    name, colour = table.get("name", _NAME), table.get("colour", _COLOUR)
    if not isinstance(name, str) or not 1 <= len(name) <= 40:
        raise _wrong("passes.name", "is a text of at most 40 letters")
    if not isinstance(colour, str) or not COLOUR.fullmatch(colour):
        raise _wrong("passes.colour", 'is a colour such as "#14323c"')
    apple = _apple(_read(table["apple"], _APPLE, "passes.apple"), secret) if "apple" in table else None
    google = _google(_read(table["google"], _GOOGLE, "passes.google"), secret) if "google" in table else None
    return Settings(name, colour, apple, google)


def load(table: object, credentials: Path, *, file: Path) -> Settings:
    """As `settings`, with the secrets of a folder; the messages name the file of the table."""

    def secret(name: str) -> bytes:
        try:
            return (credentials / name).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"secret {name} cannot be read from the credentials directory ({type(error).__name__})",
                code="PASSES",
                hint=f"under systemd add LoadCredentialEncrypted={name}:…; sync/hub/passes/README.md says what it is",
            ) from None

    try:
        return settings(_read(table, None, "passes"), secret)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}", code=error.code, hint=error.hint) from None


def _apple(table: Mapping[str, Any], secret: Secret) -> Apple:
    certificate, wwdr = _certificate(CERTIFICATE, secret), _certificate(WWDR, secret)
    key = _private(KEY, secret)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise _wrong(KEY, "is no RSA or elliptic-curve key")
    if key.public_key() != certificate.public_key():
        raise _wrong(KEY, f"is not the key of {CERTIFICATE}")
    if wwdr.subject != certificate.issuer:
        raise _wrong(WWDR, f"did not sign {CERTIFICATE}; take the intermediate (G4 …) that its issuer names")
    (said,) = certificate.subject.get_attributes_for_oid(NameOID.USER_ID) or (None,)
    if said is not None and said.value != table["pass_type_id"]:
        raise _wrong("passes.apple.pass_type_id", f"is not the pass type of {CERTIFICATE}")
    nfc = table.get("nfc_public_key", "")
    if nfc:
        try:
            point = load_der_public_key(b64decode(nfc, validate=True))
        except ValueError:
            point = None
        if not isinstance(point, ec.EllipticCurvePublicKey) or point.curve.name != "secp256r1":
            raise _wrong("passes.apple.nfc_public_key", "is the base64 of a P-256 public key in DER")
    return Apple(
        table["pass_type_id"], table["team_id"], certificate, key, wwdr, nfc, table.get("nfc_unlock", False)
    )


def _google(table: Mapping[str, Any], secret: Secret) -> Google:
    try:
        account = msgspec.json.decode(secret(ACCOUNT))
        email, pem = str(account["client_email"]), str(account["private_key"]).encode()
        key = load_pem_private_key(pem, None)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        raise _wrong(ACCOUNT, "is the JSON key of a service account, as Google's console gives it") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _wrong(ACCOUNT, "holds no RSA key")
    if not re.fullmatch(r"[0-9]{1,20}", table["issuer_id"]):
        raise _wrong("passes.google.issuer_id", "is the issuer's number in quotes")
    if not table["logo"].startswith("https://"):
        raise _wrong("passes.google.logo", "is the https address of a picture that Google can fetch")
    return Google(table["issuer_id"], email, key, table["logo"], table.get("smarttap", False))


def _read(table: object, known: Mapping[str, type] | None, where: str) -> Mapping[str, Any]:
    """A table of settings; `known` names each with its type, and None leaves that to others."""
    if not isinstance(table, dict):
        raise _wrong(where, "is a table")
    if known is None:
        return table
    for name, value in table.items():
        if name not in known or not isinstance(value, known[name]):
            raise _wrong(f"{where}.{name}", f"is unknown or of another type; known are {', '.join(known)}")
    for name, kind in known.items():
        if kind is str and name != "nfc_public_key" and not table.get(name):
            raise _wrong(f"{where}.{name}", "is missing")
    return table


def _certificate(name: str, secret: Secret) -> Certificate:
    try:
        return load_pem_x509_certificate(secret(name))
    except ValueError:
        raise _wrong(name, "is no certificate in PEM") from None


def _private(name: str, secret: Secret) -> object:
    try:
        return load_pem_private_key(secret(name), None)
    except (ValueError, TypeError):
        raise _wrong(name, "is no private key in PEM without a password") from None


def _wrong(path: str, what: str) -> ConfigError:
    return ConfigError(f"{path} {what}", code="PASSES", hint="correct that and start again")

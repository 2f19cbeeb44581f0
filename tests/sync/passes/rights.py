"""A retailer with every right: a root and intermediate of the test's own, a certificate, a service account."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from edge.kit.errors import ConfigError
from sync.hub.passes.settings import ACCOUNT, CERTIFICATE, KEY, WWDR, Secret, Settings, settings

PASS_TYPE = "pass.example.shop"
APPLE = {"pass_type_id": PASS_TYPE, "team_id": "A1B2C3D4E5"}
GOOGLE = {"issuer_id": "3388000000012345678", "logo": "https://shop.example/logo.png"}
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _name(common: str, *, user: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    return x509.Name(parts + ([x509.NameAttribute(NameOID.USER_ID, user)] if user else []))


def _certificate(subject: x509.Name, issuer: x509.Name, key: Key, by: Key, *, ca: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    return made.sign(by, SHA256())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def root() -> bytes:
    """The certificate of the test's own root, in PEM."""
    return _made()[0]


@cache
def _made() -> tuple[bytes, dict[str, bytes]]:
    top, middle, own = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
        rsa_key(),
    )
    roots, wwdr, ours = _name("Root of a test"), _name("WWDR of a test"), _name("Pass", user=PASS_TYPE)
    pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    secrets = {
        CERTIFICATE: _certificate(ours, wwdr, own, middle, ca=False).public_bytes(Encoding.PEM),
        WWDR: _certificate(wwdr, roots, middle, top, ca=True).public_bytes(Encoding.PEM),
        KEY: pem,
        ACCOUNT: msgspec.json.encode({"client_email": "passes@shop.example", "private_key": pem.decode()}),
    }
    return _certificate(roots, roots, top, top, ca=True).public_bytes(Encoding.PEM), secrets


def credentials() -> dict[str, bytes]:
    """The four secrets by name."""
    return dict(_made()[1])


def secret(held: dict[str, bytes]) -> Secret:
    def read(name: str) -> bytes:
        if name not in held:
            raise ConfigError(f"secret {name} is not there", code="C02", hint="put it there")
        return held[name]

    return read


@cache
def nfc_key() -> str:
    """The public key of a reader, as it stands in a pass."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return b64encode(bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point).decode()


def rights(*, nfc: bool = False) -> Settings:
    """Both wallets; with `nfc` also the right to their tap."""
    apple = APPLE | ({"nfc_public_key": nfc_key(), "nfc_unlock": True} if nfc else {})
    table = {"name": "Van Dam", "apple": apple, "google": GOOGLE | {"smarttap": nfc}}
    return settings(table, secret(credentials()))

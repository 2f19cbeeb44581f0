"""The box's own authority and its server certificate, as X.509 (RFC 5280) with P-256 keys."""

from collections.abc import Sequence
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.kit.clock import utc
from edge.tls.rules import CA_MS, EARLIEST_MS, LEAF_MS, PRIVATE, SKEW_MS, Paper, fingerprint

Key = ec.EllipticCurvePrivateKey
_USES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def make_authority(key: Key, *, host: str, shop: str, now_ms: int) -> x509.Certificate:
    """A root that can vouch for `host` and for private addresses, and for nothing else on any tablet."""
    name = _name(f"Welkom {host}", shop)
    # A type of name without a constraint is allowed without bounds (RFC 5280 section 4.2.1.10), so both are named.
    permitted: list[x509.GeneralName] = [x509.DNSName(host)]
    permitted += [x509.IPAddress(ip_network(each)) for each in PRIVATE]
    return (
        _builder(name, name, key, now_ms=now_ms, life_ms=CA_MS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def make_leaf(
    authority: x509.Certificate,
    authority_key: Key,
    key: Key,
    *,
    host: str,
    addresses: Sequence[str],
    now_ms: int,
) -> x509.Certificate:
    """A server certificate for `host` and `addresses`; it never outlives its authority."""
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    names += [x509.IPAddress(ip_address(each)) for each in addresses]
    left_ms = int(authority.not_valid_after_utc.timestamp() * 1000) - _start_ms(now_ms)
    life_ms = min(LEAF_MS, max(left_ms, SKEW_MS))
    return (
        _builder(_name(host), authority.subject, key, now_ms=now_ms, life_ms=life_ms)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )


def read_paper(leaf: x509.Certificate) -> Paper:
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = names.get_values_for_type(x509.DNSName)
    return Paper(
        host=hosts[0] if hosts else "",
        addresses=tuple(sorted(str(each) for each in names.get_values_for_type(x509.IPAddress))),
        from_ms=int(leaf.not_valid_before_utc.timestamp() * 1000),
        until_ms=int(leaf.not_valid_after_utc.timestamp() * 1000),
    )


def host_of(authority: x509.Certificate) -> str:
    """The one name that an authority may vouch for."""
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    hosts = [each.value for each in constraints.permitted_subtrees or () if isinstance(each, x509.DNSName)]
    return hosts[0] if hosts else ""


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 over the DER, which is what tablets show of a certificate."""
    return fingerprint(sha256(der(certificate)).digest())


def _start_ms(now_ms: int) -> int:
    return max(now_ms, EARLIEST_MS)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, *, now_ms: int, life_ms: int
) -> x509.CertificateBuilder:
    start_ms = _start_ms(now_ms)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc(start_ms - SKEW_MS))
        .not_valid_after(utc(start_ms - SKEW_MS + life_ms))
    )


def _name(common: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common[:64])]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]))
    return x509.Name(parts)


def _usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{each: each in uses for each in _USES})

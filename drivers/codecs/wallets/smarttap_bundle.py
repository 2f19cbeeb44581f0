"""What Google Wallet encrypted for one session: keys, MAC, AES-CTR and zlib, then the objects inside."""

import hmac
import zlib
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from drivers.codecs.dialogue import Damaged, Forged, TooLarge
from drivers.codecs.p256 import PrivateKey, public_key, shared_x
from drivers.codecs.wallets.smarttap_records import PassObject, objects

ENCRYPTED, COMPRESSED = 0x01, 0x02
IV, MAC = 12, 32  # bytes
AES_KEY, MAC_KEY = 16, 32
MAX_PAYLOAD: Final = 65_536  # bytes; the protocol's own end
MAX_INFLATED: Final = 262_144  # bytes: a phone may send 64 KiB that unpack to 64 MiB


def open_bundle(
    payload: bytes,
    *,
    ephemeral_key: PrivateKey,
    device_public_key: bytes,
    signed_data: bytes,
    signature: bytes,
) -> tuple[PassObject, ...]:
    """The objects of a `reb` payload; raises Forged for a wrong MAC, TooLarge, or Damaged.

    `device_public_key` and `signature` are the bytes as they were on the air: both go into the keys.
    """
    if not payload:
        raise Damaged("smart tap: a bundle without its flags")
    if len(payload) > MAX_PAYLOAD:
        raise TooLarge(f"smart tap: a bundle of more than {MAX_PAYLOAD} bytes")
    flags, body = payload[0], payload[1:]
    if flags & ENCRYPTED:
        secret = shared_x(ephemeral_key, public_key(device_public_key))
        material = HKDF(
            SHA256(), AES_KEY + MAC_KEY, salt=device_public_key, info=signed_data + signature
        ).derive(secret)
        body = _decrypt(body, aes_key=material[:AES_KEY], mac_key=material[AES_KEY:])
    return objects(_inflate(body) if flags & COMPRESSED else body)


def is_encrypted(payload: bytes) -> bool:
    """Whether only this session's two ends could read it: an open one can be heard and said again."""
    return bool(payload[:1] and payload[0] & ENCRYPTED)


def _decrypt(body: bytes, *, aes_key: bytes, mac_key: bytes) -> bytes:
    if len(body) < IV + MAC:
        raise Damaged("smart tap: an encrypted bundle is too short")
    sealed, mac = body[:-MAC], body[-MAC:]
    if not hmac.compare_digest(hmac.digest(mac_key, sealed, sha256), mac):
        raise Forged("smart tap: the MAC is wrong")
    plain = Cipher(AES(aes_key), CTR(sealed[:IV] + bytes(4))).decryptor()
    return plain.update(sealed[IV:]) + plain.finalize()


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(body, MAX_INFLATED)
    except zlib.error:
        raise Damaged("smart tap: not zlib") from None
    if inflater.eof:
        return plain
    if inflater.unconsumed_tail or len(plain) >= MAX_INFLATED:
        raise TooLarge(f"smart tap: unpacks to more than {MAX_INFLATED} bytes")
    raise Damaged("smart tap: a compressed bundle is cut")

"""What an NTAG 424 DNA writes into its URL, made from the card's side: tests turn it into cards of any kind.

Nothing of drivers/codecs is used here: a mistake made there cannot make its own card to go with it.
"""

from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tests.drivers.lrp import Twin

RANDOM = bytes.fromhex("0102030405060708")


@dataclass(frozen=True, slots=True)
class Ntag424:
    """One card. `template` and `mac_from` as in the settings of a reader; keys are this card's own."""

    uid: bytes
    template: str
    file_key: bytes
    meta_key: bytes = bytes(16)
    mac_from: str | int = "mac"
    mode: Literal["aes", "lrp"] = "aes"
    mirrors: Literal["both", "uid", "ctr"] = "both"

    def url(self, ctr: int, *, file: bytes = b"") -> str:
        """The URL of the tap number `ctr`; hex in upper case, as the chip writes it."""
        counter = ctr.to_bytes(3, "little")
        uid, count = (
            b"" if self.mirrors == "ctr" else self.uid,
            b"" if self.mirrors == "uid" else counter,
        )
        tag = (0x87 if uid else 0) | (0x47 if count else 0)
        plain = (bytes([tag]) + uid + count + RANDOM * 2)[:16]
        session, file_text = self._session(uid + count, counter, file)
        if self.mode == "aes":
            picc = cbc(self.meta_key, plain)
        else:
            picc = RANDOM + Twin(self.meta_key).encrypt(plain, RANDOM)
        url = self.template.replace("{picc}", picc.hex().upper()).replace("{file}", file_text)
        url = url.replace("{uid}", self.uid.hex().upper()).replace("{ctr}", f"{ctr:06X}")
        start = url.index("{mac}")
        if self.mac_from == "mac":
            covered = ""
        elif self.mac_from == "file":
            covered = url[url.index(file_text) : start]
        else:
            covered = url[url.index("://") + 3 + int(self.mac_from) : start]
        make = cmac(session, covered.encode()) if self.mode == "aes" else Twin(session).mac(covered.encode())
        return url.replace("{mac}", bytes(make[each] for each in range(1, 16, 2)).hex().upper())

    def _session(self, vector: bytes, counter: bytes, file: bytes) -> tuple[bytes, str]:
        """The MAC's session key, and the encrypted file data as the card writes it."""
        if self.mode == "lrp":
            session = Twin(self.file_key).mac(
                (bytes.fromhex("00010080") + vector).ljust(14, b"\0") + b"\x1e\xe1"
            )
            secret = Twin(session, 1).encrypt(file, counter + bytes(3))
            return session, secret.hex().upper()
        session = cmac(self.file_key, (bytes.fromhex("3cc300010080") + vector).ljust(16, b"\0"))
        key = cmac(self.file_key, (bytes.fromhex("c33c00010080") + vector).ljust(16, b"\0"))
        return session, cbc(key, file, iv=cbc(key, counter.ljust(16, b"\0"))).hex().upper()


def cbc(key: bytes, text: bytes, *, iv: bytes = bytes(16)) -> bytes:
    """AES-CBC of whole blocks; of one block under a zero vector it is the plain cipher."""
    return Cipher(algorithms.AES128(key), modes.CBC(iv)).encryptor().update(text)


def cmac(key: bytes, text: bytes) -> bytes:
    mac = CMAC(algorithms.AES128(key))
    mac.update(text)
    return mac.finalize()

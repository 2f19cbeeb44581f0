"""What an NTAG 424 DNA writes into its URL, made from the card's side: tests turn it into cards of any kind."""

from dataclasses import dataclass
from typing import Literal

from drivers.codecs.aes import cmac, encrypt, encrypt_cbc, truncate
from drivers.codecs.lrp import Lrp

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
            picc = encrypt_cbc(self.meta_key, plain)
        else:
            picc = RANDOM + Lrp(self.meta_key).encrypt(plain, counter=RANDOM)
        url = self.template.replace("{picc}", picc.hex().upper()).replace("{file}", file_text)
        url = url.replace("{uid}", self.uid.hex().upper()).replace("{ctr}", f"{ctr:06X}")
        start = url.index("{mac}")
        if self.mac_from == "mac":
            covered = ""
        elif self.mac_from == "file":
            covered = url[url.index(file_text) : start]
        else:
            covered = url[url.index("://") + 3 + int(self.mac_from) : start]
        make = cmac(session, covered.encode()) if self.mode == "aes" else Lrp(session).cmac(covered.encode())
        return url.replace("{mac}", truncate(make).hex().upper())

    def _session(self, vector: bytes, counter: bytes, file: bytes) -> tuple[bytes, str]:
        """The MAC's session key, and the encrypted file data as the card writes it."""
        if self.mode == "lrp":
            session = Lrp(self.file_key).cmac(
                (bytes.fromhex("00010080") + vector).ljust(14, b"\0") + b"\x1e\xe1"
            )
            secret = Lrp(session, updated=1).encrypt(file, counter=counter + bytes(3))
            return session, secret.hex().upper()
        session = cmac(self.file_key, (bytes.fromhex("3cc300010080") + vector).ljust(16, b"\0"))
        key = cmac(self.file_key, (bytes.fromhex("c33c00010080") + vector).ljust(16, b"\0"))
        return session, encrypt_cbc(key, file, iv=encrypt(key, counter.ljust(16, b"\0"))).hex().upper()

"""An NTAG 424 DNA that writes a fresh proof into its address at each reading (AN12196), from the card's side."""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.drivers.pn532.cards import Type4Card
from tests.drivers.pn532.ndef import uri

CC: Final = bytes.fromhex("001720010000ff0406e104010000000506e10500808283")


class SunCard(Type4Card):
    """`url` with {picc} and {mac} (empty MAC input). `copied` is an address it shows unchanged: a copy of a card.

    The counter goes up at the first reading of the file after each activation.
    """

    def __init__(
        self,
        url: str,
        *,
        meta_key: bytes,
        file_key: bytes,
        uid: bytes = bytes.fromhex("04de5f1eacc040"),
        counter: int = 0,
        copied: str | None = None,
        **options: object,
    ) -> None:
        super().__init__(uid=uid, cc=CC, **options)  # type: ignore[arg-type]
        self.counter, self.shown = counter, ""
        self._url, self._meta_key, self._file_key, self._copied = url, meta_key, file_key, copied
        self._was_read = False

    def field_off(self) -> None:
        super().field_off()
        self._was_read = False

    def apdu(self, command: bytes) -> bytes:
        if command[0] == 0x90:
            return b"\x91\x1c"  # outside its application it knows no command of NXP's own
        is_reading = command[:2] == b"\x00\xb0" and self._file is self.files[b"\xe1\x04"]
        if is_reading and not self._was_read:
            self._was_read = True
            self.counter += 1
            self.shown = self._copied or self._proof()
            message = uri(self.shown)
            self._file = self.files[b"\xe1\x04"] = len(message).to_bytes(2, "big") + message
        return super().apdu(command)

    def _proof(self) -> str:
        told = self.uid + self.counter.to_bytes(3, "little")
        picc = Cipher(algorithms.AES128(self._meta_key), modes.CBC(bytes(16))).encryptor()
        session = _cmac(self._file_key, bytes.fromhex("3cc300010080") + told)
        mac = _cmac(session, b"")[1::2]
        picc_data = picc.update(b"\xc7" + told + b"\x5a" * 5)
        return self._url.replace("{picc}", picc_data.hex().upper()).replace("{mac}", mac.hex().upper())


def _cmac(key: bytes, data: bytes) -> bytes:
    """NIST SP 800-38B by its letter, for one block or less."""
    block = Cipher(algorithms.AES128(key), modes.ECB()).encryptor().update
    subkey = _double(block(bytes(16)))
    if len(data) != 16:
        subkey, data = _double(subkey), (data + b"\x80").ljust(16, b"\0")
    return block(bytes(one ^ other for one, other in zip(data, subkey, strict=True)))


def _double(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    return (number ^ 0x87 if number >> 128 else number).to_bytes(17, "big")[1:]

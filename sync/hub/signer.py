"""The hub's own signature: the current key, and the public half of the next.

The keys follow from `hub_kek` and a number in hub.toml, so that a hub restored from any backup, and each of several
processes, signs alike. To rotate, raise `signing` by one: every shop holds the next key already.
"""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.kit.seal import derive
from sync import signet
from sync.signet import Place
from sync.wire import Signed


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs pages and manifests. `keys` are what shops pin: the public halves of both keys, hex."""

    key: Ed25519PrivateKey = field(repr=False)
    keys: tuple[str, str]

    def sign(self, place: Place, content: bytes) -> Signed:
        return signet.sign(self.key, place, content)


def signer(hub_kek: bytes, *, number: int) -> Signer:
    """The keys of one number, from 1."""
    current, after = (
        Ed25519PrivateKey.from_private_bytes(derive(hub_kek, f"hub-sign|{each}"))
        for each in (number, number + 1)
    )
    return Signer(current, (signet.public_of(current), signet.public_of(after)))

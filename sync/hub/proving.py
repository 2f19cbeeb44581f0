"""Whether a request comes from the box that it names: its signature, by the key that is kept of that box."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar.types import HTTPScope

from edge.kit.errors import StoreError
from sync import signing
from sync.hub.tables.devices import Device

if TYPE_CHECKING:
    from sync.hub.app import Hub


@lru_cache(maxsize=1024)
def _key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


class _Uncounted:
    """Remembers nothing: whoever only wants to know who asks must not use the request up."""

    def fresh(self, device: str, nonce: str, *, now_s: int, until_s: int) -> bool:
        return True


async def device(
    hub: "Hub",
    scope: HTTPScope,
    heads: Mapping[str, str],
    *,
    nonces: signing.Once,
    now_ms: int,
    last: Device | None = None,
) -> Device:
    """The box whose signature the head of this request carries; raises BadSignature, StoreError.

    `heads` by lower-case names. `last`: the box as it was when it was last looked for, which it is where that signed.
    """

    def proven(found: Device | None) -> Device:
        key = None if found is None else _key(found.public_key)
        signing.verify(heads, target, key_of=lambda _: key, nonces=nonces, now_ms=now_ms)
        if found is None:
            raise RuntimeError("a signature was verified without a key")
        return found

    query = scope["query_string"].decode("ascii", "replace")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace")
    target = (scope["method"], heads.get("host", "").lower(), path, f"?{query}")
    if last is not None:
        try:
            return proven(last)
        except signing.BadSignature as error:
            if error.code != "BAD_SIGNATURE":  # it may have another key by now
                raise
    return proven(await hub.known.device(signing.named(heads)))


async def proves(hub: "Hub", scope: HTTPScope, heads: Mapping[str, str]) -> bool:
    """Whether the head of a request is signed by the box that it names."""
    try:
        await device(hub, scope, heads, nonces=_Uncounted(), now_ms=hub.now_ms())
    except signing.BadSignature:
        return False
    except StoreError:
        return True  # whom it is let in to says so
    return True

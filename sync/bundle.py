"""A customer's own copy: one file, signed by the hub, that any other wallet can open with the published key alone.

The content is canonical JSON (RFC 8785, for texts, whole numbers, lists and objects with ASCII names: nothing else
stands in it), the signature Ed25519 (RFC 8032) over `welkom-wallet`, a line feed and those bytes. Whoever has only
json and an Ed25519 can check it in twenty lines: sync/hub/portal/README.md has them, and a test runs them.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.signet import public_of
from sync.wire import Malformed

SCHEMA: Final = "welkom-wallet-1"
ERASURE: Final = "welkom-erasure-1"
BASES: Final = {SCHEMA: b"welkom-wallet\n", ERASURE: b"welkom-erasure\n"}
MOST_BYTES: Final = 64 * 1024 * 1024
_LARGEST: Final = 2**53 - 1  # what every JSON reader holds exactly (RFC 7493, 2.2)


def canonical(value: Any) -> bytes:
    """Canonical JSON; raises ValueError for what has no one form everywhere: fractions, other names, surrogates."""
    _check(value)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def signed(key: Ed25519PrivateKey, content: Mapping[str, Any]) -> bytes:
    """The file: content with its schema, the public key, the signature. Canonical as a whole too."""
    raw = BASES[content["schema"]] + canonical(content)
    signature = b64encode(key.sign(raw)).decode()
    return canonical({"content": content, "key": public_of(key), "signature": signature}) + b"\n"


def opened(file: bytes, keys: Sequence[str]) -> dict[str, Any]:
    """The content of a file that one of the published keys (hex) signed; raises Malformed NOT_A_COPY."""
    if len(file) > MOST_BYTES:
        raise _no("the file is too long")
    try:
        whole = json.loads(file, parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_once)
        content, public, signature = (
            whole["content"],
            whole["key"],
            b64decode(whole["signature"], validate=True),
        )
        raw = BASES[content["schema"]] + canonical(content)
        if public not in keys:
            raise _no("it is signed by another key than the published ones")
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, raw)
    except (InvalidSignature, NotBase64, ValueError, KeyError, TypeError, RecursionError):
        raise _no("it is no such file, or not as it was signed") from None
    return dict(content)


def _check(value: Any) -> None:
    match value:
        case None | bool():
            pass
        case str():
            value.encode()  # UnicodeEncodeError is a ValueError: half a surrogate pair
        case int() if abs(value) <= _LARGEST:
            pass
        case Mapping():
            for name, each in value.items():
                if not isinstance(name, str) or not name.isascii():
                    raise ValueError("a name is no ASCII text")
                _check(each)
        case list() | tuple():
            for each in value:
                _check(each)
        case _:
            raise ValueError(f"a {type(value).__name__} has no one way to be written")


def _refuse(text: str) -> Any:
    raise ValueError(f"{text[:20]} is no whole number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no(why: str) -> Malformed:
    hint = "ask whoever sent it for the file as they downloaded it, and the hub for its keys: /portal/keys"
    return Malformed(f"this is not a copy that the hub signed: {why}", code="NOT_A_COPY", hint=hint)

"""Every request of a device carries its signature: RFC 9421 with Ed25519, over a digest of RFC 9530.

A signature survives proxies that end TLS and is evidence a batch. It is not what stops a replay: the chain
of (epoch, seq, hash) makes a replayed batch a no-op, so the window for `created` may be as wide as shop
clocks are wrong.
"""

import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.receipt import Receipt, encode, signed
from sync.wire import WireError

TAG: Final = "edge-sync"
COMPONENTS: Final = ("@method", "@authority", "@path", "@query", "content-digest")
_COVERED: Final = " ".join(f'"{name}"' for name in COMPONENTS)
WINDOW_S: Final = 600  # how far `created` may be off, each way
_NONCES: Final = 100_000  # remembered at most; at 2 requests a second and device that is 80 shops' 10 minutes
_HINT: Final = "enrol the device again, or compare its key and clock with the hub's"

_INPUT: Final = re.compile(
    r'sig1=(?P<params>\((?P<components>"[a-z@-]+"(?: "[a-z@-]+")*)\)'
    r'(?P<rest>(?:;[a-z]+=(?:\d{1,15}|"[\x21\x23-\x5b\x5d-\x7e]{1,128}"))*))'
)
_PARAM: Final = re.compile(r';([a-z]+)=(?:(\d+)|"([^"]*)")')
_SIGNATURE: Final = re.compile(r"sig1=:([A-Za-z0-9+/=]{1,128}):")


class BadSignature(WireError):
    """The request is not proven to come from the device it names."""


def content_digest(body: bytes) -> str:
    """The `Content-Digest` of `body` (RFC 9530 section 2)."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def signature_base(components: Sequence[tuple[str, str]], params: str) -> bytes:
    """The bytes that are signed (RFC 9421 section 2.5): a line a component, then the parameters."""
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode("utf-8", "surrogateescape")


class DeviceAuth(httpx.Auth):
    """Signs each request of an httpx client with the device's key.

    `offset_ms` is what to add to the shop's clock to get the hub's; the agent learns it from every answer, so
    that a box whose clock battery died still gets through.
    """

    requires_request_body = True

    def __init__(self, device: str, key: Ed25519PrivateKey, *, wall_ms: Callable[[], int]) -> None:
        self._device = device
        self._key = key
        self._wall_ms = wall_ms
        self.offset_ms = 0

    def receipt(self, due: tuple[str, int], *, epoch: int) -> bytes:
        """The receipt for (partition, cursor), under the same key."""
        part, cursor = due
        return encode(signed(Receipt(part=part, cursor=cursor, device=self._device, epoch=epoch), self._key))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        created_s = (self._wall_ms() + self.offset_ms) // 1000
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        digest = content_digest(request.content)
        params = (
            f"({_COVERED});created={created_s};expires={created_s + WINDOW_S}"
            f';nonce="{secrets.token_urlsafe(16)}";keyid="{self._device}";tag="{TAG}"'
        )
        values = (request.method, request.headers["host"].lower(), path, f"?{query}", digest)
        base = signature_base(list(zip(COMPONENTS, values, strict=True)), params)
        request.headers["content-digest"] = digest
        request.headers["signature-input"] = f"sig1={params}"
        request.headers["signature"] = f"sig1=:{b64encode(self._key.sign(base)).decode()}:"
        yield request


class Nonces:
    """The nonces of accepted signatures, each as long as its signature could be accepted again."""

    def __init__(self) -> None:
        self._until_s: dict[tuple[str, str], int] = {}

    def fresh(self, device: str, nonce: str, *, now_s: int, until_s: int) -> bool:
        """Remember the nonce; False when it was seen before."""
        if len(self._until_s) >= _NONCES:
            self._until_s = {seen: until for seen, until in self._until_s.items() if until >= now_s}
            while len(self._until_s) >= _NONCES:
                del self._until_s[next(iter(self._until_s))]
        key = (device, nonce)
        if self._until_s.get(key, -1) >= now_s:
            return False
        self._until_s[key] = until_s
        return True


class Once(Protocol):
    """Remembers nonces, here or wherever."""

    def fresh(self, device: str, nonce: str, *, now_s: int, until_s: int) -> bool: ...


class _Input(NamedTuple):
    """What a `Signature-Input` says (RFC 9421 section 4.1); of a parameter that is said twice the last counts."""

    params: str
    components: str
    times: dict[str, int]
    words: dict[str, str]


@lru_cache(maxsize=64)  # a request is asked two or three times whom it names
def _input(header: str) -> _Input | None:
    given = _INPUT.fullmatch(header)
    if given is None:
        return None
    times: dict[str, int] = {}
    words: dict[str, str] = {}
    for name, number, text in _PARAM.findall(given["rest"]):
        if number:
            times[name] = int(number)
        else:
            words[name] = text
    return _Input(given["params"], given["components"], times, words)


def named(headers: Mapping[str, str]) -> str:
    """The device that a request says it is from, not proven by anything yet; empty where it names none."""
    given = _input(headers.get("signature-input", ""))
    return given.words.get("keyid", "") if given else ""


def verify(
    headers: Mapping[str, str],
    target: tuple[str, str, str, str],
    *,
    key_of: Callable[[str], Ed25519PublicKey | None],
    nonces: Once,
    now_ms: int,
) -> str:
    """The id of the device that signed this request; raises BadSignature. Of the body nothing is read yet.

    `target` is (method, authority, path, query with its `?`); `headers` have lower-case names. The signature covers
    the digest that stands in them: whether the body has it says `covers`.
    """
    given = _input(headers.get("signature-input", ""))
    signature = _SIGNATURE.fullmatch(headers.get("signature", ""))
    if given is None or signature is None:
        raise _bad("the request carries no signature of ours", code="UNSIGNED")
    created_s, expires_s = given.times.get("created", 0), given.times.get("expires", 0)
    device, nonce = given.words.get("keyid", ""), given.words.get("nonce", "")
    now_s = now_ms // 1000
    if given.components != _COVERED or given.words.get("tag") != TAG or not nonce:
        raise _bad("the signature does not cover what it must", code="UNSIGNED")
    if abs(now_s - created_s) > WINDOW_S or now_s > expires_s:
        raise _bad("the signature is not of this time", code="CLOCK_SKEW")
    key = key_of(device)
    if key is None:
        raise _bad("no such device", code="UNKNOWN_DEVICE")
    digest = headers.get("content-digest", "")
    base = signature_base(list(zip(COMPONENTS, (*target, digest), strict=True)), given.params)
    try:
        key.verify(b64decode(signature[1], validate=True), base)
    except (InvalidSignature, NotBase64, ValueError):
        raise other_key() from None
    until_s = min(expires_s, created_s + WINDOW_S)
    if not nonces.fresh(device, nonce, now_s=now_s, until_s=until_s):
        raise replayed()
    return device


def covers(headers: Mapping[str, str], body: bytes) -> None:
    """Raises BadSignature unless `body` is the one whose digest was signed."""
    digest = headers.get("content-digest", "")
    if not secrets.compare_digest(digest.encode("utf-8", "replace"), content_digest(body).encode()):
        raise _bad("the body is not the one that was signed", code="BAD_DIGEST")


def other_key() -> BadSignature:
    return _bad("the signature is wrong", code="BAD_SIGNATURE")


def replayed() -> BadSignature:
    return _bad("this very request came before", code="REPLAYED")


def _bad(message: str, *, code: str) -> BadSignature:
    return BadSignature(message, code=code, hint=_HINT)

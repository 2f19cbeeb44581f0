"""Standard Webhooks (standardwebhooks.com, 1.0.0): secrets, signatures, when to try again, and where never to ask.

All of it is pure but the secret's chance.
"""

import base64
import binascii
import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable, Collection, Sequence
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

PREFIX: Final = "whsec_"
MOST_NAME: Final = 253  # RFC 1035, 2.3.4, as it is written
SECRET_BYTES: Final = 32  # the specification asks for 24 to 64
# Its schedule: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; and every day from then on.
AFTER_S: Final = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER: Final = 0.2
# The clock that all hubs go by may be put back so far, as where another server of the database takes over: only
# beyond that does what is leased or rests look as begun by a clock that was ahead.
APART_MS: Final = 120_000
# The longest that each of these lasts: what would last longer was begun by a clock that was ahead, and is over.
LONGEST_MS: Final = tuple(int(each * 1000 * (1 + JITTER)) + APART_MS for each in AFTER_S)
# RFC 3986, 2.2 and 2.3: what stands in an address; everything else stands there as %XX, in a host as xn--.
_WRITTEN: Final = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME: Final = re.compile(
    rf"(?:{_LABEL}\.)*(?![0-9]){_LABEL}"
)  # what ends in a number is a number to resolvers
# What `ipaddress` of Python 3.11 takes for public and is not: IPv4-compatible (RFC 4291, 2.5.5.1), NAT64 of one's own
# network (RFC 8215), site-local (RFC 3879), documentation (RFC 9637) and segment routing (RFC 9602).
_INSIDE: Final = tuple(
    map(ipaddress.IPv6Network, ("::/96", "64:ff9b:1::/48", "fec0::/10", "3fff::/20", "5f00::/16"))
)
GIVE_UP_MS: Final = 5 * 86_400_000  # nobody took anything for so long: it is told nothing any more
GIVE_UP_TRIES: Final = 8  # nor by fewer: a hub that was off for a week, or whose clock jumped, asked once


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret; raises ValueError for what is none."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("not a webhook secret") from None


def signature(keys: Sequence[bytes], *, id_: str, at_s: int, body: bytes) -> str:
    """The header `webhook-signature`: one `v1,` a key, so that a receiver may know either."""
    content = f"{id_}.{at_s}.".encode() + body
    made = (base64.b64encode(hmac.digest(key, content, sha256)).decode() for key in keys)
    return " ".join(f"v1,{each}" for each in made)


def pause_ms(tries: int, *, chance: Callable[[], float]) -> int:
    """How long to wait after so many tries that failed."""
    base_s = AFTER_S[min(tries, len(AFTER_S)) - 1]
    return int(base_s * 1000 * (1 - JITTER + 2 * JITTER * chance()))


def refused_url(url: str, *, allowed: Collection[str] = ()) -> str:
    """Why this address may not be told anything; empty: it may. Hosts are looked at again when they are known.

    `allowed` are origins that may be told whatever they lead to.
    """
    if not _WRITTEN.fullmatch(url):
        return "it holds signs that no address is written with"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is no address"
    if parts.username is not None or parts.password is not None or parts.fragment or not parts.hostname:
        return "it has no host, or more than an address should have"
    if is_of(url, allowed):
        return ""
    if parts.scheme != "https":
        return "it is not https"
    if port == 0:
        return "it is no address"
    try:
        return refused_ip(parts.hostname)
    except ValueError:  # a name: what it leads to is looked at each time
        is_name = len(parts.hostname) <= MOST_NAME and _NAME.fullmatch(parts.hostname)
        return "" if is_name else "its host is no name"


def is_of(url: str, origins: Collection[str]) -> bool:
    """Whether an address is of one of these origins, `https://host:port`, as they are written."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" in origins


def refused_ip(text: str) -> str:
    """Why nothing is sent to this IP address; empty: it may be. Raises ValueError for what is none."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inside is None and int(found) >> 32 == 0x64FF9B << 64:  # NAT64, RFC 6052
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return refused_ip(str(inside))
        if any(found in each for each in _INSIDE):
            return "it leads to a private network"
    return "" if found.is_global and not found.is_multicast else "it leads to a private network"

"""What the box's own certificates may say, and when a new one is due. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

DAY_MS: Final = 24 * 3_600_000
# As long as a box lives: a new authority means that every tablet has to be enrolled again, by hand.
CA_MS: Final = 10 * 365 * DAY_MS
# A copied key of the server is worth nothing after this; Apple refuses more than 825 days.
LEAF_MS: Final = 90 * DAY_MS
# Tablets whose clock is a little slow must not refuse a certificate that was made a minute ago.
SKEW_MS: Final = DAY_MS
# 2026-01-01: a box with an empty clock battery believes it is earlier than this program, and is wrong.
EARLIEST_MS: Final = 1_767_225_600_000
# All that an address on a shop's network can be (RFC 1918, RFC 4193). Not just today's network: a new router
# is the commonest change in a shop, and it must not make anyone walk past all tablets.
PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands in a server certificate."""

    host: str
    addresses: tuple[str, ...]
    from_ms: int
    until_ms: int


def label(name: str, shop: str) -> str:
    """The box's name on the shop's network, one DNS label (RFC 1035 section 2.3.1); `shop` where no name is set."""
    wanted = name or f"welkom-{shop}"
    return re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:63].strip("-") or "welkom"


def certified(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of `addresses` that the authority may vouch for, in a stable order."""
    networks = [ip_network(each) for each in PRIVATE]
    private = {each for each in addresses if any(ip_address(each) in network for network in networks)}
    return tuple(sorted(private))


def is_due(held: Paper | None, *, host: str, addresses: Sequence[str], now_ms: int) -> bool:
    """Whether a new certificate is needed: none yet, other names, or a third of its life or less is left."""
    if held is None or held.host != host or held.addresses != tuple(addresses):
        return True
    return not held.from_ms <= now_ms < held.until_ms - (held.until_ms - held.from_ms) // 3


def fingerprint(digest: bytes) -> str:
    """As tablets show it: `AB:CD:…`."""
    return digest.hex(":").upper()

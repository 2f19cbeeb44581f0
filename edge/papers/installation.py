"""What of the settings the papers are about: read once, asked by each paper."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from drivers.catalogue import RADIO
from drivers.settings import ReaderSettings
from edge.config import Config
from edge.consent.records import Party
from edge.consent.rules import PURPOSES
from edge.papers.words import Words
from edge.presence.files import read_floor
from sync.hub.config import Config as Hub

# Addresses at which nobody but this machine asks.
_HERE: Final = ("127.0.0.1", "::1", "localhost")
_OF_PLACE: Final = ("location", "finding")


@dataclass(frozen=True, slots=True)
class Installation:
    """A shop, its hub, or both; at least one. `zones`: how many the floor has, 0 where nobody is heard."""

    made_ms: int
    version: str
    shop: Config | None = None
    hub: Hub | None = None
    zones: int = 0

    @property
    def name(self) -> str:
        """Whose papers these are, as people call it."""
        if self.shop is not None:
            return self.shop.shop.name
        return ", ".join(each.name for each in self.parties) or "Welkom"

    @property
    def timezone(self) -> str:
        if self.shop is not None:
            return self.shop.shop.timezone
        return self.hub.timezone if self.hub else "Europe/Amsterdam"

    @property
    def readers(self) -> tuple[ReaderSettings, ...]:
        return self.shop.readers if self.shop else ()

    @property
    def hears(self) -> bool:
        """Whether fobs are heard, whoever brings what the scanners say. Of a hub alone it may be so in any shop."""
        return self.zones > 0 if self.shop else True

    @property
    def reads(self) -> bool:
        return any(each.kind not in RADIO for each in self.readers) if self.shop else True

    @property
    def with_hub(self) -> bool:
        return self.hub is not None or bool(self.shop and self.shop.hub.url)

    @property
    def hub_host(self) -> str:
        """By which name the shop asks its hub; empty where that is none, or a bare address."""
        host = urlsplit(self.shop.hub.url).hostname or "" if self.shop else ""
        return "" if host == "localhost" or _is_address(host) else host

    @property
    def parties(self) -> tuple[Party, ...]:
        """Who answers for the data: of the shop alone, else of every shop of the hub."""
        known = dict(self.hub.parties) if self.hub else {}
        if self.shop is not None:
            recipient = self.shop.shop.recipient
            # Without the hub's file only the id of a party is known here.
            return (known.get(recipient, Party(recipient, recipient)),)
        ids = dict.fromkeys((self.hub.controllers if self.hub else {}).values())
        of_shops = tuple(known[each] for each in ids if each in known)
        return of_shops or tuple(each for each in known.values() if each.kind != "partner")

    @property
    def partners(self) -> tuple[Party, ...]:
        return tuple(
            each for each in (self.hub.parties if self.hub else {}).values() if each.kind == "partner"
        )

    @property
    def purposes(self) -> tuple[str, ...]:
        """What data are used for here. Without the hub's file its partners are not known, and may be there."""
        off = set() if self.hears else set(_OF_PLACE)
        if self.shop is not None and not self.shop.presence.finding:
            off.add("finding")
        if not self.partners and (self.hub is not None or not self.with_hub):
            off.add("partners")
        return tuple(each for each in PURPOSES if each not in off)

    @property
    def known(self) -> bool:
        """Whether a hub's file says who answers for the data; else only an id is known."""
        ids = self.hub.parties if self.hub else {}
        return self.shop.shop.recipient in ids if self.shop else bool(self.parties)

    @property
    def own_page(self) -> str:
        """Where customers see and stop everything themselves; empty: at the tablet alone."""
        return (self.shop.shop.page if self.shop else "") or (self.hub.page if self.hub else "")

    @property
    def plain_http(self) -> bool:
        """Whether a tablet talks to this box without HTTPS of the box's own, and from another machine."""
        return bool(self.shop and self.shop.server.tls == "off" and self.shop.server.host not in _HERE)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def zones_of(config: Config) -> int:
    """Zones of the floor of a shop that hears fobs, as `welkom edge` finds them; raises ConfigError."""
    floor: Path = config.presence.floor
    if floor.exists():
        return max(1, len(read_floor(floor).zones))
    return int(any(each.kind in RADIO for each in config.readers))


def made_of(here: Installation, words: Words) -> str:
    """The line at the foot: of which day and which settings a paper is."""
    return words.say("made", day=words.day(here.made_ms), shop=here.name, version=here.version)

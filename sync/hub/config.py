"""Typed settings of the hub, and its two secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.consent.records import Party
from edge.kit.errors import ConfigError
from edge.kit.seal import key_of
from sync.hub.passes.settings import Settings as Passes
from sync.hub.questions import Measure
from sync.hub.sender import Post
from sync.hub.wishes import A_DAY

NAMES: Final = ("hub_kek", "chain_key")


@dataclass(frozen=True, slots=True)
class Keys:
    """Two keys of 32 bytes each."""

    hub_kek: bytes = field(repr=False)  # wraps the shops' and the customers' keys at rest
    chain_key: bytes = field(repr=False)  # inner hash of credentials, the same in every shop of the chain


@dataclass(frozen=True, slots=True)
class Config:
    state: Path  # folder of hub.db, where no database is named
    keys: Keys
    database: str = ""  # URL of a PostgreSQL database, without its password; empty: hub.db
    database_password: str | None = field(
        default=None, repr=False
    )  # None: as libpq finds it (peer, PGPASSFILE)
    snapshots: Path | None = None  # folder that all hubs of one database share; None: in `state`
    host: str = "127.0.0.1"
    port: int = 8770  # 0: any free one
    signing: int = 1  # number of the key that signs pages; raised by one to rotate it
    secure_cookies: bool = True  # False only where pages are asked for over plain HTTP (the demo, tests)
    timezone: str = "Europe/Amsterdam"  # for times as people say them
    names: Mapping[str, str] = field(default_factory=dict)  # id of a shop or recipient -> as people call it
    proxies: tuple[str, ...] = ()  # addresses whose word (X-Forwarded-For) about who asks is taken
    parties: Mapping[str, Party] = field(default_factory=dict)  # id of a recipient -> who that is
    controllers: Mapping[str, str] = field(default_factory=dict)  # id of a shop -> of who answers for it
    country: str = "NL"  # whose law applies (ISO 3166-1)
    choices: Path | None = None  # folder of choice helpers (Keuzehulp) for phones; None: none
    page: str = ""  # origin of the customers' own page; empty: no links, no passkeys, receipts name a urn
    passes: Passes = field(default_factory=Passes)
    hooks: tuple[str, ...] = ()  # origins of our own network that webhooks may be told at, http too
    post: Post = field(default_factory=Post)  # how letters leave
    guests: Measure = field(default_factory=Measure)  # how often a shop may ask whose card it was handed
    forgets_a_day: int = A_DAY  # customers whom one shop may have forgotten in a day
    frame_ancestors: tuple[str, ...] = ()  # origins whose pages may show ours in a frame (the demo's stage)


def read_keys(credentials: Mapping[str, bytes]) -> Keys:
    """Keys from credentials by name, 32 bytes raw or 64 hex digits; raises ConfigError naming the one."""
    return Keys(**{name: _key(credentials, name) for name in NAMES})


def _key(credentials: Mapping[str, bytes], name: str) -> bytes:
    key = key_of(credentials.get(name, b""))
    if key is None:
        raise ConfigError(
            f"secret {name} of the hub is not 32 bytes or 64 hex digits",
            code="HUB_KEY",
            hint=f"put it in the credentials directory as {name}",
        )
    return key

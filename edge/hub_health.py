"""A hub's settings in force, and how its parts are: what `welkom check` and `welkom doctor` say of a hub.toml."""

import os
import re
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge.config import toml
from edge.diagnosis import Note, Trouble, database_file, disk, findings
from edge.hub_file import MAIL_PASSWORD, PASSWORD, HubFile
from edge.hub_port import Stranger, epoch_at
from edge.kit.clock import rfc3339
from edge.kit.errors import StoreError
from edge.kit.postgres_session import Session, connector
from edge.kit.sql import Connection
from edge.kit.sqlite import open_reader
from edge.machine import Finding
from sync.hub import config as hub_config
from sync.hub import devices as boxes
from sync.hub import keys_apart, worked
from sync.hub.config import Config
from sync.hub.putting_back import ASIDE
from sync.hub.sender import PORTS
from sync.hub.store import FILE
from sync.hub.tables import devices, fleet

KNOCK_S: Final = 5
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def effective(settings: HubFile) -> str:
    """The settings in force as TOML; of secrets only their names."""
    hub = settings.hub
    own = {
        "state": hub.state,
        "host": hub.host,
        "port": hub.port,
        "database": hub.database,
        "choices": hub.choices or "",
        "snapshots": hub.snapshots or "",
        "signing": hub.signing,
        "guests_at_once": hub.guests.at_once,
        "guests_a_minute": hub.guests.a_minute,
        "forgets_a_day": hub.forgets_a_day,
        "country": hub.country,
        "page": hub.page,
        "mail": hub.post.url,
        "mail_from": hub.post.sender,
        "phones_at": hub.post.phones_at,
    }
    secret = [*hub_config.NAMES, *(f"shop_key.{each.id}" for each in settings.shops)]
    secret += [PASSWORD] * (hub.database_password is not None) + [MAIL_PASSWORD] * bool(hub.post.password)
    lines = [
        *_table("hub", own),
        f"proxies = {_listed(hub.proxies)}",
        f"hooks = {_listed(hub.hooks)}",
        "",
        "# secrets, masked",
        *(f"# {name} = ********" for name in secret),
        "",
        *_table("names", hub.names),
        "",
        *_table("controllers", hub.controllers),
        "",
    ]
    for party in hub.parties.values():
        about = {each.name: getattr(party, each.name) for each in fields(party) if each.name != "id"}
        lines += [*_table(f"parties.{_key(party.id)}", about), ""]
    lines += [*_table("passes", {"name": hub.passes.name, "colour": hub.passes.colour}), *_wallets(hub), ""]
    for shop in settings.shops:
        its = {each.name: getattr(shop, each.name) for each in fields(shop) if each.repr}
        lines += [*_table("[shops]", its | {"public_key": shop.public_key.hex()}), ""]
    return "\n".join(lines)


def examine(settings: HubFile, *, file: Path = Path("hub.toml")) -> Iterator[Finding]:
    """Every part of a hub, in the order in which trouble should be mended; its secrets were read with the file,

    which the next step names by `file`.
    """
    hub = settings.hub
    base = hub.database or FILE
    return findings(
        [
            ("disk", lambda: disk(hub.state)),
            ("database" if hub.database else base, lambda: _database(hub)),
            *((each.name, partial(_aside, each)) for each in sorted(hub.state.glob(f"{ASIDE}*"))),
            ("page", lambda: _page(hub)),
            ("letters", lambda: _letters(hub)),
            ("hub", lambda: _answers(hub, file)),
        ]
    )


def _wallets(hub: Config) -> list[str]:
    apple, google = hub.passes.apple, hub.passes.google
    said = [f"# Apple: {apple.pass_type_id}, certificate and key are there"] if apple else []
    return said + ([f"# Google: {google.issuer_id}, the account's key is there"] if google else [])


def _database(hub: Config) -> str:
    if not hub.database:
        keys_apart.refuse_without(hub.state / FILE, hub.state / keys_apart.FILE)
        worked.refuse_empty(hub.state)
        said = database_file(hub.state / FILE)
        # One that is not there, or empty, is made at the first start.
        with suppress(sqlite3.OperationalError), closing(open_reader(hub.state / FILE)) as conn:
            keys_apart.refuse_copy(conn, hub.state / keys_apart.FILE)
            boxes.refuse_other_kek(conn, hub.keys)
        return said
    try:
        with closing(connector(hub.database, password=hub.database_password)()) as native:
            with suppress(sqlite3.Error):  # an empty one has no tables yet
                boxes.refuse_other_kek(Session(native), hub.keys)
            return "answers, and lets this hub in"
    except sqlite3.Error as error:
        raise Trouble(f"cannot be reached, or does not let this hub in: {error}") from None


def _aside(folder: Path) -> str:
    """What a restore moved aside is nobody's for long."""
    whole = ", and their keys with it: who is erased stays in it" if (folder / FILE).exists() else ""
    raise Note(
        f"{folder} holds what lay here before a restore, customers{whole}. Take it away once all is well"
    )


def _page(hub: Config) -> str:
    if not hub.page:
        return "none: customers get in by a code of the shop alone, without links and passkeys"
    if not hub.page.startswith("https://") and not _is_here(urlsplit(hub.page).hostname or ""):
        raise Trouble(f"{hub.page} is not HTTPS: browsers keep no cookie of it; put HTTPS before the hub")
    return f"customers find theirs at {hub.page}/portal"


def _letters(hub: Config) -> str:
    if not hub.post.url:
        return "none go out: customers are sent no link and no overview"
    if not hub.page:
        raise Trouble("go out, and lead nowhere: set hub.page to where customers find their page")
    parts = urlsplit(hub.post.url)
    if parts.scheme == "file":
        folder = hub.state / parts.path
        near = next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
        if not os.access(near, os.W_OK):
            raise Trouble(f"{folder} cannot be written by this user")
        return f"are put into {folder}, for another program to send"
    port = parts.port or PORTS[parts.scheme]
    return _knocked(parts.hostname or "", port, f"go out by {parts.hostname}, which answers")


def _answers(hub: Config, file: Path) -> str:
    host = "127.0.0.1" if hub.host in ("0.0.0.0", "::") else hub.host
    try:
        _knocked(host, hub.port, "")
    except Trouble:
        raise _stopped(hub, file) from None
    free = f"stop that, or give hub.port of {file} another number"
    try:
        epoch = epoch_at(host, hub.port)
    except Stranger as other:
        raise Trouble(f"at port {hub.port} answers {other}: {free}") from None
    own = _from_database(hub, devices.hub_epoch, none=0)
    if own is not None and own != epoch:
        raise Trouble(f"at port {hub.port} answers a hub, and of another database than this one: {free}")
    return f"answers at port {hub.port}"


def _stopped(hub: Config, file: Path) -> Trouble | Note:
    """A hub that does not run: to be mended once shops rely on it, and before that only to know."""
    said_ms = _from_database(hub, _last_said_ms, none=0)
    if not hub.database and not (hub.state / FILE).exists():
        heard = "it never ran here"
    elif said_ms is None:
        heard = "since when, its database does not say"
    else:
        heard = f"it last heard one {rfc3339(said_ms)}" if said_ms else "it has heard none yet"
    return (Trouble if said_ms else Note)(
        f"nothing answers at port {hub.port}: it is not running. Shops work on and keep their facts for it; "
        f"{heard}. Start it: systemctl start welkom-hub, or welkom hub --config {file}"
    )


def _last_said_ms(conn: Connection) -> int:
    return max((each.at_ms for each in fleet.every(conn).values()), default=0)


def _from_database(hub: Config, read: Callable[[Any], int], *, none: int) -> int | None:
    """What `read` finds; `none` where there is no database yet, None where it cannot be read."""
    try:
        if hub.database:
            with closing(connector(hub.database, password=hub.database_password)()) as native:
                return read(Session(native))
        if not (hub.state / FILE).exists():
            return none
        with closing(open_reader(hub.state / FILE)) as conn:
            return read(conn)
    except (StoreError, sqlite3.Error):
        return None


def _knocked(host: str, port: int, well: str) -> str:
    try:
        socket.create_connection((host, port), timeout=KNOCK_S).close()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Trouble(f"{host}:{port} cannot be reached ({reason})") from None
    return well


def _is_here(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    return [f"[{name}]", *(f"{_key(each)} = {toml(value)}" for each, value in values.items())]


def _key(name: str) -> str:
    """A name as TOML takes it on the left: bare where it can be (TOML 1.0.0, "Keys")."""
    return name if _BARE.fullmatch(name) else toml(name)


def _listed(values: Iterable[object]) -> str:
    return f"[{', '.join(map(toml, values))}]"

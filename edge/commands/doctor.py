"""`welkom doctor`: tries every part of an appliance, or of a hub, and says in words what to do."""

import argparse
import json
import os
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from zeroconf import InterfaceChoice, IPVersion, Zeroconf

from drivers.settings import ReaderSettings, SettingsError, outline
from edge import centre, hub_health, known, machine, outbox, own_requests
from edge.commands.watch import tables
from edge.config import Config, credentials_folder, load
from edge.diagnosis import Check, Note, Trouble, database_file, disk, findings
from edge.files import high_water_ms
from edge.hub_file import is_hub, load_hub
from edge.keys import read_key, read_keys
from edge.kit.clock import SystemClock, rfc3339
from edge.kit.errors import ConfigError, Unreachable
from edge.kit.sqlite import open_reader
from edge.looks import acts as looks
from edge.machine import Finding, State
from edge.tls import addresses, places
from edge.tls.certificates import fingerprint_of
from edge.tls.mdns import service
from edge.tls.own import read_authority, read_server

# How long the network gets to answer with this box's own name.
NAME_MS: Final = 1_500
MARKS: Final[Mapping[State, str]] = {"well": "well", "note": "note", "ill": "ILL "}
BROKEN: Final = {
    "missing": "not there",
    "changed": "not what it was",
    "cut": "missing, and all after it",
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="welkom.toml, or hub.toml at headquarters")
    parser.add_argument(
        "--readers", type=Path, help="readers.toml, where readers run by themselves (welkom-reader@)"
    )
    parser.add_argument("--json", action="store_true", help="a JSON object a part: part, state, words")


def run(words: argparse.Namespace) -> int:
    if is_hub(words.config):
        hub = load_hub(words.config, environment=os.environ)
        return _told(hub_health.examine(hub, file=words.config), as_json=words.json)
    config = load(words.config)
    found = examine(config, others(words.readers) if words.readers else (), file=words.config)
    return _told(found, as_json=words.json)


def _told(found: Iterable[Finding], *, as_json: bool) -> int:
    """Status 1 where something is to mend; a note is not: the shop opens without that part."""
    count = Counter[State]()
    for finding in found:
        count[finding.state] += 1
        line = json.dumps(asdict(finding), ensure_ascii=False) if as_json else _line(finding)
        print(line, flush=True)
    if not as_json:
        print(_summary(ill=count["ill"], notes=count["note"]))
    return 1 if count["ill"] else 0


def _line(finding: Finding) -> str:
    return f"{MARKS[finding.state]}  {finding.part:14}  {finding.words}"


def _summary(*, ill: int, notes: int) -> str:
    if ill:
        return f"{ill} to mend: start at the top."
    return f"Nothing to mend; {notes} to know." if notes else "All is well."


def examine(
    config: Config, others: Sequence[ReaderSettings] = (), *, file: Path = Path("welkom.toml")
) -> Iterator[Finding]:
    """Every part in the order in which trouble should be mended; `file` as the next step names it."""
    checks: list[Check] = [
        ("secrets", lambda: _secrets(config)),
        ("disk", lambda: disk(config.store.state)),
        ("journal.db", lambda: database_file(config.store.state / "journal.db")),
        ("replica.db", lambda: database_file(config.store.state / "replica.db")),
        ("looks", lambda: _looks(config.store.state / "journal.db")),
        ("wishes", lambda: _wishes(config.store.state / "journal.db")),
        ("clock", lambda: _clock(config.store.state / "journal.db")),
        ("https", lambda: _https(config)),
        ("name", lambda: _name(config)),
        ("hub", lambda: _hub(config, file)),
    ]
    yield from findings(checks)
    yield from machine.examine(this_machine(), (*config.readers, *others))


def this_machine() -> machine.Machine:
    """Where we are, and with this user's rights."""
    return machine.Machine(Path("/"), os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


def others(file: Path) -> tuple[ReaderSettings, ...]:
    """Readers of another unit, by kind and device: their keys are not ours to read."""
    try:
        return tuple(outline(each, where=f"readers[{number}]") for number, each in enumerate(tables(file)))
    except SettingsError as error:
        raise ConfigError(
            f"{file}: {error}", code="C01", hint="see the reader settings in drivers/README.md"
        ) from None


def _secrets(config: Config) -> str:
    read_keys(credentials_folder(config))
    return "all five are there"


def _looks(journal: Path) -> str:
    if not journal.exists():
        return "nobody looked yet"
    try:
        with closing(open_reader(journal)) as conn:
            kept, told, broken = looks.check(conn)
    except sqlite3.Error:
        raise Trouble("the chain of looks cannot be read: start Welkom once, then ask again") from None
    if broken is not None:
        raise Trouble(
            f"line {broken.n} of the chain of looks is {BROKEN[broken.why]}: somebody changed journal.db, or it is "
            "from a backup; keep the file, and compare with headquarters, who hold the lines themselves"
        )
    return f"{kept} lines hold; the hub has them up to {told}"


def _wishes(journal: Path) -> str:
    """What customers asked of headquarters on their own page in the shop: a note while it was not carried out."""
    try:
        with closing(open_reader(journal)) as conn:
            waits = own_requests.waiting(conn)
    except sqlite3.Error:
        waits = []  # no journal yet, or one that its own line above speaks of
    if not waits:
        return "no customer's wish waits for headquarters"
    forget = sum(each.kind == "forget" for each in waits)
    since = rfc3339(min(each.at_ms for each in waits))
    raise Note(
        f"customers' wishes wait for headquarters: {forget} to be forgotten, {len(waits) - forget} to set something "
        f"right, the oldest since {since}. They are asked for again by themselves; "
        "where the line is well, ask headquarters: a shop that has many forgotten in a day is held back there"
    )


def _clock(journal: Path) -> str:
    now_ms = SystemClock().wall_ms()
    if not journal.exists():
        return rfc3339(now_ms)
    try:
        with closing(open_reader(journal)) as conn:
            behind_ms = high_water_ms(conn) - now_ms
    except sqlite3.Error:
        raise Trouble("cannot be compared: journal.db does not say when the last fact was") from None
    if behind_ms > 60_000:
        raise Trouble(
            f"stands {behind_ms // 1000} s before the last fact; set the date (timedatectl set-ntp true)"
        )
    return rfc3339(now_ms)


def _https(config: Config) -> str:
    if config.server.tls == "off":
        if addresses.is_loopback(config.server) or config.server.secure_cookies:
            return "off: certificates are somebody else's work here"
        raise Trouble('off, and tablets come in over the network: set server.tls = "own"')
    folder = config.store.state / "tls"
    try:
        authority, paper = read_authority(folder), read_server(folder)
    except FileNotFoundError:
        return "certificates will be made at the first start"
    except (OSError, ValueError):
        raise Trouble(
            f"{folder} cannot be read; start Welkom, which makes a new server certificate"
        ) from None
    now_ms = SystemClock().wall_ms()
    if not paper.from_ms <= now_ms < paper.until_ms:
        raise Trouble(
            f"the certificate is good from {rfc3339(paper.from_ms)[:10]} to {rfc3339(paper.until_ms)[:10]}; "
            "set the date, or start Welkom, which renews it"
        )
    if not paper.addresses and not places.has_name(config) and not addresses.is_loopback(config.server):
        raise Trouble(
            "its name is not said and its address is not private, so not certified: set server.mdns = true"
        )
    names = ", ".join((paper.host, *paper.addresses))
    return (
        f"{names}, until {rfc3339(paper.until_ms)[:10]}, renewed by itself; tablets trust "
        f"{fingerprint_of(authority)} until {authority.not_valid_after_utc.date()}: "
        f"{places.enrolment(config) or '`welkom tablet pair` says how'}"
    )


def _name(config: Config) -> str:
    if not config.server.mdns:
        return "not said on the network (server.mdns = false): tablets come by number"
    if not places.has_name(config):
        return "not said: only this machine can reach the pages"
    inet = [each for each in addresses.served(config.server) if ":" not in each]
    host, said = places.host_of(config), service(config, inet)
    try:
        with closing(
            Zeroconf(interfaces=inet or InterfaceChoice.Default, ip_version=IPVersion.V4Only)
        ) as net:
            answered = net.get_service_info(said.type, said.name, NAME_MS)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Trouble(
            f"{host} cannot be said on the network ({reason}): open UDP port 5353; tablets come by number"
        ) from None
    return f"{host} is answered" if answered else f"{host} is not answered now: is Welkom running?"


def _hub(config: Config, file: Path) -> str:
    if not config.hub.url:
        return "none configured: this shop stays alone"
    address = urlsplit(config.hub.url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), timeout=5).close()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _out(config, reason) from None
    if not config.hub.device:
        raise Trouble("answers, and hub.device is empty here: set it, then `welkom enrol`")
    secret = read_key(credentials_folder(config), "device_key")
    try:
        said = known.refusal(config.hub, secret)
    except Unreachable as error:
        raise _out(config, str(error)) from None
    if said in known.STRANGE:
        raise Trouble(
            "answers, but does not know this box's key; at headquarters: welkom enrol --config hub.toml "
            f"--shop {config.shop.id}, then here: welkom enrol --config {file}"
        )
    if said == "CLOCK_SKEW":
        return "answers; its clock is more than 10 minutes from ours, which the sync makes up for"
    if said.startswith("HTTP_"):
        raise Trouble(f"something answers at hub.url that is no hub ({said[5:]}): compare that address")
    return f"answers, and says {said} now" if said else "answers, and knows this box"


def _out(config: Config, reason: str) -> Trouble | Note:
    """A hub that does not answer now, or that never did: then something in the settings may be wrong."""
    next_step = "look at the internet line, and ask headquarters whether the hub runs"
    try:
        with closing(open_reader(config.store.state / "journal.db")) as conn:
            epoch = centre.epoch(conn)
            over = SystemClock().wall_ms() >= centre.lease_until_ms(conn)
            waiting, since_ms = outbox.depth(conn), outbox.oldest_ms(conn)
    except sqlite3.Error:
        epoch, over, waiting, since_ms = 0, False, 0, None
    waits = f"{waiting} facts wait for it since {rfc3339(since_ms)}" if since_ms else "nothing waits for it"
    if not epoch:
        return Trouble(
            f"cannot be reached ({reason}), and never was from here: compare hub.url, then {next_step}. "
            f"The shop works on; {waits}"
        )
    if over:
        return Trouble(
            f"cannot be reached ({reason}) for longer than hub.lease_days ({config.hub.lease_days}): taps save and "
            f"spend, and nobody is recognised until it is; {waits}. {next_step.capitalize()}"
        )
    return Note(f"cannot be reached ({reason}). The shop works on; {waits}. {next_step.capitalize()}")

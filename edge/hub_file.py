"""The hub's configuration file: where it listens, where it keeps things, which shops it knows."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import urlsplit

from edge.config import is_of_hub, is_of_shop
from edge.consent.meanings import AUTHORITIES
from edge.consent.records import Party, PartyKind
from edge.keys import read_key
from edge.kit.errors import ConfigError
from edge.kit.toml_file import read_toml
from edge.numbers import MOST
from sync.hub import config as hub_config
from sync.hub import devices
from sync.hub.passes.settings import load as load_passes
from sync.hub.questions import Measure
from sync.hub.sender import PORTS, Post
from sync.hub.tables.devices import Device
from sync.hub.wishes import A_DAY

if TYPE_CHECKING:
    from sync.hub.app import Hub

_PORT: Final = 8444
HIGHEST_PORT: Final = 65_535
_HUB: Final = {
    "state": "hub",
    "credentials": "credentials",
    "host": "127.0.0.1",
    "port": _PORT,
    "signing": 1,
    "database": "",
    "hooks": (),
    "proxies": (),
    "snapshots": "",
    "guests_at_once": Measure().at_once,
    "guests_a_minute": Measure().a_minute,
    "forgets_a_day": A_DAY,
    "choices": "choices",
    "country": "NL",
    "page": "",
    "mail": "",
    "mail_from": "",
    "phones_at": "",
}
PASSWORD: Final = "database_password"
MAIL_PASSWORD: Final = "mail_password"
_PARTY: Final = tuple(each.name for each in fields(Party) if each.name != "id")
_SHOP: Final = ("id", "device", "public_key", "epoch", "retired")


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop and the appliance that speaks for it; `shop_key` is the secret `shop_key.<id>`."""

    id: str
    device: str
    public_key: bytes
    epoch: int
    shop_key: bytes = field(repr=False)
    retired: bool = False  # the box never comes back: nothing waits for it


@dataclass(frozen=True, slots=True)
class HubFile:
    hub: hub_config.Config
    shops: tuple[Shop, ...]


def is_hub(path: Path) -> bool:
    """Whether a configuration is a hub's: only those have keys of a hub, and `[[shops]]`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False  # what is wrong with it says whoever loads it
    return is_of_hub(table)


def example(*, port: int = _PORT) -> str:
    """The file of a hub that does not know a shop yet."""
    return (
        "# Welkom: settings of a hub. Shops come with `welkom enrol --config hub.toml --shop ID`, not in this file.\n"
        '[hub]\nstate = "hub"  # folder of hub.db, relative to this file\n'
        'host = "127.0.0.1"  # 0.0.0.0 where shops come in over the network; put HTTPS before it\n'
        f"port = {port}\n"
        '# database = "postgresql://welkom-hub@db.example/welkom?sslmode=verify-full"  # instead of hub.db\n'
        'choices = "choices"  # folder of choice helpers for phones, the same files as in the shops\n'
        '# page = "https://mijn.example.nl"  # address of customers\' own pages, at HTTPS; `welkom page` needs it\n\n'
        "[names]  # how people call a shop or recipient, by its id\n"
        '# amersfoort = "Van Dam, Amersfoort"\n\n'
        "# Who answers for people's data, as their receipts say it: the chain, a franchise holder, a partner.\n"
        '# [parties.van-dam]\n# name = "Van Dam Buitensport B.V."\n'
        '# kind = "franchise"  # chain, franchise, partner\n'
        '# address = "Langestraat 1, 3811 AA Amersfoort"\n# contact = "Privacy"\n'
        '# email = "privacy@vandam.example"\n\n'
        '# [controllers]  # the party behind each shop, by its id\n# amersfoort = "van-dam"\n'
    )


async def introduced(hub: "Hub", settings: HubFile) -> None:
    """Let the hub know the shops of its file; what was enrolled since goes before it."""
    for shop in settings.shops:
        device = Device(shop.device, shop.id, shop.epoch, shop.public_key)
        await hub.db.apply(devices.introduce, hub.keys, device=device, shop_key=shop.shop_key)
        await hub.db.apply(devices.retire, shop.device, retired=shop.retired, now_ms=hub.now_ms())


def load_hub(path: Path, *, environment: Mapping[str, str]) -> HubFile:
    """Settings of `hub.toml`; raises ConfigError naming file, key and next step."""
    table = read_toml(path, code="C01", hint=f"`welkom init --hub-here --config {path}` makes a hub")
    if is_of_shop(table):
        raise ConfigError(f"{path} is a shop's", code="C01", hint="this command wants the hub.toml of a hub")
    _refuse_unknown(table, {"hub", "names", "shops", "parties", "controllers", "passes"}, file=path, where="")
    own = {**_HUB, **_table(table.get("hub", {}), set(_HUB), file=path, where="hub.")}
    folder = environment.get("CREDENTIALS_DIRECTORY")
    credentials = Path(folder) if folder else path.parent / str(own["credentials"])
    if type(own["port"]) is not int or not isinstance(own["host"], str):
        raise _wrong(path, "hub.port", "is a whole number, hub.host a text in quotes")
    if not 0 <= own["port"] <= HIGHEST_PORT:
        raise _wrong(path, "hub.port", f"is from 0 (any free one) to {HIGHEST_PORT}")
    if type(own["signing"]) is not int or own["signing"] < 1:
        raise _wrong(path, "hub.signing", "is a whole number from 1")
    database = _database(own["database"], file=path)
    keys = hub_config.read_keys(
        {
            name: read_key(credentials, name, made="`welkom init --hub-here` makes it with a new hub.toml")
            for name in hub_config.NAMES
        }
    )
    hub = hub_config.Config(
        state=path.parent / str(own["state"]),
        keys=keys,
        host=own["host"],
        port=own["port"],
        signing=own["signing"],
    )
    if database:
        hub = replace(hub, database=database, database_password=_password(credentials, PASSWORD))
    hub = replace(hub, hooks=_hooks(own["hooks"], file=path), proxies=_proxies(own["proxies"], file=path))
    hub = replace(
        hub, guests=_guests(own, file=path), forgets_a_day=_forgets(own["forgets_a_day"], file=path)
    )
    hub = replace(hub, post=_post(own, credentials, file=path))
    hub = replace(hub, choices=path.parent / str(own["choices"]))
    if own["snapshots"]:
        hub = replace(hub, snapshots=path.parent / str(own["snapshots"]))
    names = _texts(table.get("names", {}), file=path, where="names", like='van-dam = "Van Dam"')
    parties = _parties(table.get("parties", {}), names, file=path)
    shops_of = _texts(
        table.get("controllers", {}), file=path, where="controllers", like='amersfoort = "van-dam"'
    )
    hub = replace(hub, names=names, parties=parties, controllers=shops_of)
    hub = replace(hub, country=_country(own["country"], file=path), page=_page(own["page"], file=path))
    hub = replace(hub, passes=load_passes(table.get("passes", {}), credentials, file=path))
    listed = table.get("shops", [])
    if not isinstance(listed, list):
        raise _wrong(path, "shops", "is a list of tables: write [[shops]]")
    shops = tuple(
        _shop(_table(each, set(_SHOP), file=path, where=f"shops[{number}]."), credentials, path, number)
        for number, each in enumerate(listed)
    )
    return HubFile(hub=hub, shops=shops)


def _database(url: object, *, file: Path) -> str:
    if not isinstance(url, str):
        raise _wrong(file, "hub.database", "is a text in quotes")
    try:
        if url:
            from edge.kit.postgres_session import connector  # loaded for those who have one

            connector(url)
    except ValueError as error:
        raise _wrong(file, "hub.database", str(error)) from None
    return url


def _post(own: Mapping[str, Any], credentials: Path, *, file: Path) -> Post:
    """How letters leave; the password of the mail server is the credential `mail_password`."""
    url, sender, phones = own["mail"], own["mail_from"], own["phones_at"]
    if not all(isinstance(each, str) for each in (url, sender, phones)):
        raise _wrong(file, "hub.mail", "is a text in quotes, as are mail_from and phones_at")
    if not url:
        return Post()
    parts = urlsplit(url)
    if (
        parts.scheme not in ("file", *PORTS)
        or (parts.scheme in PORTS and not parts.hostname)
        or parts.password
    ):
        hint = 'is "file:FOLDER" or "smtp://USER@HOST:587"; the password is the credential mail_password'
        raise _wrong(file, "hub.mail", hint)
    if "@" not in sender:
        raise _wrong(file, "hub.mail_from", "is the address that letters come from")
    return Post(url, sender, _password(credentials, MAIL_PASSWORD) or "", phones)


def _password(credentials: Path, name: str) -> str | None:
    """A credential that may be left out: libpq then knows peer authentication and PGPASSFILE, a mail server none."""
    try:
        return (credentials / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"secret {name} cannot be read from the credentials directory ({type(error).__name__})",
            code="C02",
            hint=f"under systemd check LoadCredential={name}:…",
        ) from None


def _hooks(listed: object, *, file: Path) -> tuple[str, ...]:
    """Origins of our own network that webhooks may be told at."""
    if not isinstance(listed, (list, tuple)) or not all(
        isinstance(each, str) and re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]{1,200}", each) for each in listed
    ):
        raise _wrong(file, "hub.hooks", 'is a list of origins: hooks = ["http://crm.internal:9000"]')
    return tuple(listed)


def _guests(own: Mapping[str, Any], *, file: Path) -> Measure:
    """How often a shop may ask whose card it was handed."""
    given = {}
    for name in ("at_once", "a_minute"):
        value = own[f"guests_{name}"]
        if type(value) is not int or value < 1:
            raise _wrong(file, f"hub.guests_{name}", "is a whole number from 1")
        given[name] = value
    return Measure(**given)


def _forgets(a_day: object, *, file: Path) -> int:
    """How many customers one shop may have forgotten in a day."""
    if type(a_day) is not int or a_day < 1:
        raise _wrong(file, "hub.forgets_a_day", "is a whole number from 1")
    return a_day


def _proxies(listed: object, *, file: Path) -> tuple[str, ...]:
    """Addresses of proxies before the hub, as it sees them."""
    try:
        if isinstance(listed, (list, tuple)) and all(isinstance(each, str) for each in listed):
            return tuple(ip_address(each).compressed for each in listed)
    except ValueError:
        pass
    raise _wrong(file, "hub.proxies", 'is a list of addresses: proxies = ["10.0.0.5"]')


def _texts(table: object, *, file: Path, where: str, like: str) -> dict[str, str]:
    """A text for each id: how people call a shop or recipient, who answers for a shop."""
    if not isinstance(table, dict) or not all(isinstance(each, str) for each in table.values()):
        raise _wrong(file, where, f"is a table of texts: {like}")
    return table


def _parties(table: object, names: Mapping[str, str], *, file: Path) -> dict[str, Party]:
    """Who the recipients are, as receipts say it; a name that is left out is that of `names`."""
    if not isinstance(table, dict):
        raise _wrong(file, "parties", "is a table of tables: [parties.van-dam]")
    found = {}
    for id_, its in table.items():
        given = _table(its, set(_PARTY), file=file, where=f"parties.{id_}.")
        if not all(isinstance(each, str) for each in given.values()):
            raise _wrong(file, f"parties.{id_}", "has texts in quotes only")
        if given.get("kind", "franchise") not in get_args(PartyKind):
            raise _wrong(file, f"parties.{id_}.kind", f"is one of {', '.join(get_args(PartyKind))}")
        found[id_] = Party(**{"id": id_, "name": names.get(id_, id_), **given})
    return found


def _country(code: object, *, file: Path) -> str:
    if not isinstance(code, str) or code not in AUTHORITIES:
        raise _wrong(file, "hub.country", f"is one of {', '.join(AUTHORITIES)}")
    return code


def _page(text: object, *, file: Path) -> str:
    if not isinstance(text, str) or (text and not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]{1,200}", text)):
        raise _wrong(file, "hub.page", 'is an origin: page = "https://wallet.example.nl"')
    return text


def _shop(table: dict[str, Any], credentials: Path, file: Path, number: int) -> Shop:
    try:
        shop_id, device = str(table["id"]), str(table["device"])
        public_key = bytes.fromhex(table["public_key"])
    except (KeyError, ValueError, TypeError):
        raise _wrong(file, f"shops[{number}]", "needs id, device and public_key (64 hex digits)") from None
    epoch = table.get("epoch", 1)
    if len(public_key) != 32 or type(epoch) is not int or not 1 <= epoch <= MOST:
        raise _wrong(file, f"shops[{number}]", "needs a public_key of 64 hex digits and an epoch from 1")
    retired = table.get("retired", False)
    if type(retired) is not bool:
        raise _wrong(file, f"shops[{number}].retired", "is true or false")
    shop_key = read_key(
        credentials, f"shop_key.{shop_id}", made="it is the shop_key of that shop; `welkom enrol` needs none"
    )
    return Shop(shop_id, device, public_key, epoch, shop_key=shop_key, retired=retired)


def _table(table: object, known: set[str], *, file: Path, where: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise _wrong(file, where.rstrip("."), "is a table")
    _refuse_unknown(table, known, file=file, where=where)
    return table


def _refuse_unknown(table: dict[str, Any], known: set[str], *, file: Path, where: str) -> None:
    for name in table:
        if name not in known:
            raise _wrong(file, where + name, f"is unknown; known are {', '.join(sorted(known))}")


def _wrong(file: Path, path: str, what: str) -> ConfigError:
    return ConfigError(f"{file}: {path} {what}", code="C01", hint="correct that line and start again")

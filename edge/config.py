"""Typed settings. Nothing else reads a configuration file or the environment.

Defaults here < `welkom.toml` < `WELKOM_<SECTION>_<KEY>`. Unknown keys are refused with their path.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drivers.settings import ReaderSettings, SettingsError, parse_reader
from drivers.settings import tables as reader_tables
from edge.kit.errors import ConfigError
from edge.kit.text import is_country
from edge.kit.toml_file import read_toml
from edge.kit.words import Language as Language
from edge.wallet.policy import Limits

Tls = Literal["own", "off"]


def setting(default: Any, why: str, *, lowest: int = 0, highest: int = 2**31 - 1) -> Any:
    """A setting with its default and the sentence that explains it in the example file and the README."""
    return field(default=default, metadata={"why": why, "lowest": lowest, "highest": highest})


@dataclass(frozen=True, slots=True)
class Shop:
    id: str = setting("demo", "this shop's id at the hub")
    name: str = setting("Van Dam, Amersfoort", "shown at the top of every page")
    recipient: str = setting(
        "van-dam", "who receives the data: the chain or the franchise holder in consents"
    )
    timezone: str = setting("Europe/Amsterdam", "for times as people say them")
    country: str = setting("NL", "whose law limits what may be promoted (ISO 3166-1)")
    language: Language = setting("nl", "language of the sign-in page and of new staff: nl or en")
    benefit_nl: str = setting(
        "", "what becoming known gives today, one sentence, such as: Vandaag: eerste stempel cadeau"
    )
    benefit_en: str = setting("", "the same in English")
    benefit_de: str = setting("", "the same in German, on the customer's own phone; empty: English")
    benefit_fr: str = setting("", "the same in French, on the customer's own phone; empty: English")
    page: str = setting(
        "",
        "address of the customers' own page, for the door sign and for joining on one's own phone; empty: neither",
    )
    stamps: int = setting(8, "stamps on a full card", lowest=1, highest=100)
    reward: str = setting("", "what a full stamp card gives; empty: the shop has no stamp card")


@dataclass(frozen=True, slots=True)
class Server:
    host: str = setting("127.0.0.1", "address the tablet pages listen on")
    port: int = setting(8443, "port of the tablet pages", highest=65_535)
    secure_cookies: bool = setting(
        False, "true where something before this box speaks HTTPS; with tls = own they always are"
    )
    tls: Tls = setting("off", "own: HTTPS with certificates that this box makes itself; off: plain HTTP")
    name: str = setting("", "name on the shop's network, before .local; empty: welkom- and the shop's id")
    mdns: bool = setting(True, "say that name on the shop's network, so that tablets find this box by it")
    enrol_port: int = setting(
        8080, "port of the page on which tablets learn to trust this box; 0: none", highest=65_535
    )

    def __post_init__(self) -> None:
        if self.tls == "own":
            object.__setattr__(self, "secure_cookies", True)


@dataclass(frozen=True, slots=True)
class Store:
    state: Path = setting(Path("state"), "folder of journal.db and replica.db, relative to this file")
    credentials: Path = setting(Path("credentials"), "folder of the secrets where systemd gives none")


@dataclass(frozen=True, slots=True)
class Hub:
    url: str = setting("", "address of the central wallet; empty: stay alone")
    device: str = setting("", "this appliance's device id at the hub")
    lease_days: int = setting(
        14,
        "days without a word from the hub after which consents count no more here; saving and redeeming go on",
        lowest=1,
        highest=365,
    )


@dataclass(frozen=True, slots=True)
class Visits:
    quiet_min: int = setting(60, "minutes without a sign of the customer that end a visit", lowest=1)


@dataclass(frozen=True, slots=True)
class Wallet:
    large_points: int = setting(
        500, "points in a day from which redeeming also takes the phone's own unlock or a colleague's PIN"
    )
    large_cards: int = setting(3, "full stamp cards in a day from which redeeming takes the same")
    proof_min: int = setting(10, "minutes for which a tap with chip or phone may redeem", lowest=1)
    unlocking: str = setting(
        "",
        "HCE key ids of apps that ask for the phone's own unlock, with spaces between; pass type ids and "
        "collector ids too, but nobody signs for those phones",
    )

    @property
    def limits(self) -> Limits:
        """What the policy asks of these settings."""
        return Limits(self.large_points, self.large_cards, self.proof_min * 60_000)


@dataclass(frozen=True, slots=True)
class Advice:
    most_a_week: int = setting(
        3, "visits in seven days at which one customer is offered something; 0: at none", lowest=0
    )
    quiet_from: int = setting(0, "hour of the shop's clock at which offers stop", lowest=0, highest=24)
    quiet_until: int = setting(
        0, "hour at which they start again; the same as quiet_from: offers at all hours", lowest=0, highest=24
    )


@dataclass(frozen=True, slots=True)
class Choice:
    folder: Path = setting(
        Path("choices"), "choice helpers (Keuzehulp), one .toml file each; no such folder: none"
    )


@dataclass(frozen=True, slots=True)
class Looks:
    most_an_hour: int = setting(
        30,
        "closer looks at customers on one tablet in an hour above which a manager is told; 0: never",
        lowest=0,
    )
    alone_min: int = setting(
        15,
        "minutes in which whoever was found by name has to be seen or served; else a manager is told",
        lowest=1,
        highest=120,
    )


@dataclass(frozen=True, slots=True)
class Presence:
    floor: Path = setting(
        Path("floor.toml"), "zones and scanners, for ble and mqtt; no such file: one zone, the shop"
    )
    welcome: bool = setting(
        False, "a beacon hangs at the door that wallet passes of this shop know; for the door sign"
    )
    finding: bool = setting(False, "staff may look up where a customer stands who asked for that")
    calibration: Path = setting(
        Path("calibration.jsonl"), "walks of that floor; no such file: the strongest scanner says the zone"
    )


@dataclass(frozen=True, slots=True)
class Config:
    shop: Shop = Shop()
    server: Server = Server()
    store: Store = Store()
    hub: Hub = Hub()
    visits: Visits = Visits()
    wallet: Wallet = Wallet()
    advice: Advice = Advice()
    choice: Choice = Choice()
    looks: Looks = Looks()
    presence: Presence = Presence()
    readers: tuple[ReaderSettings, ...] = ()


# As the hub asks of ids: with `shop:` and `:urgent` around it, it stays a name on the wire.
ID: Final = re.compile(r"[A-Za-z0-9._-]{1,48}")
SECTIONS: Final = (
    "shop", "server", "store", "hub", "visits", "wallet", "advice", "choice", "looks", "presence",
)  # fmt: skip


def load(path: Path, *, environment: Mapping[str, str] = os.environ) -> Config:
    """Settings of `path` with the environment over them; raises ConfigError naming file, key and next step."""
    table = read_toml(path, code="C01", hint="`welkom init` writes a configuration")
    if is_of_hub(table):
        raise ConfigError(
            f"{path} is a hub's", code="C01", hint="this command wants the welkom.toml of a shop"
        )
    return parse(table, base=path.parent, environment=environment, file=str(path))


def is_of_hub(table: Mapping[str, Any]) -> bool:
    """Whether settings are a hub's: only those have `[[shops]]`, or say where a hub keeps things and listens; and
    what names a hub and nothing of a shop is a hub's too."""
    hub = table.get("hub", {})
    if "shops" in table or (isinstance(hub, dict) and bool({"state", "port", "host"} & set(hub))):
        return True
    return "hub" in table and not is_of_shop(table)


def is_of_shop(table: Mapping[str, Any]) -> bool:
    """Whether settings are a shop's."""
    hub = table.get("hub", {})
    ours = isinstance(hub, dict) and bool({each.name for each in fields(Hub)} & set(hub))
    return ours or bool(({*SECTIONS, "readers"} - {"hub"}) & set(table))


def parse(
    table: Mapping[str, Any],
    *,
    base: Path,
    environment: Mapping[str, str] | None = None,
    file: str = "settings",
) -> Config:
    """Settings of a parsed table; relative paths count from `base`."""
    known = {*SECTIONS, "readers"}
    if unknown := sorted(set(table) - known):
        raise _wrong(file, unknown[0], f"is unknown; known are {', '.join(sorted(known))}")
    sections: dict[str, Any] = {}
    for config_field in fields(Config):
        if config_field.name != "readers":
            kind = get_type_hints(Config)[config_field.name]
            sections[config_field.name] = _section(
                kind,
                table.get(config_field.name, {}),
                config_field.name,
                base=base,
                environment=environment,
                file=file,
            )
    given = (environment or {}).get("CREDENTIALS_DIRECTORY")
    secrets = Path(given) if given else sections["store"].credentials
    try:
        parsed = tuple(
            parse_reader(reader, where=f"readers[{number}]", base=base, credentials=secrets)
            for number, reader in enumerate(reader_tables(table))
        )
    except SettingsError as error:
        raise ConfigError(
            f"{file}: {error}", code="C01", hint="see the reader settings in drivers/README.md"
        ) from None
    names = [reader.name for reader in parsed]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _wrong(
            file, "readers", f"has two readers named {twice[0]!r}; names are told apart on the tablet"
        )
    _reachable(sections["hub"].url, file=file)
    for path, said in (("shop.id", sections["shop"].id), ("hub.device", sections["hub"].device or "-")):
        if not ID.fullmatch(said):
            raise _wrong(file, path, "is 1 to 48 letters, digits and ._- without spaces, such as amersfoort")
    try:
        ZoneInfo(sections["shop"].timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise _wrong(
            file, "shop.timezone", "is a zone of the tz database, such as Europe/Amsterdam"
        ) from None
    if not is_country(sections["shop"].country):
        raise _wrong(file, "shop.country", "is a country of two capitals, such as NL")
    return Config(**sections, readers=parsed)


def _reachable(url: str, *, file: str) -> None:
    """Refuse an address of a hub that can be none; empty means that there is no hub."""
    try:
        address = urlsplit(url)
        whole = address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        whole = False
    if url and not whole:
        raise _wrong(file, "hub.url", "is an address with its https://, such as https://hub.example")
    if url and "@" in address.netloc:
        raise _wrong(file, "hub.url", "holds no user and password: this box signs what it asks")


def _section(
    kind: type, table: object, name: str, *, base: Path, environment: Mapping[str, str] | None, file: str
) -> Any:
    if not isinstance(table, dict):
        raise _wrong(file, name, "is a section: write [" + name + "]")
    hints = get_type_hints(kind)
    known = [each.name for each in fields(kind)]
    if unknown := sorted(set(table) - set(known)):
        raise _wrong(file, f"{name}.{unknown[0]}", f"is unknown; known are {', '.join(known)}")
    values: dict[str, Any] = {}
    for each in fields(kind):
        path = f"{name}.{each.name}"
        value = table.get(each.name, each.default)
        override = (environment or {}).get(f"WELKOM_{name}_{each.name}".upper())
        if override is not None:
            value, path = _from_text(hints[each.name], override), f"WELKOM_{name}_{each.name}".upper()
        values[each.name] = _typed(hints[each.name], value, path, base=base, file=file)
        _within(each, values[each.name], path, file=file)
    return kind(**values)


def _from_text(kind: Any, text: str) -> object:
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    return int(text) if kind is int and re.fullmatch(r"-?[0-9]+", text) else text


def _typed(kind: Any, value: object, path: str, *, base: Path, file: str) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise _wrong(file, path, f"is one of {', '.join(map(str, get_args(kind)))}")
        return value
    if kind is Path:
        if not isinstance(value, (str, Path)):
            raise _wrong(file, path, "is a path in quotes")
        return base / value
    if type(value) is not kind:
        raise _wrong(file, path, f"is {_WORDS[kind]}")
    return value


def _within(each: Field[Any], value: object, path: str, *, file: str) -> None:
    lowest, highest = each.metadata["lowest"], each.metadata["highest"]
    if isinstance(value, int) and not isinstance(value, bool) and not lowest <= value <= highest:
        raise _wrong(file, path, f"is from {lowest} to {highest}")


_WORDS: Final = {str: "a text in quotes", int: "a whole number", bool: "true or false"}


def _wrong(file: str, path: str, what: str) -> ConfigError:
    return ConfigError(
        f"{file}: {path} {what}", code="C01", hint="correct that line, then run `welkom check`"
    )


def credentials_folder(config: Config, *, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the secrets stand: systemd's directory for them, else the configured folder."""
    given = environment.get("CREDENTIALS_DIRECTORY")
    return Path(given) if given else config.store.credentials


def example() -> str:
    """The example file, generated from the types above: every section and key with its default and reason."""
    lines = [
        "# Welkom: settings of one appliance, with their defaults. `welkom check --config FILE` reads it back."
    ]
    for name in SECTIONS:
        kind = get_type_hints(Config)[name]
        lines += ["", f"[{name}]"]
        for each in fields(kind):
            lines.append(f"{each.name} = {toml(each.default)}  # {each.metadata['why']}")
    lines += [
        "",
        "# One table a reader; kinds and their settings stand in drivers/README.md.",
        "# [[readers]]",
        '# name = "counter-1"',
        '# kind = "nfc"',
        '# device = "/dev/serial/by-id/usb-…"',
    ]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A JSON string is a TOML basic string, but for DEL (TOML 1.0.0, "String").
    return (
        str(value)
        if isinstance(value, int)
        else json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    )

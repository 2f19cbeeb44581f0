"""One line of a file into a customer, a balance or a colleague, or every reason why not. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge.consent.rules import PURPOSES
from edge.importing.stream import Cells, Json, Wrong
from edge.kit.errors import Refused
from edge.kit.text import entire
from edge.wallet.rules import new_wallet
from sync.hub.consents import NewConsent
from sync.hub.hq import cards as written
from sync.hub.hq import rows
from sync.hub.hq.shapes import Card, Ms, Recipient, Ref, ShopId

Id = Annotated[str, Meta(pattern=entire("([0-9A-Fa-f]{32})?"))]
Whole = Annotated[int, Meta(ge=0, le=10**9)]
Text = Annotated[str, Meta(max_length=200)]


class _Consent(Struct, forbid_unknown_fields=True):
    purpose: Annotated[str, Meta(max_length=64)]
    recipient: Recipient
    until_ms: Ms | None = None


class _Customer(Struct, forbid_unknown_fields=True):
    ref: Ref = ""
    id: Id = ""
    traits: dict[str, Any] = {}
    cards: Annotated[list[Card], Meta(max_length=20)] = []
    shops: Annotated[list[ShopId], Meta(max_length=50)] = []
    consents: Annotated[list[_Consent], Meta(max_length=50)] = []


class _Balance(Struct, forbid_unknown_fields=True):
    ref: Ref = ""
    id: Id = ""
    points: Whole | None = None
    stamps: Whole | None = None


class _Staff(Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern=entire("[A-Za-z0-9._-]{1,48}"))]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    shops: Annotated[list[ShopId], Meta(min_length=1, max_length=1000)]
    role: Literal["staff", "manager"] = "staff"
    language: Literal["nl", "en"] = "nl"


_WHOM: Final = ("ref", "id")
_COLUMNS: Final = {"number": "card", "uid": "uid"}  # where each kind of card stands in CSV
_TOLD: Final = ("call", "short", "initials", "since", "birthday", "points", "stamps", "stamps_of", "reward")
CUSTOMER: Final = frozenset((*_WHOM, *_TOLD, "card", "uid", "shops", "consents"))
BALANCE: Final = frozenset((*_WHOM, "points", "stamps"))
_ONE_OF: Final = {"role": "staff or manager", "language": "nl or en"}
STAFF: Final = frozenset({"id", "name", "shops", "role", "language"})
R = TypeVar("R", bound=Struct)


def customer(found: Cells | Json) -> rows.Customer | list[Wrong]:
    """A customer; `traits` in JSON are as on the wire, cells are put together here."""
    made = _read(found, _Customer, _customer_cells)
    if isinstance(made, list):
        return made
    wrong = [Wrong(found.line, what) for what in _wrong_whom(made.ref, made.id)]
    wrong += [
        Wrong(found.line, f"no purpose is called {each.purpose[:40]!r}, there are {', '.join(PURPOSES)}")
        for each in made.consents
        if each.purpose not in PURPOSES
    ]
    cards = [_bare(each) for each in made.cards]
    wrong += [Wrong(found.line, each) for each in cards if isinstance(each, str)]
    if wrong:
        return wrong
    return rows.Customer(
        line=found.line,
        ref=made.ref,
        id=made.id.lower(),
        traits=made.traits,
        cards=written.once((each.kind, each.value) for each in cards if not isinstance(each, str)),
        shops=made.shops,
        consents=[NewConsent(each.purpose, each.recipient, each.until_ms) for each in made.consents],
    )


def _bare(card: Card) -> Card | str:
    """A card without its kind before it, or why it is none."""
    try:
        return Card(*written.bare(card.kind, card.value))
    except Refused as error:
        kind = card.value.partition(":")[0].strip().lower()
        return f"{error}" if kind == card.kind else f"{error}: in CSV it stands in column {_COLUMNS[kind]}"


def balance(found: Cells | Json) -> rows.Balance | list[Wrong]:
    """What a customer saved."""
    made = _read(found, _Balance, _balance_cells)
    if isinstance(made, list):
        return made
    wrong = _wrong_whom(made.ref, made.id)
    if made.points is None and made.stamps is None:
        wrong.append("neither points nor stamps")
    if wrong:
        return [Wrong(found.line, what) for what in wrong]
    return rows.Balance(found.line, made.ref, made.id.lower(), made.points, made.stamps)


def staff(found: Cells | Json) -> rows.Staff | list[Wrong]:
    """A colleague."""
    made = _read(found, _Staff, _staff_cells)
    if isinstance(made, list):
        return made
    return rows.Staff(found.line, made.id, made.name, made.role, made.language, made.shops)


def _wrong_whom(ref: str, id_: str) -> list[str]:
    return [] if bool(ref.strip()) != bool(id_) else ["needs either ref, headquarters' own number, or id"]


def _read(found: Cells | Json, kind: type[R], cells: Any) -> R | list[Wrong]:
    try:
        if isinstance(found, Json):
            return msgspec.json.decode(found.text, type=kind)
        made = cells({name: value.strip() for name, value in found.values.items()})
        return msgspec.convert(made, type=kind)
    except _Bad as error:
        return [Wrong(found.line, str(error))]
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        return [Wrong(found.line, _said(error))]


class _Bad(Exception):
    """A cell that cannot be read; the message says which."""


def _said(error: Exception) -> str:
    """What msgspec found, which names fields and shapes; of values only a word that stands for one of a few."""
    strange = re.fullmatch(r"Invalid enum value '([A-Za-z_-]{1,20})' - at `\$\.(role|language)`", str(error))
    if strange:
        return f"{strange[2]} is {_ONE_OF[strange[2]]}, not {strange[1]!r}"
    return "not one JSON object on one line" if type(error) is msgspec.DecodeError else str(error)[:200]


def _customer_cells(values: Mapping[str, str]) -> dict[str, Any]:
    traits: dict[str, Any] = {}
    if values["call"]:
        name = {"call": values["call"], "short": values["short"] or values["call"]}
        traits["name"] = name | ({"initials": values["initials"]} if values["initials"] else {})
    elif values["short"] or values["initials"]:
        raise _Bad("short and initials are of a name: call is empty")
    if values["since"]:
        traits["since"] = {"year": _whole("since", values["since"])}
    if values["birthday"]:
        found = re.fullmatch(r"(\d\d?)-(\d\d?)", values["birthday"])
        if found is None or not (1 <= int(found[1]) <= 12 and 1 <= int(found[2]) <= 31):
            raise _Bad("birthday is written month-day: 11-05; never a year")
        traits["birthday"] = {"month": int(found[1]), "day": int(found[2])}
    if values["points"]:
        traits["points"] = {"balance": _whole("points", values["points"])}
    if values["stamps_of"]:
        card = new_wallet(size=_whole("stamps_of", values["stamps_of"]), reward=values["reward"] or "-")
        traits["stamps"] = card["stamps"] | {"have": _whole("stamps", values["stamps"] or "0")}
    elif values["stamps"] and _whole("stamps", values["stamps"]):
        raise _Bad("stamps are on a card: stamps_of says how many fill it")
    cards = [{"kind": "number", "value": each} for each in _listed(values["card"])]
    cards += [{"kind": "uid", "value": each} for each in _listed(values["uid"])]
    return {
        "ref": values["ref"],
        "id": values["id"],
        "traits": traits,
        "cards": cards,
        "shops": _listed(values["shops"]),
        "consents": [_consent(each) for each in _listed(values["consents"])],
    }


def _consent(text: str) -> dict[str, str]:
    purpose, colon, recipient = text.partition(":")
    if not colon:
        raise _Bad("a consent is written purpose:recipient, such as recognition:van-dam")
    return {"purpose": purpose, "recipient": recipient}


def _balance_cells(values: Mapping[str, str]) -> dict[str, Any]:
    told = {name: _whole(name, values[name]) for name in ("points", "stamps") if values[name]}
    return {"ref": values["ref"], "id": values["id"], **told}


def _staff_cells(values: Mapping[str, str]) -> dict[str, Any]:
    given = {name: values[name] for name in ("role", "language") if values[name]}
    return {"id": values["id"], "name": values["name"], "shops": _listed(values["shops"]), **given}


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise _Bad(f"{name} is a whole number from 0")
    return int(text)


def _listed(text: str) -> list[str]:
    return [part for each in text.split("|") if (part := each.strip())]


def parsed(found: Iterator[Cells | Json | Wrong], read: Any) -> Iterator[Any]:
    """Each line as `read` makes it, or what is wrong with it."""
    for each in found:
        if isinstance(each, Wrong):
            yield each
            continue
        made = read(each)
        yield from made if isinstance(made, list) else [made]

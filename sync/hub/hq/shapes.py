"""What programs of headquarters send and get, as the OpenAPI document describes it."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from edge.kit.text import entire
from edge.recognition.rules import MAX_VALUE_BYTES
from sync import wire

Id = Annotated[str, Meta(pattern=entire("[0-9a-f]{32}"), description="opaque")]
ShopId = Annotated[str, Meta(pattern=entire("[A-Za-z0-9._-]{1,48}"))]
Item = Annotated[str, Meta(pattern=entire("[A-Za-z0-9._:+-]{1,64}"))]
_PLAIN: Final = r"[^\u0000-\u001f\u007f-\u009f]"  # no line break and no other control character
Ref = Annotated[str, Meta(pattern=entire(f"{_PLAIN}{{0,64}}"))]
Ms = Annotated[int, Meta(ge=0, le=253_402_300_799_000, description="milliseconds since 1970, UTC")]
Whole = Annotated[int, Meta(ge=0, le=10**12)]
Purpose = Literal[
    "saving", "receipts", "recognition", "location", "finding", "profiling", "partners", "contact"
]
Recipient = Annotated[str, Meta(pattern=entire("[A-Za-z0-9._:-]{1,64}"))]
Channel = Literal["web", "store", "pos"]
Traits = Annotated[dict[str, Any], Meta(description="by name, as edge/README.md declares them")]


class Card(Struct, forbid_unknown_fields=True):
    """A card as it is read: never kept, only its hash."""

    kind: Literal["number", "uid"]
    value: Annotated[str, Meta(min_length=1, max_length=MAX_VALUE_BYTES)]


class Consent(Struct, forbid_unknown_fields=True):
    purpose: Purpose
    recipient: Recipient
    until_ms: Ms | None = None


class NewCustomer(Struct, forbid_unknown_fields=True):
    """`ref` is headquarters' own number: with it the id is always the same, and it is kept nowhere."""

    shops: Annotated[list[ShopId], Meta(min_length=1, max_length=50)]
    ref: Ref = ""
    traits: Traits = {}
    cards: Annotated[list[Card], Meta(max_length=20)] = []
    consents: Annotated[list[Consent], Meta(max_length=50)] = []


class Found(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom to find: by headquarters' own number, or by a card."""

    ref: Ref = ""
    card: Card | None = None


class Made(Struct):
    id: Id


class Trait(Struct):
    value: Any
    as_of_ms: int


class CardSeen(Struct):
    """A card by what it is, never by its number."""

    kind: str
    state: str
    bound_ms: int | None


class Register(Struct):
    purpose: str
    recipient: str
    basis: str
    state: str
    gen: int
    until_ms: int | None


class Customer(Struct):
    """`traits` are those whose purpose has a basis now."""

    id: str
    shops: list[str]
    traits: dict[str, Trait]
    consents: list[Register]
    cards: list[CardSeen]


class Page(Struct):
    """Ids, and how to go on."""

    items: list[str]
    next: str | None


class Changes(Struct, forbid_unknown_fields=True):
    traits: Traits


class Changed(Struct):
    changed: list[str]


class Move(Struct, forbid_unknown_fields=True):
    """One line of the ledger."""

    instrument: Literal["points", "stamps"]
    delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]


class Balance(Struct):
    instrument: str
    balance: int


class Choice(Struct, forbid_unknown_fields=True):
    """Withdrawing is always accepted; giving needs the register that the customer saw (`gen`, 0: none)."""

    state: Literal["given", "withdrawn"]
    gen: wire.Count = 0
    seen: Literal["given", "withdrawn", "none"] = "none"
    until_ms: Ms | None = None


class OrderLine(Struct, forbid_unknown_fields=True):
    item: Item
    count: Annotated[int, Meta(ge=1, le=10_000)] = 1
    price_cents: Whole | None = None


class Order(Struct, forbid_unknown_fields=True):
    """An order or a purchase, once by channel and number; told again with another state it is the same one."""

    channel: Channel
    number: Annotated[str, Meta(pattern=entire("[A-Za-z0-9._-]{1,48}"))]
    state: Literal["placed", "ready", "picked_up", "sent", "bought", "returned", "cancelled"]
    at_ms: Ms
    shop: ShopId | None = None
    place: Annotated[str, Meta(pattern=entire(f"{_PLAIN}{{0,40}}"))] = ""
    lines: Annotated[list[OrderLine], Meta(max_length=200)] = []
    total_cents: Whole | None = None


class WishList(Struct, forbid_unknown_fields=True):
    items: Annotated[list[Item], Meta(max_length=50)]


class Moment(Struct, omit_defaults=True):
    """One entry of the time line. `about` only as far as a purpose has a basis."""

    at_ms: int
    channel: str
    kind: str
    shop: str | None = None
    about: dict[str, Any] | None = None


class TimeLine(Struct):
    items: list[Moment]
    next: str | None


class Product(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A product as the shops get it."""

    title: Annotated[str, Meta(pattern=r"\S", max_length=200)]
    price_cents: Annotated[int, Meta(ge=0, le=10_000_000)]
    gtin: Annotated[str, Meta(pattern=entire("([0-9]{14})?"))] = ""
    brand: Annotated[str, Meta(max_length=80)] = ""
    category: Annotated[str, Meta(max_length=200)] = ""
    department: Annotated[str, Meta(max_length=80)] = ""
    vat: Literal[0, 9, 21] | None = None
    description: Annotated[str, Meta(max_length=8000)] = ""
    sizes: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=60)] = []
    care: Annotated[str, Meta(max_length=1000)] = ""
    origin: Annotated[str, Meta(max_length=200)] = ""
    sustainability: Annotated[str, Meta(max_length=1000)] = ""
    colour: Annotated[str, Meta(pattern=entire("(#[0-9A-Fa-f]{6})?"))] = ""
    picture: Annotated[str, Meta(max_length=40)] = ""
    place: Annotated[str, Meta(max_length=80)] = ""
    durable: bool = False
    sensitive: bool = False
    alternatives: Annotated[list[Item], Meta(max_length=12)] = []


class Stock(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=0, le=1_000_000)]
    as_of_ms: Ms | None = None


class Import(Struct):
    number: int
    kind: str
    state: str
    added: int
    changed: int
    gone: int
    at_ms: int


class Imports(Struct):
    items: list[Import]
    next: str | None


class LeftRow(Struct):
    """`kind`: customer, product, stock, staff or the name of a balance; of a stock `id` is shop/item."""

    kind: str
    id: str


class TakenBack(Struct):
    """`rows` are as they were; `left`: how many newer ones are as they are, `first` the first five of those."""

    number: int
    rows: int
    left: int
    first: list[LeftRow]


class Box(Struct):
    """How one box does; what nobody knows is null. `mood`: out, look, starting or well, and `why`."""

    id: str
    shop: str
    mood: str
    why: list[str]
    connected: bool
    last_contact_ms: int | None
    facts: int
    dead_letters: int
    feed_lag_rows: int | None
    open_receipts: int
    clock_off_ms: int | None
    status: wire.Status | None


class Fleet(Struct):
    boxes: list[Box]


class NewHook(Struct, forbid_unknown_fields=True):
    """`kinds` empty: everything."""

    url: Annotated[str, Meta(min_length=1, max_length=500)]
    kinds: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=40)] = []


class Hook(Struct, omit_defaults=True):
    """`secret` is said once, when it is made."""

    id: str
    url: str
    kinds: list[str]
    waiting: int
    failing_ms: int | None
    ended_ms: int | None
    secret: str | None = None


class Hooks(Struct):
    items: list[Hook]

"""What a row of the feed says, by its type: the bodies `d` of `wire.Row`, and the fields that all messages share."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

MOST: Final = (1 << 53) - 1  # what every JSON reader keeps exact (RFC 8259 section 6)
Count = Annotated[int, Meta(ge=0, le=MOST)]
Seq = Annotated[int, Meta(ge=1, le=MOST)]
# `$(?!\n)`: `$` alone also stands before a last line break, and a name with one behind it was another name. `\Z` is
# no regular expression to whoever reads the hub's OpenAPI document (ECMA-262).
Hex16 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$(?!\n)")]
Kind = Annotated[str, Meta(pattern=r"^[a-z_]{1,64}$(?!\n)")]


class Key(Struct, frozen=True):
    """`t` = key, id = customer (hex): the customer's key, wrapped for this shop."""

    wrapped: Annotated[bytes, Meta(max_length=1024)]


class Trait(Struct, frozen=True):
    """One personal value, sealed with the customer's key."""

    name: Kind
    sealed: bytes
    ver: Count
    as_of_ms: Count
    until_ms: Count | None = None


class Customer(Struct, frozen=True):
    """`t` = customer, id = customer (hex): all traits, whole."""

    traits: list[Trait]


TokenKind = Annotated[str, Meta(pattern=r"^[a-z]{0,16}$(?!\n)")]


class Credential(Struct, frozen=True, omit_defaults=True):
    """`t` = credential, id = the shop's own (outer) hash in hex.

    `kind` is that of the token it was bound with (`sun`, `vas`, `barcode` …), empty where nobody knows any more.
    """

    customer: Hex16
    state: Literal["active", "blocked"]
    kind: TokenKind = ""
    bound_ms: Count | None = None


class Consent(Struct, frozen=True, kw_only=True):
    """`t` = consent, id = `customer/purpose/recipient`."""

    customer: Hex16
    purpose: Kind
    recipient: Name
    basis: Literal["consent", "agreement", "law"]
    gen: Seq
    state: Literal["given", "withdrawn"]
    from_ms: Count
    until_ms: Count | None = None


NO_NUL: Final = r"^[^\x00]*$"  # which is no text to PostgreSQL: a box would send it again for ever


class Said(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a choice was made, beside the choice: where, in which language, and word for word what was read before it.

    `benefit` is what was promised in return. Neither says anything of the person; a hub of an earlier version reads
    past it.
    """

    how: Literal["tablet", "phone", "portal", "desk", "import"] = "tablet"
    language: Annotated[str, Meta(pattern=r"^[a-z]{0,2}$(?!\n)")] = ""
    text: Annotated[str, Meta(max_length=4096, pattern=NO_NUL)] = ""
    version: Annotated[str, Meta(max_length=64, pattern=NO_NUL)] = ""
    benefit: Annotated[str, Meta(max_length=512, pattern=NO_NUL)] = ""
    by: Literal["customer", "parent"] = "customer"


Short = Annotated[str, Meta(max_length=512)]
Long = Annotated[str, Meta(max_length=16_384)]


class Product(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`t` = product, id = item: what stands in the catalogue; empty where nobody filled it in."""

    title: Annotated[str, Meta(min_length=1, max_length=512)]
    price_cents: Count
    gtin: Annotated[str, Meta(pattern=r"^([0-9]{14})?$(?!\n)")] = ""
    brand: Short = ""
    category: Short = ""
    department: Short = ""
    vat: Annotated[int, Meta(ge=0, le=100)] | None = None
    description: Long = ""
    sizes: Annotated[tuple[Short, ...], Meta(max_length=200)] = ()
    care: Long = ""
    origin: Short = ""
    sustainability: Long = ""
    picture: Short = ""
    colour: Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?$(?!\n)")] = ""
    place: Short = ""
    durable: bool = False
    sensitive: bool = False
    alternatives: Annotated[tuple[Short, ...], Meta(max_length=64)] = ()


class Guest(Struct, frozen=True, omit_defaults=True):
    """`t` = guest, id = customer (hex): of another shop, and here for the visit that began at `since_ms`.

    `stay` is the hub's own word that it let them in, to be said again with what they earn or redeem.
    """

    since_ms: Count
    stay: Annotated[str, Meta(max_length=128)] = ""


class Stock(Struct, frozen=True):
    """`t` = stock, id = item: how many there were in this shop, and when that was counted."""

    count: Count
    as_of_ms: Count


class Staff(Struct, frozen=True):
    """`t` = staff, id = personnel number: who may sign in, once the shop gave them a PIN."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    role: Literal["staff", "manager"]
    language: Literal["nl", "en"]
    shops: Annotated[list[Name], Meta(max_length=1000)]


class Model(Struct, frozen=True):
    """`t` = model, id = its name: what headquarters learnt, packed by the one who learnt it; SHA-256 of the bytes."""

    packed: Annotated[bytes, Meta(max_length=49_152)]
    sha256: Hex32


Body = Key | Customer | Credential | Consent | Product | Stock | Staff | Guest | Model
BODIES: Final[dict[str, type[Body]]] = {
    "key": Key,
    "customer": Customer,
    "credential": Credential,
    "consent": Consent,
    "product": Product,
    "stock": Stock,
    "staff": Staff,
    "guest": Guest,
    "model": Model,
}

"""Where a link may be sent: what an address may be, and how it is found again without being read."""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal

from edge.kit.seal import derive
from sync.hub.config import Keys

Kind = Literal["mail", "phone"]
MAIL: Final = "mail"
MOST: Final = 254  # characters of an e-mail address (RFC 5321, 4.5.3.1.3, less the brackets)
# Stricter than RFC 5322: what no mail provider gives out is a slip of the thumb, or an attempt at a second header.
_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}")
_PHONE: Final = re.compile(r"\+[1-9]\d{7,14}")  # E.164
_HOME: Final = "+31"  # what a number means that begins with one 0


@dataclass(frozen=True, slots=True)
class Where:
    """A normalised address."""

    kind: Kind
    value: str = field(repr=False)


def read(text: str) -> Where | None:
    """The address that somebody typed; None for what cannot be one."""
    text = text.strip()
    if "@" in text and len(text) <= MOST:
        name, _, host = text.rpartition("@")
        value = f"{name.lower()}@{host.lower()}"
        return Where("mail", value) if _MAIL.fullmatch(value) else None
    digits = re.sub(r"[\s().-]", "", text)
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    digits = _HOME + digits[1:] if digits.startswith("0") else digits
    return Where("phone", digits) if _PHONE.fullmatch(digits) else None


def mark(keys: Keys, where: Where) -> bytes:
    """What an address is found by: nobody without the hub's key can try addresses against it."""
    return hmac.digest(derive(keys.hub_kek, "portal-address"), f"{where.kind}|{where.value}".encode(), sha256)


def place(customer_id: bytes, kind: str) -> bytes:
    """Associated data of a sealed address."""
    return b"address|" + customer_id + b"|" + kind.encode()


def shown(where: Where) -> str:
    """An address as a page shows it to its owner: enough to know it by, too little to read over a shoulder."""
    if where.kind == "phone":
        return f"{where.value[:3]} … {where.value[-2:]}"
    name, _, host = where.value.rpartition("@")
    return f"{name[:1]}…@{host}"

"""Unpadded base64url (RFC 4648, section 5; RFC 7515, section 2): of each bytes one text, and no other."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of a text; raises ValueError unless it is exactly how `encode` writes them.

    The standard library passes over what is no letter and over spare bits, and many texts would stand for the same
    bytes: whatever is good once would be good once for each spelling.
    """
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode(raw) != text:
        raise ValueError("not base64url as it is written")
    return raw

"""Who may ask by program: tokens with scopes, shown once and kept as a hash."""

import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from edge.kit.errors import WordsError
from edge.kit.sql import Connection
from sync.hub.tables import tokens as tables
from sync.hub.tables.tokens import Token

PREFIX: Final = "welkom_"  # so that a scanner for leaked secrets knows one when it sees it
# Scope -> what it lets a program do.
SCOPES: Final[dict[str, str]] = {
    "customers:read": "read customers and their time line, as far as a purpose has a basis",
    "customers:write": "add customers, change traits, balances and consents, block cards",
    "customers:erase": "forget a customer everywhere",
    "channels:write": "report orders and wish lists of the web and other tills",
    "goods:read": "read products and stock",
    "goods:write": "change products and stock",
    "fleet:read": "read shops and how their boxes do",
    "imports:read": "list imports",
    "imports:write": "take an import back",
    "webhooks": "read and change webhooks",
}


def make(conn: Connection, name: str, *, scopes: Iterable[str], now_ms: int) -> str:
    """A new token, which nobody can show again; raises WordsError for a scope that there is not."""
    wanted = frozenset(scopes)
    if unknown := sorted(wanted - set(SCOPES)):
        raise WordsError(
            f"no scope is called {unknown[0]!r}", code="W02", hint=f"there are {', '.join(SCOPES)}"
        )
    if not wanted:
        raise WordsError("a token without a scope may do nothing", code="W02", hint="name one with --scope")
    token = PREFIX + secrets.token_urlsafe(32)
    hash_ = hashed(token)
    tables.add(conn, Token(hash_.hex()[:12], name, wanted, now_ms, None), token_hash=hash_)
    return token


def hashed(token: str) -> bytes:
    """What is kept of a token. Random of 256 bits needs no salt and no slow hash."""
    return sha256(token.encode("utf-8", "replace")).digest()

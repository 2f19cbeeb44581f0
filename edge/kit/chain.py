"""The hash chain of an outbox: what links each fact to all before it."""

from hashlib import sha256

GENESIS = bytes(32)


def link(previous: bytes, *, seq: int, at_ms: int, kind: str, body: bytes) -> bytes:
    """SHA-256 over previous hash (32 bytes) ‖ seq ‖ at_ms (8 bytes each) ‖ length of kind ‖ kind ‖ body."""
    name = kind.encode()
    head = seq.to_bytes(8) + at_ms.to_bytes(8) + len(name).to_bytes(1) + name
    return sha256(previous + head + body).digest()

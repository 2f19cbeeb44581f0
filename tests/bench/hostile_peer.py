"""A peer that means ill, as fast as it can: everything the hub must refuse, over many lines at once.

It has the key of one box (stolen, or the shop's own people), knows the name of an honest one, and reads no answer
further than it must. `python -m tests.bench.hostile_peer PORT LINES` attacks while its stdin is open; then it prints
how often each status came, as JSON.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bench.hub_shops import Shop
from edge.kit.chain import GENESIS, link
from sync import wire
from sync.signing import COMPONENTS, TAG, WINDOW_S, content_digest, signature_base

HOSTILE: Final = Shop(0, 1)
HONEST: Final = Shop(1, 1)  # one of those who are not to notice
HELD: Final = 500  # facts of the hostile box that the hub took before it turned
PEER_NICE: Final = 19  # it stands elsewhere: what it computes is not to be taken from the hub's cores


def history(body: bytes, *, first: int = 1, last: int = HELD, epoch: int = 1) -> wire.Batch:
    """A chain of facts, all with this body."""
    events, previous, before = [], GENESIS, GENESIS
    for seq in range(1, last + 1):
        if seq == first:
            before = previous
        previous = link(previous, seq=seq, at_ms=seq, kind="greeted", body=body)
        if seq >= first:
            events.append(wire.Event(seq, seq, "greeted", msgspec.Raw(body)))
    return wire.Batch(epoch, first, before, events)


def signed(
    method: str,
    target: str,
    body: bytes = b"",
    *,
    by: Shop = HOSTILE,
    key: Ed25519PrivateKey,
    packed: bool = False,
) -> bytes:
    """A signed request as the bytes that go over the line."""
    path, _, query = target.partition("?")
    created_s = int(time.time())
    covered = " ".join(f'"{name}"' for name in COMPONENTS)
    params = (
        f"({covered});created={created_s};expires={created_s + WINDOW_S}"
        f';nonce="{secrets.token_urlsafe(12)}";keyid="{by.device}";tag="{TAG}"'
    )
    digest = content_digest(body)
    values = (method, "hub.test", path, f"?{query}", digest)
    signature = key.sign(signature_base(list(zip(COMPONENTS, values, strict=True)), params))
    coding = "content-encoding: zstd\r\n" if packed else ""
    head = (
        f"{method} {target} HTTP/1.1\r\nhost: hub.test\r\ncontent-length: {len(body)}\r\n{coding}"
        f"content-digest: {digest}\r\nsignature-input: sig1={params}\r\n"
        f"signature: sig1=:{b64encode(signature).decode()}:\r\n\r\n"
    )
    return head.encode() + body


def attacks() -> dict[str, Callable[[], bytes]]:
    """By name: the next request of each kind. What need not be new is made once, so that the peer is fast."""
    ours, other = HOSTILE.device_key, Ed25519PrivateKey.generate()
    upload = wire.EVENTS_PATH
    held = wire.encode_batch(history(b'{"visit_id":"07"}'), HOSTILE.device)
    forked = wire.encode_batch(history(b'{"visit_id":"66"}'), HOSTILE.device)
    next_ = wire.encode_batch(
        history(b'{"visit_id":"07"}', first=HELD + 1, last=HELD + 9, epoch=9), HOSTILE.device
    )
    theirs = wire.encode_batch(history(b'{"visit_id":"07"}', last=9), HONEST.device)
    rows = f"{wire.FEED_PATH}?part={wire.main_part(HONEST.id)}&after=0"
    bomb = zstandard.compress(bytes(512 << 20), 1)
    line = held[: held.index(b"\n") + 1] + b'{"note":"' + b"x" * 10_000_000 + b'"}\n'
    large = b"[" * (wire.BATCH_BYTES - 1)
    wrong = signed("POST", upload, held, by=HONEST, key=other)
    stranger = signed("POST", upload, held, by=Shop(9_999, 1), key=other)
    long_line = signed("POST", upload, line, key=ours)
    once = signed("POST", upload, held, key=ours)
    unsigned = (
        f"POST {upload} HTTP/1.1\r\nhost: hub.test\r\ncontent-length: {len(large)}\r\n\r\n".encode() + large
    )
    return {
        "wrong signature, an honest box named": lambda: wrong,
        "no signature": lambda: unsigned,
        "an unknown device": lambda: stranger,
        "the very same request": lambda: once,
        "a batch again": lambda: signed("POST", upload, held, key=ours),
        "a forked chain": lambda: signed("POST", upload, forked, key=ours),
        "a bomb": lambda: signed("POST", upload, bomb, key=ours, packed=True),
        "a line of 10 MB": lambda: long_line,
        "nested without end": lambda: signed("POST", upload, large, key=ours),
        "a future epoch": lambda: signed("POST", upload, next_, key=ours),
        "another device's facts": lambda: signed("POST", upload, theirs, key=ours),
        "another shop's rows": lambda: signed("GET", rows, key=ours),
    }  # fmt: skip


async def _one(port: int, every: list[Callable[[], bytes]], *, start: int, counts: Counter[str]) -> None:
    at = start
    while True:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while True:
                    at += 1
                    writer.write(every[at % len(every)]())
                    head = await reader.readuntil(b"\r\n\r\n")
                    counts[head[9:12].decode()] += 1
                    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                    await reader.readexactly(length)
                    await writer.drain()
            finally:
                writer.close()
        counts["line cut"] += 1


async def _attack(port: int, lines: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    every = list(attacks().values())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    tasks = [asyncio.create_task(_one(port, every, start=start, counts=counts)) for start in range(lines)]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return counts


if __name__ == "__main__":
    os.nice(PEER_NICE)
    found = asyncio.run(_attack(int(sys.argv[1]), int(sys.argv[2])))
    sys.stdout.write(json.dumps(dict(found)) + "\n")

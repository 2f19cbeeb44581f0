"""Which signatures were accepted already, at any of the hubs."""

from collections.abc import Sequence
from typing import NamedTuple

from edge.kit.sql import Connection


class Noted(NamedTuple):
    """The nonce of a device's request, and until when its signature could be accepted again."""

    device_id: str
    nonce: str
    until_s: int


def remember(conn: Connection, noted: Sequence[Noted]) -> set[Noted]:
    """Keep nonces; those of them that were not there before."""
    given = sorted(set(noted))
    width = 1 << (len(given) - 1).bit_length()
    rows = ", ".join(f"(:device{each}, :nonce{each}, :until{each})" for each in range(width))
    parameters: dict[str, object] = {}
    for number, each in enumerate(given + given[-1:] * (width - len(given))):
        parameters |= {
            f"device{number}": each.device_id,
            f"nonce{number}": each.nonce,
            f"until{number}": each.until_s,
        }
    found = conn.execute(
        f"""
        INSERT INTO nonce (device_id, nonce, until_s) VALUES {rows}
        ON CONFLICT (device_id, nonce) DO NOTHING RETURNING device_id, nonce, until_s
        """,
        parameters,
    )
    return {Noted(*row) for row in found.fetchall()}


def sweep(conn: Connection, *, now_s: int) -> None:
    """Forget those whose signature is too old by now."""
    conn.execute("DELETE FROM nonce WHERE until_s<:now_s", {"now_s": now_s})

"""What happens to the chain of looks: its new lines go up under this box's signature."""

from collections.abc import Callable
from sqlite3 import Connection

from edge.looks import tables
from edge.looks.facts import LooksTold
from edge.looks.rules import MOST_LINES, Broken, signed_text, verify

Sign = Callable[[bytes], str]  # bytes -> base64 of the signature


def tell(conn: Connection, *, sign: Sign, now_ms: int) -> list[LooksTold]:
    """The lines that did not go up yet, as many as one fact carries, and the head they lead to, signed."""
    found = tables.untold(conn, most=MOST_LINES)
    if found is None:
        return []
    prev, lines = found
    last, head = lines[-1]
    said = tuple(line for line, _ in lines)
    return [LooksTold(said[0].n, prev, said, head, sign(signed_text(last.n, head)), now_ms)]


def check(conn: Connection) -> tuple[int, int, Broken | None]:
    """How many lines are kept, up to which number they went up, and where the chain breaks first."""
    last, head, gone, gone_hash, told = tables.ends(conn)
    broken = verify(tables.every(conn), before=gone, start=gone_hash, last=last, head=head)
    return last - gone, told, broken

"""What the log says of doors: who came in by which way, and what was refused; a role and a tablet, never a person.

OWASP ASVS 5.0.0, 16.3.1 and 16.3.2. Which colleague it was stands in the shop's own tables where they did something.
"""

from typing import Final, Literal

from edge.house import House

# One refusal of a kind a minute: whoever knocks without end does not fill a disk.
TOLD_MS: Final = 60_000
_SHOWN: Final = 6  # digits of the hash of a tablet's token: told apart by them, and of no use to come in

Way = Literal["pin", "looked_along"]


def came_in(house: House, tablet_hash: bytes, *, way: Way, role: str) -> None:
    """Somebody's PIN was right."""
    house.log("signed_in", kind=way, state=role, tablet=_tablet(tablet_hash))


def kept_out(house: House, tablet_hash: bytes, *, way: Way, locked: bool) -> None:
    """A PIN was wrong, or came while its owner had to wait."""
    state = "locked" if locked else "wrong"
    house.log("signin_refused", kind=way, state=state, tablet=_tablet(tablet_hash))


def refused(house: House, told: dict[str, int], *, code: str, path: str) -> None:
    """A page or act was not for whoever asked; `told`: code -> when it was said last."""
    now_ms = house.time.now_ms()
    if now_ms - told.get(code, -TOLD_MS) >= TOLD_MS:
        told[code] = now_ms
        house.log("page_refused", code=code, path=path.split("/")[1])


def _tablet(tablet_hash: bytes) -> str:
    return tablet_hash.hex()[:_SHOWN]

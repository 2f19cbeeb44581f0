"""A card as people write it down: the same at every door of headquarters."""

from collections.abc import Iterable
from typing import Final, TypeVar, get_args

from edge.kit.errors import Refused
from edge.recognition.rules import CredentialKind, normalise

K = TypeVar("K", bound=CredentialKind)
KINDS: Final[tuple[CredentialKind, ...]] = tuple(each for each in get_args(CredentialKind) if each != "pass")


def bare(kind: K, value: str) -> tuple[K, str]:
    """A card without its kind before it, as `--card` of the commands has it (`number:LOYALTY-0001`).

    Nothing a reader reads begins so: taken as it stands, it would be a card that opens nothing. Raises Refused
    BAD_CREDENTIAL for another kind before it, and for nothing behind it.
    """
    head, colon, rest = value.partition(":")
    said = head.strip().lower()
    if not colon or said not in KINDS:
        return kind, value
    if said != kind:
        raise _bad(f"a card that begins with {said}: is of kind {said}")
    if not rest.strip():
        raise _bad(f"nothing stands behind {said}:")
    return kind, rest.strip()


def once(cards: Iterable[tuple[K, str]]) -> list[tuple[K, str]]:
    """Each card once, however it is written."""
    return list({(kind, normalise(kind, value)): (kind, value) for kind, value in cards}.values())


def _bad(message: str) -> Refused:
    return Refused(
        message, code="BAD_CREDENTIAL", hint="nothing was changed; give kind and value as a reader has them"
    )

"""The JSON line of a sighting, both ways: what `watch` prints, `pipe` carries and `replay` reads."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Never, cast, get_args

from drivers.reader import Evidence, How, Outcome, Sighting, Token, TokenKind

MAX_LINE: Final = 8192  # bytes; a 4 KiB vendor line whose every byte needs an escape is `unreadable`, not cut
AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


class LineError(ValueError):
    """Not a sighting line; the text names the field and never repeats a value."""


def to_line(sighting: Sighting) -> str:
    """One line without its newline, in ASCII; `at` in UTC with milliseconds.

    A token too long for a line becomes `unreadable`: whoever reads lines would refuse it, each time that it came.
    """
    if sighting.at.utcoffset() is None:
        raise LineError("at: has no time zone; a driver must use datetime.now(UTC)")
    at = sighting.at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    token = sighting.token
    line: dict[str, Any] = {"reader": sighting.reader, "at": at, "how": sighting.how, "token": None}
    if token is not None:
        line["token"] = {
            "kind": token.kind,
            "value": token.value,
            "evidence": token.evidence,
            "about": dict(token.about),
        }
    if sighting.outcome is not None:
        line["outcome"] = sighting.outcome
    found = json.dumps(line, allow_nan=False)
    if len(found) > MAX_LINE and token is not None:
        return json.dumps(line | {"token": None, "outcome": "unreadable"})
    return found


def from_line(line: str) -> Sighting:
    """The sighting of one line, newline or not; anything unexpected raises LineError."""
    if len(line) > MAX_LINE or len(line.encode(errors="surrogatepass")) > MAX_LINE:
        raise LineError(f"line: longer than {MAX_LINE} bytes; drop it")
    try:
        found = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_object)
        json.dumps(found, ensure_ascii=False).encode()
    except LineError:
        raise
    except (ValueError, RecursionError):  # UnicodeError is a ValueError: lone surrogates cannot be stored
        raise LineError("line: not JSON in UTF-8; write one object a line") from None
    whole = _fields(found, "line", required=("reader", "at", "how", "token"), optional=("outcome",))
    outcome = whole.get("outcome")
    if (whole["token"] is None) != (outcome is not None):
        raise LineError("outcome: a line has either a token or an outcome; give one of them")
    return Sighting(
        reader=_text(whole["reader"], "reader"),
        at=_at(whole["at"]),
        how=cast("How", _one_of(whole["how"], get_args(How), where="how")),
        token=None if whole["token"] is None else _token(whole["token"]),
        outcome=None
        if outcome is None
        else cast("Outcome", _one_of(outcome, get_args(Outcome), where="outcome")),
    )


def _token(value: object) -> Token:
    token = _fields(value, "token", required=("kind", "value", "evidence"), optional=("about",))
    about = token.get("about", {})
    if not isinstance(about, Mapping):
        raise LineError("token.about: must be an object")
    return Token(
        kind=cast("TokenKind", _one_of(token["kind"], get_args(TokenKind), where="token.kind")),
        value=_text(token["value"], "token.value"),
        evidence=cast("Evidence", _one_of(token["evidence"], get_args(Evidence), where="token.evidence")),
        about=about,
    )


def _fields(
    value: object, where: str, *, required: tuple[str, ...], optional: tuple[str, ...]
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise LineError(f"{where}: must be an object")
    if missing := [key for key in required if key not in value]:
        raise LineError(f"{where}: {missing[0]} is missing; add it")
    if any(key not in required + optional for key in value):
        raise LineError(f"{where}: has an unknown field; keep {', '.join(required + optional)} only")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise LineError(f"{where}: must be a text that is not empty")
    return value


def _one_of(value: object, choices: tuple[str, ...], *, where: str) -> str:
    if not isinstance(value, str) or value not in choices:
        raise LineError(f"{where}: must be one of {', '.join(choices)}")
    return value


def _at(value: object) -> datetime:
    if not isinstance(value, str) or not AT.fullmatch(value):
        raise LineError("at: must be RFC 3339 in UTC with Z, such as 2026-11-22T10:00:00.123Z")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise LineError("at: no such date or time") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise LineError("line: a field stands there twice; keep one")
    return found


def _no_constant(_: str) -> Never:
    raise LineError("line: NaN and Infinity are not JSON; leave the field out")

"""One JSON object a line on stderr; nothing personal can pass.

Every field name is declared here, so that a value nobody thought about is dropped instead of written, and
what looks like an identifier inside a text is masked.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable
from typing import IO, Any, Final, Protocol

from edge.kit.clock import rfc3339


class Log(Protocol):
    def __call__(self, event: str, /, **fields: Any) -> None: ...


FIELDS: Final = frozenset(
    [
        "ahead_ms",
        "address",
        "bytes",
        "code",
        "count",
        "customers",
        "depth",
        "device_epoch",
        "died",
        "down_s",
        "duration_ms",
        "error",
        "event",
        "file",
        "files",
        "from_version",
        "hint",
        "kind",
        "level",
        "line",
        "logger",
        "message",
        "part",
        "path",
        "pid",
        "port",
        "ready_ms",
        "reader",
        "readers",
        "retry_s",
        "rows",
        "rss_mb",
        "seq",
        "shop",
        "since",
        "state",
        "status",
        "tablet",
        "tablets",
        "to_version",
        "total",
        "unit",
        "version",
        "visits",
    ]
)

# Runs of digits or hex of this length are card numbers, UIDs, keys and hashes; ports and counts are shorter.
# Bytes written apart (`04:A2:B3:C4`) are a UID as readers and their libraries print it.
_IDENTIFIER: Final = re.compile(
    r"[0-9A-Fa-f]{8,}|\b(?:[0-9A-Fa-f]{2}[ :-]){3,}[0-9A-Fa-f]{2}\b|\d[\d .-]{6,}\d|[\w.+-]+@[\w.-]+"
)


def redact(text: str) -> str:
    return _IDENTIFIER.sub("…", text)


def said_to_nobody(event: str, /, **fields: Any) -> None:
    """The log of a command whose own words say all that a person has to know."""


def log_beside_words(*, now_ms: Callable[[], int]) -> Log:
    """The log of a command that speaks to a person: lines of JSON for a file or a unit, none on a terminal."""
    return said_to_nobody if sys.stderr.isatty() else json_log(now_ms=now_ms)


def say_at_terminal(text: str) -> None:
    """Tell a person who started a lasting command by hand; a unit's journal has its lines of JSON."""
    if sys.stdout.isatty():
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def json_log(*, now_ms: Callable[[], int], stream: IO[str] | None = None) -> Log:
    """A log function that writes one redacted JSON line an event."""

    def log(event: str, /, **fields: Any) -> None:
        line: dict[str, Any] = {"at": rfc3339(now_ms()), "event": event}
        for name, value in fields.items():
            if name not in FIELDS:
                line[name] = "[redacted]"
            elif isinstance(value, (int, float)) or value is None:
                line[name] = value
            else:
                line[name] = redact(str(value))
        target = stream or sys.stderr
        # A path that is no UTF-8 comes in as lone surrogates, which no stream takes.
        text = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
        target.write(text + "\n")
        target.flush()

    return log


def died(error: BaseException) -> dict[str, str]:
    """Where an unforeseen error arose, without its text: messages of foreign exceptions quote their input."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
    return {"error": type(error).__name__, "died": places}


class _Bridge(logging.Handler):
    """Other people's log lines in our shape: their template, never their arguments."""

    def __init__(self, log: Log) -> None:
        super().__init__(level=logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log(
            "library",
            logger=record.name,
            level=record.levelname,
            # One line of it: asyncio appends the repr of what failed, with the text of its exception.
            message=record.msg.splitlines()[0] if isinstance(record.msg, str) else type(record.msg).__name__,
            **(died(error) if error else {}),
        )


def bridge_library_logs(log: Log) -> None:
    """Send what libraries log at WARNING and above through our redaction."""
    root = logging.getLogger()
    root.handlers[:] = [_Bridge(log)]
    root.setLevel(logging.WARNING)

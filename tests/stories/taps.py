"""Taps for stories: sightings written to the appliance's `pipe` reader, as `welkom watch --pipe` does."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

from tests.patience import PATIENT_S
from tests.stories.shop import until


def sighting(value: str, *, kind: str = "barcode", reader: str = "counter-1", how: str = "scan") -> bytes:
    """One line of the contract."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    about = {"sun": {"ctr": 1}, "vas": {"signed_at": at}, "hce": {"key_id": "00000001"}}.get(kind)
    evidence = "weak" if about is None else "strong"
    token = {"kind": kind, "value": value, "evidence": evidence, "about": about or {}}
    return json.dumps({"reader": reader, "at": at, "how": how, "token": token}).encode() + b"\n"


def _connected(path: Path) -> socket.socket | None:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        return None
    return line


class Pipe:
    """An open connection to the socket; made anew after the appliance restarted."""

    def __init__(self, path: Path, *, within_s: float = PATIENT_S) -> None:
        # One that was killed leaves its socket behind, at which nobody listens.
        self._socket: socket.socket = until(
            lambda: _connected(path), timeout_s=within_s, what="the readers' socket"
        )

    def tap(self, value: str, *, kind: str = "barcode", reader: str = "counter-1", how: str = "scan") -> None:
        self._socket.sendall(sighting(value, kind=kind, reader=reader, how=how))

    def close(self) -> None:
        self._socket.close()

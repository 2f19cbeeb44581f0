"""Who answers at a hub's port: a hub, and of which database, or what else is there."""

import http.client
import json
from typing import Any, Final

WAIT_S: Final = 5
MOST_BYTES: Final = 65_536
# The members of a hub's answer at /healthz (sync/hub/api.py), and one of an appliance's.
_HUB: Final = ("ok", "epoch", "hub_time_ms")
_SHOP: Final = "readers"


class Stranger(Exception):
    """What answers there is no hub; in words, what it is as far as it says."""


def epoch_at(host: str, port: int) -> int:
    """The epoch of the hub that answers there; raises Stranger where that is no hub."""
    line = http.client.HTTPConnection(host, port, timeout=WAIT_S)
    try:
        line.request("GET", "/healthz", headers={"accept": "application/json"})
        answer = line.getresponse()
        said, server = _object(answer.read(MOST_BYTES)), answer.headers.get("server", "")
    except TimeoutError:
        raise Stranger(f"something that says nothing for {WAIT_S} seconds") from None
    except (http.client.HTTPException, OSError):
        raise Stranger("something that does not speak HTTP") from None
    finally:
        line.close()
    if all(type(said.get(name)) in (int, bool) for name in _HUB):
        return int(said["epoch"])
    if _SHOP in said:
        raise Stranger("the appliance of a shop (`welkom edge`)")
    named = f", {server[:40]!r}," if server else ""
    raise Stranger(f"another web server{named} which says {answer.status} to /healthz")


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""Whether the hub knows this box: one signed question, outside the conversation of the agent."""

from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.config import Hub
from edge.kit.clock import SystemClock
from edge.kit.errors import Unreachable
from sync import wire
from sync.signing import DeviceAuth
from sync.standing import DEVICE_PATH

# What the hub answers to a box that is none of its, or whose key is another than it was enrolled with.
STRANGE: Final = frozenset({"UNKNOWN_DEVICE", "BAD_SIGNATURE"})


def refusal(hub: Hub, secret: bytes) -> str:
    """The code of the hub's no to `hub.device` with this Ed25519 seed, empty for a yes; raises Unreachable."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    auth = DeviceAuth(hub.device, key, wall_ms=SystemClock().wall_ms)
    try:
        answer = httpx.get(f"{hub.url.rstrip('/')}{DEVICE_PATH}?epoch=1&seq=0", auth=auth, timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unreachable(
            f"the hub cannot be reached ({type(error).__name__})",
            code="NO_LINE",
            hint="check the internet line and hub.url; the shop works on, its facts wait",
        ) from None
    return (
        ""
        if answer.status_code == 200
        else wire.decode_problem(answer.content, status=answer.status_code).code
    )

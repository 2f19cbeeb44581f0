"""Ports for programs that cannot be handed a socket that listens already."""

import random
import socket
from contextlib import ExitStack
from typing import Final

# Below the ports that connections get by themselves: one of those may be somebody's outgoing call a moment later, and
# who knocks at it while nobody listens may even reach themselves.
_LOW: Final = range(20_000, 32_000, 2)
_dice: Final = random.SystemRandom()  # nobody's seed: workers must not choose alike


def free_ports(count: int = 1) -> int:
    """The first of so many ports in a row, none of which is taken."""
    while True:
        first = _dice.choice(_LOW)
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("", port))
            except OSError:
                continue
            return first

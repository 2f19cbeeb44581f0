"""Ports for programs that cannot be handed a socket that listens already."""

import atexit
import random
import socket
from contextlib import ExitStack
from typing import Final

# Below the ports that connections get by themselves: one of those may be somebody's outgoing call a moment later, and
# who knocks at it while nobody listens may even reach themselves.
_LOW: Final = range(20_000, 32_000, 2)
_dice: Final = random.SystemRandom()  # nobody's seed: workers must not choose alike
_kept: Final = ExitStack()
atexit.register(_kept.close)


def free_ports(count: int = 1) -> int:
    """The first of so many ports in a row that nobody has; until this process ends nobody else chooses them.

    Each stays bound and never listens. That keeps away whoever asks as is done here, and lets in the program that it
    is for: a server binds with SO_REUSEADDR, which Linux allows beside a socket that has it too and does not listen.
    """
    while True:
        first = _dice.choice(_LOW)
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    sock = stack.enter_context(socket.socket())
                    sock.bind(
                        ("", port)
                    )  # without SO_REUSEADDR: whoever has it, listening or not, is in the way
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            except OSError:
                continue
            _kept.push(stack.pop_all())
            return first

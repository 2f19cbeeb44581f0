"""How many connections and files a process may have open."""

import resource
from contextlib import suppress
from typing import Final

MOST: Final = 65_536


def room_for_connections() -> None:
    """As many as the system allows, up to `MOST`: 1,024 is what a process begins with, and 500 shops hold more.

    Who already has more keeps it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return
    # The unit's system call filter may forbid it; it says LimitNOFILE itself.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))

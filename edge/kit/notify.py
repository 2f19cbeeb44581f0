"""Tells systemd how we are: sd_notify(3) over its datagram socket, nothing when there is none."""

import asyncio
import os
import socket


def notify(state: str) -> None:
    """Send `READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=…` to the service manager."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # abstract socket, as in sd_notify(3)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto(state.encode(), address)


def watchdog_interval_s() -> float | None:
    """Half of the interval systemd asks for (sd_watchdog_enabled(3)), or None without a watchdog."""
    interval_us = os.environ.get("WATCHDOG_USEC", "")
    return int(interval_us) / 2_000_000 if interval_us.isdigit() and int(interval_us) > 0 else None


async def watchdog() -> None:
    """Tell systemd again and again that the event loop turns; returns at once where nobody asks for it."""
    interval_s = watchdog_interval_s()
    while interval_s is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)

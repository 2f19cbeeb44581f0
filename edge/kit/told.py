"""Ending a lasting command when it is told to: SIGINT and SIGTERM are an end as any other, exit 0."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, Final

TOLD: Final = (signal.SIGINT, signal.SIGTERM)


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends, or SIGINT or SIGTERM ends it; what it raises comes out here.

    Afterwards both mean again what they meant before.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        task.cancel()

    before = {each: signal.getsignal(each) for each in TOLD}
    for each in TOLD:
        loop.add_signal_handler(each, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
    finally:
        for each, meaning in before.items():
            loop.remove_signal_handler(each)
            signal.signal(each, meaning)

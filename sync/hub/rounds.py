"""Work that goes on beside the requests, round after round: trouble in one round is said and ends nothing."""

import asyncio
from collections.abc import Awaitable, Callable

from edge.kit.errors import StoreError
from edge.kit.log import Log, died


async def keep_on(
    work: Callable[[], Awaitable[object]], *, rest: Callable[[], float], log: Log, failed: str
) -> None:
    """Rest for so many seconds, then work, until cancelled; what goes on failing is logged once."""
    said: dict[str, str] = {}
    while True:
        await asyncio.sleep(rest())
        try:
            await work()
            trouble = {}
        except StoreError as error:
            trouble = {"code": error.code, "hint": error.hint}
        except Exception as error:
            trouble = died(error)
        if trouble and trouble != said:
            log(failed, **trouble)
        said = trouble

"""Each minute, without internet: a certificate that is due is made, the name is said for the addresses of now."""

import asyncio
from typing import TYPE_CHECKING, Final

from edge.config import Config
from edge.kit.clock import ShopTime
from edge.kit.log import Log
from edge.tls import addresses, places
from edge.tls.mdns import Announcer

if TYPE_CHECKING:
    from edge.tls.own import Own

EVERY_S: Final = 60.0


async def keep_reachable(
    config: Config, own: "Own | None", announcer: Announcer, *, time: ShopTime, log: Log
) -> None:
    """Until cancelled; returns at once where nothing has to be kept."""
    well = True
    while own is not None or places.has_name(config):
        well = await keep_once(config, own, announcer, time=time, log=log, was_well=well)
        await asyncio.sleep(EVERY_S)


async def keep_once(
    config: Config,
    own: "Own | None",
    announcer: Announcer,
    *,
    time: ShopTime,
    log: Log,
    was_well: bool = True,
) -> bool:
    """One turn; whether the certificate could be looked after. Trouble is logged when it begins."""
    found: tuple[str, ...] = ()
    try:
        found = addresses.served(config.server)
        if own is not None and await asyncio.to_thread(own.renew, found, now_ms=time.now_ms()):
            log("certificate_renewed")
    except OSError as error:
        # A full disk: the certificate in use is good for weeks yet.
        if was_well:
            log("certificate_not_renewed", error=type(error).__name__, hint="run `welkom doctor`")
        return False
    if places.has_name(config):
        await announcer.say(found)
    return True

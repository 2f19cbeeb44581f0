"""Says this box's name on the shop's network: multicast DNS (RFC 6762) and DNS-SD (RFC 6763).

Without it tablets still find the box by number, so whatever fails here is a line in the log and tried again.
A box that says no name never loads zeroconf.
"""

import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from edge.config import Config
from edge.kit.log import Log
from edge.tls import places

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

PORT: Final = 5353


def service(config: Config, addresses: Sequence[str]) -> "ServiceInfo":
    """What is said: the name with its addresses, and that tablet pages are served there."""
    from zeroconf import ServiceInfo

    host = places.host_of(config)
    kind = "_https._tcp.local." if config.server.secure_cookies else "_http._tcp.local."
    return ServiceInfo(
        kind,
        f"{host.removesuffix('.local')}.{kind}",
        port=config.server.port,
        addresses=[ip_address(each).packed for each in addresses],
        server=f"{host}.",
    )


class Announcer:
    """The name as it is said now. One instance a house."""

    def __init__(self, config: Config, *, log: Log) -> None:
        self._config = config
        self._log = log
        self._said: tuple[str, ...] = ()
        self._net: AsyncZeroconf | None = None
        self._down = False

    async def say(self, addresses: Sequence[str]) -> None:
        """Say the name for `addresses`, unless that is being said already."""
        if not addresses or tuple(addresses) == self._said:
            return
        from zeroconf import Error, IPVersion, NonUniqueNameException
        from zeroconf.asyncio import AsyncZeroconf

        await self.close()
        # By number of the interfaces, over IPv4: no netlink is needed, and every tablet listens there.
        inet = [each for each in addresses if ip_address(each).version == 4 and _is_ours(each)]
        try:
            if not inet:
                raise OSError("no address of this machine to say it from")
            self._net = AsyncZeroconf(interfaces=inet, ip_version=IPVersion.V4Only)
            await self._net.async_register_service(service(self._config, addresses))
        except (OSError, RuntimeError, Error) as error:
            await self.close()
            if not self._down:
                taken = isinstance(error, NonUniqueNameException)
                hint = "another box has this name: set server.name" if taken else "tablets come by number"
                self._log("mdns_down", error=type(error).__name__, hint=hint)
            self._down = True
            return
        self._said, self._down = tuple(addresses), False
        self._log("mdns_up", count=len(addresses))

    async def close(self) -> None:
        """Take the name back."""
        net, self._net, self._said = self._net, None, ()
        if net is not None:
            await net.async_unregister_all_services()
            await net.async_close()


def _is_ours(address: str) -> bool:
    """Whether names can be said from `address`. zeroconf leaves a socket open where they cannot."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # avahi may be there too
        try:
            sock.bind((address, PORT))
        except OSError:
            return False
    return True

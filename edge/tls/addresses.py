"""This box's addresses, asked without netlink: the unit's sandbox has none."""

import fcntl
import socket
import struct
from ctypes import addressof, c_char
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

from edge.config import Server

_SIOCGIFCONF: Final = 0x8912  # netdevice(7)
_ROOM: Final = 64
# struct ifreq: 16 bytes of name, then a union that is 24 bytes where pointers are 8.
_IFREQ: Final = 16 + (24 if struct.calcsize("P") == 8 else 16)
_INET6: Final = Path("/proc/self/net/if_inet6")
_GLOBAL: Final = "00"  # scope, as the kernel prints it
_TEMPORARY: Final = 0x01  # a privacy address (RFC 8981) is another one tomorrow


def here() -> tuple[str, ...]:
    """Every lasting address of this machine but loopback and link-local ones."""
    found = [each for each in [*_of_inet(), *_of_inet6()] if not _is_narrow(each)]
    return tuple(sorted(set(found)))


def served(server: Server) -> tuple[str, ...]:
    """Addresses at which tablets reach this box: the one that is set, or all of the kind it listens on."""
    try:
        host = ip_address("127.0.0.1" if server.host == "localhost" else server.host)
    except ValueError:
        return ()
    if not host.is_unspecified:
        return (str(host),)
    return tuple(each for each in here() if ip_address(each).version == host.version)


def is_loopback(server: Server) -> bool:
    """Whether only this machine can reach the pages."""
    return all(ip_address(each).is_loopback for each in served(server)) if served(server) else False


def _is_narrow(address: str) -> bool:
    found = ip_address(address)
    return found.is_loopback or found.is_link_local or found.is_unspecified


def _of_inet() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        room = bytearray(_ROOM * _IFREQ)
        where = addressof((c_char * len(room)).from_buffer(room))
        answer = fcntl.ioctl(sock, _SIOCGIFCONF, struct.pack("iP", len(room), where))
    used = struct.unpack("iP", answer)[0]
    return [socket.inet_ntoa(room[start + 20 : start + 24]) for start in range(0, used, _IFREQ)]


def _of_inet6() -> list[str]:
    try:
        lines = _INET6.read_text(encoding="ascii").splitlines()
    except OSError:
        return []  # no IPv6 here
    rows = [line.split() for line in lines]
    return [
        str(IPv6Address(bytes.fromhex(row[0])))
        for row in rows
        if row[3] == _GLOBAL and not int(row[4], 16) & _TEMPORARY
    ]

"""The box's name on the network: a second, real mDNS responder on this machine asks for it and gets it."""

import asyncio
import os
import socket
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncZeroconf

from edge.config import Config, Server, Shop
from edge.kit.clock import ShopTime, SystemClock
from edge.tls import addresses, mdns, places
from edge.tls.mdns import Announcer, service
from edge.tls.upkeep import keep_once
from tests.patience import PATIENT_S

# One at a time on this machine: they say the same name.
pytestmark = pytest.mark.xdist_group("mdns")
LOOPBACK = "127.0.0.1"
# A name of this run: another run on this machine, of another checkout perhaps, would be in its way.
HOST = f"welkom-assen-{os.getpid()}.local"
CONFIG = Config(shop=Shop(id=f"assen-{os.getpid()}"), server=Server(tls="own", host=LOOPBACK))


def listener() -> tuple[list[str], Any]:
    events: list[str] = []

    def log(event: str, /, **fields: Any) -> None:
        events.append(event)

    return events, log


async def insist(announcer: Announcer, events: list[str], addresses: list[str], *, times: int = 1) -> None:
    """Say it until it is said, as upkeep does: on a loaded machine zeroconf gives up now and then."""
    async with asyncio.timeout(PATIENT_S):
        while events.count("mdns_up") < times:
            await announcer.say(addresses)


def multicast_works() -> bool:
    """Whether a packet to the group comes back on loopback: some sandboxes have no multicast at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            group = socket.inet_aton("224.0.0.251") + socket.inet_aton(LOOPBACK)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        except OSError:
            return False
    return True


@pytest.mark.anyio
@pytest.mark.skipif(not multicast_works(), reason="no multicast here")
async def test_the_name_is_answered_with_its_addresses_and_taken_back() -> None:
    events, log = listener()
    announcer = Announcer(CONFIG, log=log)
    said = service(CONFIG, [LOOPBACK])
    asking = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
    try:
        await insist(announcer, events, [LOOPBACK, "fd00::2"])
        found = await asking.async_get_service_info(said.type, said.name, 5_000)
        assert found is not None
        assert (found.server, found.port) == (f"{HOST}.", 8443)
        async with asyncio.timeout(PATIENT_S):
            # Who asks is content with one address: the other may come in a packet of its own.
            while found is None or set(found.parsed_addresses()) != {LOOPBACK, "fd00::2"}:
                await asyncio.sleep(0.05)
                found = await asking.async_get_service_info(said.type, said.name, 5_000)
        await announcer.say([LOOPBACK, "fd00::2"])  # nothing moved: nothing is said again
        assert events.count("mdns_up") == 1
        await insist(announcer, events, [LOOPBACK], times=2)
    finally:
        await announcer.close()
        await asking.async_close()


@pytest.mark.anyio
@pytest.mark.skipif(not multicast_works(), reason="no multicast here")
async def test_what_cannot_be_said_is_one_line_in_the_log_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events, log = listener()
    announcer = Announcer(CONFIG, log=log)
    for _ in range(2):
        await announcer.say(["203.0.113.9"])  # an address that this machine does not have
    assert events == ["mdns_down"]
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as greedy:
        # A program that shares its port with nobody; not at 5353, where avahi or Chromium may be already.
        greedy.bind((LOOPBACK, 0))
        monkeypatch.setattr(mdns, "PORT", greedy.getsockname()[1])
        await announcer.say([LOOPBACK])
        assert events == ["mdns_down"]
    await insist(announcer, events, [LOOPBACK])
    assert events == ["mdns_down", "mdns_up"]
    await announcer.close()


def test_nothing_is_said_on_loopback_or_where_it_is_switched_off() -> None:
    lan = replace(CONFIG, server=Server(host="192.168.1.5"))
    assert places.has_name(lan)
    assert not places.has_name(CONFIG)
    assert not places.has_name(replace(CONFIG, server=Server(host="localhost")))
    assert not places.has_name(replace(lan, server=Server(host="192.168.1.5", mdns=False)))


@pytest.mark.anyio
@pytest.mark.skipif(not multicast_works(), reason="no multicast here")
async def test_a_second_box_of_the_same_name_says_which_setting_tells_them_apart() -> None:
    heard, first_log = listener()
    first = Announcer(CONFIG, log=first_log)
    events: list[str] = []
    hints: list[str] = []

    def log(event: str, /, **fields: Any) -> None:
        events.append(event)
        hints.append(fields["hint"])

    second = Announcer(CONFIG, log=log)
    try:
        await insist(first, heard, [LOOPBACK])
        await second.say([LOOPBACK])
        assert events == ["mdns_down"]
        assert "server.name" in hints[0]
    finally:
        await second.close()
        await first.close()


@pytest.mark.anyio
async def test_a_house_on_loopback_opens_no_multicast_socket() -> None:
    events, log = listener()
    announcer = Announcer(CONFIG, log=log)
    assert await keep_once(CONFIG, None, announcer, time=ShopTime(SystemClock()), log=log)
    assert events == []


def test_addresses_of_this_machine_are_found_without_netlink() -> None:
    for address in addresses.here():
        assert not address.startswith(("127.", "169.254.", "fe80:"))
        assert address != "::1"
    assert addresses.served(Server(host="192.168.1.5")) == ("192.168.1.5",)
    assert set(addresses.served(Server(host="0.0.0.0"))) <= set(addresses.here())


def test_where_tablets_go_is_the_name_where_it_is_said_and_the_number_elsewhere() -> None:
    lan = Config(shop=Shop(id="assen"), server=Server(tls="own", host="192.168.1.5"))
    assert places.base(lan) == "https://welkom-assen.local:8443"
    assert places.bases_by_number(lan) == ("https://192.168.1.5:8443",)
    # By number: a tablet that cannot look names up can still be enrolled.
    assert places.enrolment(lan) == "http://192.168.1.5:8080/"
    quiet = replace(lan, server=Server(tls="own", host="192.168.1.5", mdns=False, enrol_port=0))
    assert places.base(quiet) == "https://192.168.1.5:8443"
    assert places.enrolment(quiet) == ""
    six = replace(lan, server=Server(host="fd00::2", mdns=False))
    assert places.base(six) == "http://[fd00::2]:8443"
    # A public number is in no certificate of ours, so no tablet is sent there.
    public = replace(lan, server=Server(tls="own", host="203.0.113.9"))
    assert places.bases_by_number(public) == ()
    assert mdns.service(replace(lan, server=Server()), []).type == "_http._tcp.local."

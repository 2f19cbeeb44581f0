"""What systemd hears, over a real datagram socket."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.kit.notify import notify, watchdog_interval_s


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's end of the socket."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield sock


@pytest.mark.parametrize("state", ["READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=3 lezers, één stil"])
def test_a_state_arrives_as_one_datagram(manager: socket.socket, state: str) -> None:
    notify(state)
    assert manager.recv(4096).decode() == state


def test_an_abstract_socket_is_reached_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = f"welkom-test-{tmp_path.name}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind("\0" + name)
        sock.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        notify("READY=1")
        assert sock.recv(4096) == b"READY=1"


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")


@pytest.mark.parametrize(
    ("interval_us", "half_s"),
    [("30000000", 15.0), ("1", 0.0000005), ("0", None), ("", None), ("soon", None), ("-5", None)],
)
def test_the_watchdog_is_fed_in_half_of_the_time_it_asks_for(
    monkeypatch: pytest.MonkeyPatch, interval_us: str, half_s: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", interval_us)
    assert watchdog_interval_s() == half_s


def test_there_is_no_watchdog_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert watchdog_interval_s() is None

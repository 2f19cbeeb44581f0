"""A port that was chosen for a program is that program's, however long it takes to start."""

import socket

import pytest

from tests.ports import free_ports


def test_a_chosen_port_is_had_by_its_server_again_and_again_and_by_nobody_else() -> None:
    port = free_ports(2)
    for each in (port, port + 1):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("", each))
        for _ in range(2):  # stopped and started again
            socket.create_server(("127.0.0.1", each)).close()

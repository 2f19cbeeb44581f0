"""What a stream of the portal says, while it is open."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.patience import PATIENT_S


@contextmanager
def pokes(client: httpx.Client, path: str) -> Iterator[list[str]]:
    """What a stream says, while it is open."""
    heard: list[str] = []
    opened = threading.Event()

    def listen() -> None:
        try:
            with client.stream("GET", path, headers={"accept": "text/event-stream"}) as answer:
                for line in answer.iter_lines():
                    heard.append(line)
                    opened.set()
        except httpx.HTTPError:
            return

    worker = threading.Thread(target=listen, daemon=True)
    worker.start()
    assert opened.wait(PATIENT_S)
    yield heard


def count(heard: list[str], at_least: int) -> bool:
    for _ in range(400):
        if heard.count("event: changed") >= at_least:
            return True
        threading.Event().wait(0.05)
    return False

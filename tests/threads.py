"""Work on a thread of its own beside a test, whose failure is the test's."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.patience import PATIENT_S


@contextmanager
def beside(
    work: Callable[[], None], *, name: str, ready: threading.Event, stop: Callable[[], None]
) -> Iterator[None]:
    """Inside, `work` runs and is `ready`; leaving asks it to `stop` and waits for it. Raises what it raised."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    worker = threading.Thread(target=run, name=name)
    worker.start()
    assert ready.wait(PATIENT_S)
    if failed:
        worker.join()
        raise failed[0]
    try:
        yield
    finally:
        stop()
        worker.join(PATIENT_S)
        assert not worker.is_alive()
        if failed:
            raise failed[0]

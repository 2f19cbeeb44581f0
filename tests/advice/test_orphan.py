"""After a kill -9 of the house its advice worker is gone too: nobody keeps purchases in memory for nobody."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from edge.files import prepare
from tests.patience import PATIENT_S
from tests.stories.shop import until

PARENT = """
import asyncio, sys
from edge.advice.process import Worker
from edge.kit.child import Start

async def main():
    worker = Worker(Start(sys.argv[1], sys.argv[2], "van-dam", bytes(32)))
    await worker.open()
    await worker.refresh([], 1, timeout_s=60)
    print(worker.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether it runs; one that only waits to be buried does not."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def test_a_worker_ends_when_the_house_is_killed(tmp_path: Path) -> None:
    files = prepare(tmp_path, log=lambda event, **fields: None)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(files.journal), str(files.replica)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(PATIENT_S)
        until(lambda: not alive(pid), timeout_s=PATIENT_S, what="the worker is gone")
    finally:
        parent.kill()
        parent.wait(PATIENT_S)
        if parent.stdout:
            parent.stdout.close()

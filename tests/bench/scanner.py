"""The keyboard-wedge reader on a real kernel: Debian's, in a virtual machine, with a keyboard that QEMU types on.

The suite writes input events to a pseudo-terminal; here the kernel makes them, grants the grab, and takes the node
away when the keyboard is unplugged. No accelerator is needed: it boots in a few seconds.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, socket
from typing import Any, Final

from tests.bench import scanner_guest
from tests.drivers.wedge import Stroke, strokes

ROOT: Final = Path(__file__).parents[2]
KERNEL: Final = "linux-image-cloud-amd64"
SLOWEST_S: Final = 180.0
# Every file that the guest's imports come from, compiled ones too: a virtual processor is slow at compiling.
LIST: Final = """
import sys
import tests.bench.scanner_guest
found = {getattr(each, name, None) for each in list(sys.modules.values()) for name in ("__file__", "__cached__")}
print(*(each for each in found if each and each.startswith("/")), sep="\\n")
"""
KEYBOARD: Final = "virtio-keyboard-pci"


def on_a_real_kernel() -> tuple[bool, dict[str, Any]]:
    """Two scans, another reader refused, nobody overhears, unplugged, and back through the same name."""
    with tempfile.TemporaryDirectory(prefix="welkom-scanner-") as name, machine(Path(name)) as (qmp, said):
        first = next_of(said, "second")
        up = next_of(said, "up")
        qmp.type("]E04006381333931\n")
        product = next_of(said, "saw")
        qmp.type("]Q1Klant-29\n")
        card = next_of(said, "saw")
        qmp("device_del", id="scanner")
        ended = next_of(said, "ended")
        qmp("device_add", driver=KEYBOARD, id="again")
        again = next_of(said, "up")
        qmp.type("CARD-1\n")
        back = next_of(said, "saw")
    figures = {
        "second reader": first["second"],
        "scans": [each["saw"]["token"] for each in (product, card, back)],
        "keys overheard by others": sum(each["overheard"] for each in (product, card, back)),
        "unplugged": ended["ended"],
        "nodes": [up["up"], again["up"]],
    }
    tokens = [(each["saw"]["token"]["kind"], each["saw"]["token"]["value"]) for each in (product, card, back)]
    holds = (
        first["second"] == "busy"
        and tokens == [("gs1", "04006381333931"), ("qr", "Klant-29"), ("barcode", "CARD-1")]
        and figures["keys overheard by others"] == 0
        and ended["ended"] == "unplugged"
    )
    return holds, figures


class Qmp:
    """QEMU's own protocol, as far as a hand at the keyboard and its cable need it."""

    def __init__(self, line: socket) -> None:
        self._file = line.makefile("rw")
        self._file.readline()
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: object) -> None:
        self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._file.flush()
        while "return" not in (answer := json.loads(self._file.readline())):
            assert "error" not in answer, answer

    def type(self, text: str) -> None:
        for stroke in strokes(text):
            self("input-send-event", events=[_pressed(stroke)])


def _pressed(stroke: Stroke) -> dict[str, object]:
    """QEMU numbers keys as PC keyboards do (AT set 1), which Linux's own numbers follow up to the keypad."""
    key, value = stroke
    return {"type": "key", "data": {"down": bool(value), "key": {"type": "number", "data": key}}}


def next_of(said: Iterator[dict[str, Any]], what: str) -> dict[str, Any]:
    return next(line for line in said if what in line)


@contextmanager
def machine(folder: Path) -> Iterator[tuple[Qmp, Iterator[dict[str, Any]]]]:
    """Debian's kernel with our reader in it, once the reader is up."""
    kernel = fetched_kernel(folder)
    (folder / "initrd").write_bytes(packed(kernel))
    control = folder / "qmp"
    words = [
        "qemu-system-x86_64", "-M", "pc,i8042=off", "-accel", "tcg", "-cpu", "max", "-m", "512",
        "-nic", "none", "-nographic", "-no-reboot", "-monitor", "none", "-serial", "stdio",
        "-qmp", f"unix:{control},server,nowait",
        "-kernel", str(next(kernel.glob("boot/vmlinuz-*"))), "-initrd", str(folder / "initrd"),
        "-append", "console=ttyS0 loglevel=3 panic=-1 random.trust_cpu=on rdinit=/init",
        "-device", f"{KEYBOARD},id=scanner",
    ]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as running:
        try:
            assert running.stdout is not None
            said = _lines(running.stdout.fileno(), until_s=time.monotonic() + SLOWEST_S)
            with socket(AF_UNIX) as line:
                while line.connect_ex(str(control)):
                    time.sleep(0.05)
                yield Qmp(line), said
        finally:
            running.kill()


def _lines(fd: int, *, until_s: float) -> Iterator[dict[str, Any]]:
    os.set_blocking(fd, False)
    rest = b""
    while time.monotonic() < until_s:
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        assert data, "the machine ended"
        *whole, rest = (rest + data).split(b"\n")
        for each in whole:
            if each.lstrip().startswith(b'{"'):
                yield json.loads(each)
    raise TimeoutError("the machine says nothing more")


def fetched_kernel(folder: Path) -> Path:
    """Debian's kernel for virtual machines, unpacked and not installed."""
    depends = subprocess.run(
        ["apt-cache", "depends", KERNEL], capture_output=True, text=True, check=True
    ).stdout
    package = depends.split("Depends:", 1)[1].split()[0]
    quiet: dict[str, Any] = {"check": True, "capture_output": True}
    subprocess.run(["apt-get", "download", "-q", package], cwd=folder, **quiet)
    unpacked = folder / "kernel"
    subprocess.run(["dpkg", "-x", str(next(folder.glob(f"{package}_*.deb"))), str(unpacked)], **quiet)
    return unpacked


def packed(kernel: Path) -> bytes:
    """An initial file system with Python, every module that the guest imports, and the kernel's modules."""
    listed = subprocess.run(
        [sys.executable, "-c", LIST], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    python = os.path.realpath(sys.executable)
    files = {Path(each) for each in listed if each} | {Path(python)}
    files |= set(_libraries({python, *(str(each) for each in files if ".so" in each.name)}))
    archive = Archive()
    archive.add("dev/console", b"", mode=0o20600, device=(5, 1))
    for each in sorted(files):
        if each.exists():
            archive.add(
                str(each).lstrip("/"), each.read_bytes(), mtime=int(each.stat().st_mtime), mode=0o100755
            )
    for module in scanner_guest.MODULES:
        archive.add(f"modules/{module}.ko", next(kernel.rglob(f"{module}.ko")).read_bytes())
    paths = ":".join(each for each in sys.path if each) + f":{ROOT}"
    run = (
        f"#!{python} -I\nimport os\nos.environ.update(PYTHONPATH={paths!r}, PYTHONHOME={sys.base_prefix!r})\n"
    )
    run += f"os.execv({python!r}, [{python!r}, '-W', 'ignore', {scanner_guest.__file__!r}])\n"
    archive.add("init", run.encode(), mode=0o100755)
    return archive.end()


def _libraries(objects: set[str]) -> Iterator[Path]:
    """What these need to be loaded, the loader included."""
    done = subprocess.run(["ldd", *objects], capture_output=True, text=True, check=False)
    for word in done.stdout.split():
        if word.startswith("/") and ".so" in word:
            yield Path(word.rstrip(":"))


class Archive:
    """A cpio archive as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._number = 0
        self._folders: set[str] = set()

    def add(
        self,
        name: str,
        data: bytes,
        *,
        mtime: int = 0,
        mode: int = 0o100644,
        device: tuple[int, int] = (0, 0),
    ) -> None:
        folder = os.path.dirname(name)
        for each in [folder[:at] for at, sign in enumerate(folder + "/") if sign == "/"]:
            if each and each not in self._folders:
                self._folders.add(each)
                self._entry(each, b"", 0o40755, 0)
        self._entry(name, data, mode, mtime, device)

    def end(self) -> bytes:
        self._entry("TRAILER!!!", b"", 0, 0)
        return bytes(self._out)

    def _entry(self, name: str, data: bytes, mode: int, mtime: int, device: tuple[int, int] = (0, 0)) -> None:
        self._number += 1
        called = name.encode() + b"\0"
        fields = (self._number, mode, 0, 0, 1, mtime, len(data), 0, 0, *device, len(called), 0)
        self._out += b"070701" + b"".join(b"%08x" % each for each in fields) + called
        self._out += b"\0" * (-len(self._out) % 4) + data
        self._out += b"\0" * (-len(self._out) % 4)

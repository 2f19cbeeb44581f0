"""The system call filters of the units, for real: a child process is put under each with libseccomp."""

import ctypes
import errno
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.systemd import SYSTEMD, UNIT, run, tool, values, words
from tests.lacking import left_out

ALLOW, ERRNO = 0x7FFF0000, 0x00050000  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(0): seccomp.h
EQUAL, MASKED_EQUAL = 4, 7  # SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ
WRITE_EXEC, EXEC = 0x2 | 0x4, 0x4  # PROT_WRITE | PROT_EXEC, PROT_EXEC


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp: which argument, how, and with what."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def call_sets() -> dict[str, list[str]]:
    """`@set` -> its members as systemd has them: calls and further sets."""
    sets: dict[str, list[str]] = {}
    members: list[str] = []
    for line in run(tool("systemd-analyze"), "syscall-filter")[1].splitlines():
        if line.startswith("@"):
            members = sets.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.append(line.strip())
    return sets


def calls(names: list[str], sets: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    for name in names:
        found |= calls(sets[name], sets) if name.startswith("@") else {name}
    return found


def confinement(unit: Path) -> Callable[[], None]:
    """A function for the child to call: from then on it lives under the filters that `unit` asks for.

    The same three that systemd installs: address families, no writable and executable memory, system calls.
    """
    try:
        lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        left_out("libseccomp.so.2 is not here; it comes with systemd")
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    lib.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(Compare),
    ]

    def add(context: int, action: int, name: str, *compare: Compare) -> None:
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return  # a call of another architecture
        array = (Compare * len(compare))(*compare)
        assert lib.seccomp_rule_add_array(context, action, number, len(compare), array) == 0, name

    sets = call_sets()
    wanted: set[str] = set()
    for value in values(unit, "SystemCallFilter"):
        if value.startswith("~"):
            wanted -= calls(value[1:].split(), sets)
        else:
            wanted |= calls(value.split(), sets)

    families = lib.seccomp_init(ALLOW)
    allowed = {getattr(socket, name).value for name in words(unit, "RestrictAddressFamilies")}
    for family in set(range(46)) - allowed:  # AF_MAX
        add(families, ERRNO | errno.EAFNOSUPPORT, "socket", Compare(0, EQUAL, family, 0))
    memory = lib.seccomp_init(ALLOW)
    assert values(unit, "MemoryDenyWriteExecute") == ["yes"]
    add(memory, ERRNO | errno.EPERM, "mmap", Compare(2, MASKED_EQUAL, WRITE_EXEC, WRITE_EXEC))
    add(memory, ERRNO | errno.EPERM, "mprotect", Compare(2, MASKED_EQUAL, EXEC, EXEC))
    add(memory, ERRNO | errno.EPERM, "pkey_mprotect", Compare(2, MASKED_EQUAL, EXEC, EXEC))
    listed = lib.seccomp_init(ERRNO | errno.EPERM)
    for name in sorted(wanted):
        add(listed, ALLOW, name)

    def confine() -> None:
        for context in (families, memory, listed):  # the allow-list last: it forbids loading another
            if lib.seccomp_load(context) != 0:
                raise OSError("seccomp_load failed")

    return confine


def under(unit: Path, program: str) -> str:
    """What `program` prints when it runs under the filters of `unit`; it must succeed."""
    confine = confinement(unit)
    with warnings.catch_warnings():
        # Python 3.12 warns of preexec_fn beside threads (pytest-xdist has one): ours takes no Python lock.
        warnings.simplefilter("ignore", DeprecationWarning)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            preexec_fn=confine,
            capture_output=True,
            text=True,
            timeout=100,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


THE_FILTERS_BITE = """
import mmap, os, socket
def refused(f):
    try:
        f()
    except OSError as error:
        return error.errno
print(refused(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)))
print(refused(lambda: os.nice(1)))
print(refused(lambda: os.chroot("/")))
print(refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)))
print(refused(lambda: socket.socket(socket.AF_INET)))
"""

WHAT_A_SERVER_DOES = """
import asyncio, ctypes, multiprocessing, os, socket, sqlite3, ssl, tempfile
from concurrent.futures import ProcessPoolExecutor
import argon2, httpx, uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

async def talk():
    async def goodbye(reader, writer):
        writer.close()
    server = await asyncio.start_server(goodbye, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await reader.read()
    writer.close()
    server.close()
    return await asyncio.to_thread(os.getpid)

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(talk())
with tempfile.TemporaryDirectory() as folder:
    c = sqlite3.connect(folder + "/journal.db")
    c.create_function("f", 1, lambda x: x + 1)
    c.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
                    "CREATE TABLE t (a); INSERT INTO t VALUES (f(1));")
    copy = sqlite3.connect(folder + "/new.db")
    c.backup(copy)
    copy.close()
    c.close()
    os.replace(folder + "/new.db", folder + "/replica.db")
    s = socket.socket(socket.AF_UNIX)
    s.bind(folder + "/readers.sock")
    os.chmod(folder + "/readers.sock", 0o660)
    s.close()
argon2.PasswordHasher().hash("1234")
ec.generate_private_key(ec.SECP256R1())
AESGCM(b"k" * 32).encrypt(b"n" * 12, b"name", b"")
ssl.create_default_context()
httpx.Client().close()
socket.getaddrinfo("localhost", 443)
assert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)(1) == 2
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as worker:
    print(worker.submit(pow, 2, 5).result())
"""

WHAT_A_READER_DOES = """
import ctypes, errno, os, socket
import nfc, serial
ours, theirs = os.openpty()
port = serial.Serial(os.ttyname(theirs), 115200, timeout=0.01)
port.write(b"x")
assert os.read(ours, 1) == b"x"
port.close()
assert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)(1) == 2
socket.socket(socket.AF_UNIX).close()
try:
    nfc.ContactlessFrontend("usb:ffff:ffff")
except OSError as error:
    print("no libusb here" if isinstance(error, FileNotFoundError) else errno.errorcode[error.errno])
"""

WHAT_HTTPS_DOES = """
import asyncio, pathlib, ssl, tempfile
import uvloop
from edge.config import Config, Server
from edge.tls import addresses
from edge.tls.mdns import Announcer
from edge.tls.own import open_own

said = []
async def say():
    config = Config(server=Server(tls="own", name="filters"))
    announcer = Announcer(config, log=lambda event, **fields: said.append(event))
    for _ in range(5):  # on a loaded machine zeroconf gives up now and then
        await announcer.say(["127.0.0.1"])
    await announcer.close()

with tempfile.TemporaryDirectory() as folder:
    own = open_own(pathlib.Path(folder), host="a.local", shop="A", kek=bytes(32), now_ms=1_800_000_000_000)
    assert own.renew(addresses.here(), now_ms=1_800_000_000_000)
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(say())
print(said[-1])
"""


@UNIT
def test_the_filters_of_a_unit_refuse_what_they_say(unit: Path) -> None:
    internet = None if "AF_INET" in words(unit, "RestrictAddressFamilies") else errno.EAFNOSUPPORT
    told = [errno.EPERM, errno.EPERM, errno.EPERM, errno.EAFNOSUPPORT, internet]
    assert under(unit, THE_FILTERS_BITE).split() == [str(code) for code in told]


@pytest.mark.parametrize("name", ["welkom.service", "welkom-hub.service"])
def test_the_libraries_of_a_server_run_under_its_filters(name: str) -> None:
    assert under(SYSTEMD / name, WHAT_A_SERVER_DOES) == "32\n"


def test_the_libraries_of_a_reader_run_under_its_filters() -> None:
    # Without AF_NETLINK libusb fails before it looks for a reader; with it, it looks and finds none.
    told = under(SYSTEMD / "welkom-reader@.service", WHAT_A_READER_DOES)
    if told == "no libusb here\n":
        left_out("libusb is not installed: apt install libusb-1.0-0")
    assert told == "ENODEV\n"


@pytest.mark.xdist_group("mdns")
def test_certificates_and_the_name_need_no_more_than_the_unit_of_the_appliance_gives() -> None:
    # No netlink: addresses are asked with ioctl, and names are said from interfaces by number.
    told = under(SYSTEMD / "welkom.service", WHAT_HTTPS_DOES)
    if told == "mdns_down\n":
        left_out("no multicast on this machine")
    assert told == "mdns_up\n"

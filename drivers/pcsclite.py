"""The PC/SC daemon, as far as a contactless reader needs it: seven functions of Debian's libpcsclite.so.1.

The package pyscard wraps the same library and has no wheels for Linux: it would put gcc, swig and headers on every
shop's box. Names and numbers are winscard.h's and pcsclite.h's; a DWORD is an unsigned long there.
"""

import ctypes
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_long, c_ubyte, c_ulong, c_void_p
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

LIBRARY: Final = "libpcsclite.so.1"
SCOPE_SYSTEM, SHARE_SHARED, LEAVE, UNPOWER = 2, 2, 0, 2
ANY_PROTOCOL: Final = 3  # T=0 or T=1; a contactless card is T=1
UNAWARE, STATE_CHANGED, STATE_UNKNOWN, STATE_UNAVAILABLE, STATE_PRESENT = 0, 0x02, 0x04, 0x08, 0x20
MAX_ATR: Final = 33
MAX_ANSWER: Final = 264  # bytes: a short answer, its status word and room to spare

SUCCESS: Final = 0
INVALID_HANDLE: Final = 0x80100003
UNKNOWN_READER: Final = 0x80100009
TIMEOUT: Final = 0x8010000A
COMM_ERROR: Final = 0x80100013
READER_UNAVAILABLE: Final = 0x80100017
NO_SERVICE: Final = 0x8010001D
SERVICE_STOPPED: Final = 0x8010001E
NO_READERS: Final = 0x8010002E
SECURITY_VIOLATION: Final = 0x8010006A
# The library calls it a violation, too, when the daemon hangs up in the middle.
GONE: Final = frozenset(
    {
        INVALID_HANDLE, UNKNOWN_READER, COMM_ERROR, READER_UNAVAILABLE, NO_SERVICE, SERVICE_STOPPED,
        SECURITY_VIOLATION,
    }
)  # fmt: skip


class PcscError(Exception):
    """A function of the library did not succeed; `code` is its own number."""

    def __init__(self, code: int) -> None:
        super().__init__(f"PC/SC error {code:08x}")
        self.code = code


class NoLibrary(Exception):
    """libpcsclite is not installed."""


@dataclass(frozen=True, slots=True)
class State:
    """What a reader says of itself: is it there, is a card in it, and that card's answer to reset."""

    attached: bool
    card: bool
    atr: bytes = field(repr=False)
    raw: int  # handed back at the next wait, so that only a change ends it

    @property
    def count(self) -> int:
        """How many cards came and went: the same card at the same count never left."""
        return self.raw >> 16


class _ReaderState(Structure):
    _fields_ = (
        ("name", c_char_p),
        ("user", c_void_p),
        ("current", c_ulong),
        ("event", c_ulong),
        ("atr_length", c_ulong),
        ("atr", c_ubyte * MAX_ATR),
    )


class _Request(Structure):
    _fields_ = (("protocol", c_ulong), ("length", c_ulong))


class Context:
    """A conversation with the daemon; one thread uses it. Making one raises NoLibrary, all of it PcscError."""

    def __init__(self, library: str = LIBRARY) -> None:
        self._lib = _library(library)
        self._context = c_long()
        _check(self._lib.SCardEstablishContext(SCOPE_SYSTEM, None, None, byref(self._context)))

    def readers(self) -> list[str]:
        """Names of the readers that are attached now."""
        size = c_ulong()
        try:
            _check(self._lib.SCardListReaders(self._context, None, None, byref(size)))
            names = (c_char * size.value)()
            _check(self._lib.SCardListReaders(self._context, None, names, byref(size)))
        except PcscError as error:
            if error.code == NO_READERS:
                return []
            raise
        return [name.decode(errors="replace") for name in names.raw[: size.value].split(b"\0") if name]

    def wait(self, reader: str, known: State | None, timeout_ms: int) -> State:
        """The reader's state once it differs from `known` (None: at once); `known` itself after the timeout."""
        state = _ReaderState(name=reader.encode(), current=known.raw if known else UNAWARE)
        code = self._lib.SCardGetStatusChange(self._context, timeout_ms, byref(state), 1) & 0xFFFFFFFF
        if code == TIMEOUT and known is not None:
            return known
        _check(code)
        attached = not state.event & (STATE_UNKNOWN | STATE_UNAVAILABLE)
        atr = bytes(state.atr)[: min(state.atr_length, MAX_ATR)]
        return State(attached, bool(state.event & STATE_PRESENT), atr, state.event & ~STATE_CHANGED)

    def connect(self, reader: str) -> "Connection":
        """The card in this reader, powered."""
        handle, protocol = c_long(), c_ulong()
        _check(
            self._lib.SCardConnect(
                self._context, reader.encode(), SHARE_SHARED, ANY_PROTOCOL, byref(handle), byref(protocol)
            )
        )
        return Connection(self._lib, handle, protocol.value)

    def close(self) -> None:
        """Let the daemon forget us; never fails."""
        self._lib.SCardReleaseContext(self._context)


class Connection:
    """One card, from power to no power."""

    def __init__(self, lib: Any, handle: c_long, protocol: int) -> None:
        self._lib = lib
        self._handle = handle
        self._request = _Request(protocol, ctypes.sizeof(_Request))

    def transmit(self, apdu: bytes) -> bytes:
        """The whole answer, status word at its end; raises PcscError when there is none."""
        answer, length = (c_ubyte * MAX_ANSWER)(), c_ulong(MAX_ANSWER)
        _check(
            self._lib.SCardTransmit(
                self._handle, byref(self._request), apdu, len(apdu), None, answer, byref(length)
            )
        )
        return bytes(answer[: length.value])

    def close(self, *, unpower: bool = True) -> None:
        """Let go; without power a phone closes its application at once. Never fails."""
        self._lib.SCardDisconnect(self._handle, UNPOWER if unpower else LEAVE)


@cache
def _library(name: str) -> Any:
    try:
        lib = ctypes.CDLL(name)
    except OSError:
        raise NoLibrary(f"the library {name!r} is not installed") from None
    lib.SCardEstablishContext.argtypes = (c_ulong, c_void_p, c_void_p, POINTER(c_long))
    lib.SCardReleaseContext.argtypes = (c_long,)
    lib.SCardListReaders.argtypes = (c_long, c_char_p, c_char_p, POINTER(c_ulong))
    lib.SCardGetStatusChange.argtypes = (c_long, c_ulong, POINTER(_ReaderState), c_ulong)
    lib.SCardConnect.argtypes = (c_long, c_char_p, c_ulong, c_ulong, POINTER(c_long), POINTER(c_ulong))
    lib.SCardDisconnect.argtypes = (c_long, c_ulong)
    lib.SCardTransmit.argtypes = (
        c_long, POINTER(_Request), c_char_p, c_ulong, POINTER(_Request), POINTER(c_ubyte), POINTER(c_ulong),
    )  # fmt: skip
    for function in (
        lib.SCardEstablishContext, lib.SCardReleaseContext, lib.SCardListReaders, lib.SCardGetStatusChange,
        lib.SCardConnect, lib.SCardDisconnect, lib.SCardTransmit,
    ):  # fmt: skip
        function.restype = c_long
    return lib


def _check(code: int) -> None:
    if code & 0xFFFFFFFF != SUCCESS:
        raise PcscError(code & 0xFFFFFFFF)

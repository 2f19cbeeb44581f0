"""What a real process did to the files of one folder and said on its sockets, as `strace` recorded it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

STRACE: Final = (
    "strace", "-D", "-f", "-y", "-xx", "-s", "4194304", "--seccomp-bpf", "-e",
    "trace=openat,pwrite64,write,writev,sendto,sendmsg,lseek,fsync,fdatasync,ftruncate,truncate,fallocate,"
    "pwritev,pwritev2,copy_file_range,sendfile,link,linkat,rename,renameat,renameat2,unlink,unlinkat",
)  # fmt: skip

Kind = Literal["write", "truncate", "sync", "create", "unlink", "rename", "said"]


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that reached the kernel. Paths are relative to the folder, "." and "x/." being folders.

    `at`: offset of a write, length of a truncation, and of a sync how many operations had been asked for before it.
    """

    kind: Kind
    path: str = ""
    at: int = 0
    data: bytes = b""  # what was written, or said on a socket
    to: str = ""  # of a rename


_TEXT: Final = r'"((?:\\x[0-9a-f]{2})*)"'
_FD: Final = r"\d+<((?:\\x[0-9a-f]{2})*)>"
_LINE: Final = re.compile(r"^(\d+) +(.*)$")
_UNFINISHED: Final = " <unfinished ...>"
_RESUMED: Final = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
_CALLS: Final[Mapping[str, re.Pattern[str]]] = {
    "pwrite64": re.compile(rf"pwrite64\({_FD}, {_TEXT}, (\d+), (\d+)"),
    "written": re.compile(rf"(?:write|writev)\({_FD}, .*"),
    "lseek": re.compile(rf"lseek\({_FD}, .*= (\d+)"),
    "ftruncate": re.compile(rf"ftruncate\({_FD}, (\d+)"),
    "sync": re.compile(rf"f(?:data)?sync\({_FD}"),
    "openat": re.compile(rf"openat\([^,]+, {_TEXT}, (\S+?)(?:,|\))"),
    "unlink": re.compile(rf"unlink(?:at)?\((?:[^,\"]+, )?{_TEXT}"),
    "rename": re.compile(rf"rename\w*\((?:[^,\"]+, )?{_TEXT}, (?:[^,\"]+, )?{_TEXT}"),
    "said": re.compile(rf"(?:write|writev|sendto|sendmsg)\({_FD}.*"),
    "unknown": re.compile(
        rf"(fallocate|pwritev2?|copy_file_range|sendfile|truncate|link|linkat)\(.*?{_TEXT}?"
    ),
}
_DONE: Final = re.compile(r"= \d+(?:<|$| )")


def read(trace: Path, folder: Path, base: Mapping[str, bytes]) -> list[Op]:
    """The operations of a trace on files under `folder`, which held `base`, in their order.

    A write counts from the moment at which it was asked for, a sync from that at which it was answered, and then for
    what had been asked for before it was. Raises ValueError for a way of writing that is not understood here.
    """
    reading = _Reading(folder, {path: len(content) for path, content in base.items()})
    with open(trace, encoding="ascii", errors="replace") as lines:
        for line in lines:
            if found := _LINE.match(line.rstrip("\n")):
                reading.line(*found.groups())
    return reading.ops


class _Reading:
    def __init__(self, folder: Path, sizes: dict[str, int]) -> None:
        self.ops: list[Op] = []
        self._folder = str(folder) + "/"
        self._sizes = sizes
        self._places: dict[str, int] = {}  # where write(2) goes on; no two writers of one file use it
        self._appended: set[str] = set()
        self._open: dict[str, tuple[str, int]] = {}  # calls on their way, by process

    def line(self, process: str, text: str) -> None:
        if resumed := _RESUMED.match(text):
            before, mark = self._open.pop(process, ("", 0))
            self._ended(before + resumed[2], mark)
            return
        mark = len(self.ops)
        if text.endswith(_UNFINISHED):
            text = text.removesuffix(_UNFINISHED)
            self._open[process] = text, mark
            self._asked(text)
            return
        self._asked(text)
        self._ended(text, mark)

    def _asked(self, text: str) -> None:
        if found := _CALLS["pwrite64"].match(text):
            path = self._inside(found[1])
            if path is not None:
                data = _bytes(found[2])
                if len(data) != int(found[3]):
                    raise ValueError(f"a write of {found[3]} bytes was recorded with {len(data)}")
                self._wrote(path, int(found[4]), data)
        elif (found := _CALLS["written"].match(text)) and (path := self._inside(found[1])) is not None:
            data = b"".join(_bytes(each) for each in re.findall(_TEXT, text))
            at = self._sizes.get(path, 0) if path in self._appended else self._places.get(path, 0)
            self._wrote(path, at, data)
            self._places[path] = at + len(data)
        elif found := _CALLS["ftruncate"].match(text):
            if (path := self._inside(found[1])) is not None:
                self._cut(path, int(found[2]))
        elif found := _CALLS["said"].match(text):
            said = b"".join(_bytes(each) for each in re.findall(_TEXT, text))
            if said and _bytes(found[1]).startswith((b"TCP", b"socket")):
                self.ops.append(Op("said", data=said))

    def _wrote(self, path: str, at: int, data: bytes) -> None:
        self.ops.append(Op("write", path, at, data))
        self._sizes[path] = max(self._sizes.get(path, 0), at + len(data))

    def _cut(self, path: str, length: int) -> None:
        self.ops.append(Op("truncate", path, length))
        self._sizes[path] = length

    def _ended(self, text: str, mark: int) -> None:
        if not _DONE.search(text):
            return  # the call failed: nothing happened
        if found := _CALLS["sync"].match(text):
            whole = _bytes(found[1]).decode()
            if whole + "/" == self._folder:
                self.ops.append(Op("sync", ".", mark))
            elif (path := self._inside(found[1])) is not None:
                self.ops.append(Op("sync", path, mark))
        elif found := _CALLS["openat"].match(text):
            self._opened(self._inside(found[1]), found[2])
        elif found := _CALLS["lseek"].match(text):
            if (path := self._inside(found[1])) is not None:
                self._places[path] = int(found[2])
        elif found := _CALLS["unlink"].match(text):
            if (path := self._inside(found[1])) is not None and self._sizes.pop(path, None) is not None:
                self.ops.append(Op("unlink", path))
        elif found := _CALLS["rename"].match(text):
            before, after = self._inside(found[1]), self._inside(found[2])
            if before is not None and after is not None:
                self._sizes[after] = self._sizes.pop(before, 0)
                self.ops.append(Op("rename", before, to=after))
        elif (found := _CALLS["unknown"].match(text)) and self._folder in _texts(text):
            raise ValueError(f"the model of a disk does not know {found[1]}")

    def _opened(self, path: str | None, flags: str) -> None:
        if path is None or ("O_WRONLY" not in flags and "O_RDWR" not in flags):
            return
        self._places[path] = 0
        (self._appended.add if "O_APPEND" in flags else self._appended.discard)(path)
        if "O_CREAT" in flags and path not in self._sizes:
            self._sizes[path] = 0
            self.ops.append(Op("create", path))
        elif "O_TRUNC" in flags and self._sizes.get(path):
            self._cut(path, 0)

    def _inside(self, text: str) -> str | None:
        """The path under the folder; of the shared memory of SQLite, which no disk needs, None."""
        path = _bytes(text).decode()
        if not path.startswith(self._folder) or path.endswith("-shm"):
            return None
        return path.removeprefix(self._folder)


def _texts(text: str) -> str:
    """All paths and contents in a call, one after the other."""
    return b" ".join(map(_bytes, re.findall(r"((?:\\x[0-9a-f]{2})+)", text))).decode("latin-1")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def held(folder: Path) -> dict[str, bytes]:
    """What lies under a folder, as far as a disk needs it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def without(ops: Sequence[Op], *forgotten: str) -> list[Op]:
    """The same run by a program that does not sync these files (or "." the folder itself): a planted mistake."""
    return [Op("said") if op.kind == "sync" and op.path in forgotten else op for op in ops]

"""Power cuts: what the real appliance wrote, synced and renamed, and every disk that a cut may leave of it.

`strace` records a run. A cut at any moment leaves what was synced, and of the rest any part: nothing, all, the
first of it, some of it, or some sectors of it; and of names that were made or taken away and not synced, the first so
many. Each such disk is opened by the appliance's own code.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

SECTOR: Final = 512
STRACE: Final = (
    "strace", "-D", "-f", "-y", "-xx", "-s", "1048576", "--seccomp-bpf", "-e",
    "trace=openat,pwrite64,write,writev,sendto,sendmsg,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat",
)  # fmt: skip

Kind = Literal["write", "truncate", "sync", "create", "unlink", "rename", "said"]


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that reached the kernel. `data` is what was written, or what was said on a socket."""

    kind: Kind
    path: str = ""
    at: int = 0  # offset, or length of a truncation
    data: bytes = b""
    to: str = ""  # of a rename


_TEXT: Final = r'"((?:\\x[0-9a-f]{2})*)"'
_FD: Final = r"\d+<((?:\\x[0-9a-f]{2})*)>"
_LINE: Final = re.compile(r"^(\d+) +(.*)$")
_UNFINISHED: Final = " <unfinished ...>"
_RESUMED: Final = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
_CALLS: Final[Mapping[str, re.Pattern[str]]] = {
    "pwrite64": re.compile(rf"pwrite64\({_FD}, {_TEXT}, \d+, (\d+)"),
    "ftruncate": re.compile(rf"ftruncate\({_FD}, (\d+)"),
    "fsync": re.compile(rf"f(?:data)?sync\({_FD}"),
    "openat": re.compile(rf"openat\([^,]+, {_TEXT}, (\S+?)(?:,|\))"),
    "unlink": re.compile(rf"unlink(?:at)?\((?:[^,]+, )?{_TEXT}"),
    "rename": re.compile(rf"rename\w*\((?:[^,\"]+, )?{_TEXT}, (?:[^,\"]+, )?{_TEXT}"),
    "said": re.compile(rf"(?:write|writev|sendto|sendmsg)\({_FD}.*"),
}


def read(trace: Path, folder: Path) -> list[Op]:
    """The operations of a trace on files directly in `folder`, and what was said on sockets, in their order.

    A write counts from the moment at which it was asked for, a sync from that at which it was answered.
    """
    ops: list[Op] = []
    open_calls: dict[str, str] = {}
    there = {str(path) for path in folder.iterdir()}
    with open(trace, encoding="ascii", errors="replace") as lines:
        for line in lines:
            found = _LINE.match(line.rstrip("\n"))
            if found is None:
                continue
            process, text = found.groups()
            resumed = _RESUMED.match(text)
            if resumed is not None:
                text = open_calls.pop(process, "") + resumed[2]
                ops += _ended(text, folder, there)
                continue
            unfinished = text.endswith(_UNFINISHED)
            if unfinished:
                text = open_calls[process] = text.removesuffix(_UNFINISHED)
            ops += _asked(text, folder)
            if not unfinished:
                ops += _ended(text, folder, there)
    return ops


def _asked(text: str, folder: Path) -> Iterator[Op]:
    if found := _CALLS["pwrite64"].match(text):
        if (path := _inside(found[1], folder)) is not None:
            yield Op("write", path, int(found[3]), _bytes(found[2]))
    elif found := _CALLS["ftruncate"].match(text):
        if (path := _inside(found[1], folder)) is not None:
            yield Op("truncate", path, int(found[2]))
    elif found := _CALLS["said"].match(text):
        said = b"".join(_bytes(each) for each in re.findall(_TEXT, text))
        if said and _bytes(found[1]).startswith((b"TCP", b"socket")):
            yield Op("said", data=said)


def _ended(text: str, folder: Path, there: set[str]) -> Iterator[Op]:
    if not re.search(r"= \d+(?:<|$| )", text):
        return  # the call failed: nothing happened
    if found := _CALLS["fsync"].match(text):
        path = _bytes(found[1]).decode()
        if path == str(folder) or Path(path).parent == folder:
            yield Op("sync", path)
    elif found := _CALLS["openat"].match(text):
        path = _inside(found[1], folder) or ""
        if path and "O_CREAT" in found[2] and path not in there:
            there.add(path)
            yield Op("create", path)
    elif found := _CALLS["unlink"].match(text):
        if (path := _inside(found[1], folder)) is not None:
            there.discard(path)
            yield Op("unlink", path)
    elif found := _CALLS["rename"].match(text):
        before, after = _inside(found[1], folder), _inside(found[2], folder)
        if before is not None and after is not None:
            there.discard(before)
            there.add(after)
            yield Op("rename", before, to=after)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _inside(text: str, folder: Path) -> str | None:
    path = Path(_bytes(text).decode())
    return str(path) if path.parent == folder and not path.name.endswith("-shm") else None


@dataclass
class _File:
    """What is surely on the disk, and what may be."""

    sure: bytearray = field(default_factory=bytearray)
    loose: list[Op] = field(default_factory=list)


Mode = Literal["nothing", "all", "first", "some", "torn"]
MODES: Final[tuple[Mode, ...]] = ("nothing", "all", "first", "some", "torn")


@dataclass(frozen=True, slots=True)
class Image:
    """A disk after a cut, and everything that had been said to anybody before it."""

    place: int  # operations before the cut
    mode: Mode
    files: Mapping[str, bytes]
    said: bytes


def images(base: Mapping[str, bytes], ops: Sequence[Op], *, count: int, seed: int) -> Iterator[Image]:
    """`count` legal disks, by place; `base` is what was there and synced before the first operation."""
    dice = random.Random(seed)
    files = {path: _File(bytearray(content)) for path, content in base.items()}
    names = dict(files)  # as the process sees them
    surely, loose = dict(files), list[Op]()  # as a cut finds them, and what may be lost of that
    moved: dict[int, _File] = {}  # the file that a loose creation made
    said = bytearray()
    # Right after a sync and in the middle of what is not synced: where there is something to lose.
    places = sorted(dice.choice(range(1, len(ops) + 1)) for _ in range(count))
    for place, op in enumerate(ops, 1):
        match op.kind:
            case "said":
                said += op.data
            case "create":
                names[op.path] = moved[len(loose)] = _File()
                loose.append(op)
            case "unlink" | "rename":
                gone = names.pop(op.path, None)
                if op.kind == "rename" and gone is not None:
                    names[op.to] = gone
                loose.append(op)
            case "sync" if op.path in names:
                _settle(names[op.path])
            case "sync":
                surely, loose, moved = dict(names), [], {}
            case _ if op.path in names:
                names[op.path].loose.append(op)
        while places and places[0] == place:
            places.pop(0)
            mode = dice.choice(MODES)
            there = _named(surely, loose, moved, upto=dice.randint(0, len(loose)))
            content = {path: _content(file, mode, dice) for path, file in there.items()}
            yield Image(place, mode, content, bytes(said))


def _settle(file: _File) -> None:
    for op in file.loose:
        _write(file.sure, op)
    file.loose.clear()


def _write(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del content[op.at :]
        content.extend(bytes(op.at - len(content)))
        return
    content.extend(bytes(max(0, op.at + len(op.data) - len(content))))
    content[op.at : op.at + len(op.data)] = op.data


def _named(
    surely: Mapping[str, _File], loose: Sequence[Op], moved: Mapping[int, _File], *, upto: int
) -> dict[str, _File]:
    there = dict(surely)
    for number, op in enumerate(loose[:upto]):
        if op.kind == "create":
            there[op.path] = moved[number]
        else:
            gone = there.pop(op.path, None)
            if op.kind == "rename" and gone is not None:
                there[op.to] = gone
    return there


def _content(file: _File, mode: Mode, dice: random.Random) -> bytes:
    content = bytearray(file.sure)
    for op in _kept(file.loose, mode, dice):
        _write(content, op)
    return bytes(content)


def _kept(loose: Sequence[Op], mode: Mode, dice: random.Random) -> Sequence[Op]:
    match mode:
        case "nothing":
            return ()
        case "all":
            return loose
        case "first":
            return loose[: dice.randint(0, len(loose))]
        case "some":
            return [op for op in loose if dice.random() < 0.5]
        case "torn":
            return [part for op in loose for part in _torn(op, dice)]


def _torn(op: Op, dice: random.Random) -> Iterator[Op]:
    if op.kind == "truncate":
        if dice.random() < 0.5:
            yield op
        return
    start = 0
    while start < len(op.data):
        end = min(len(op.data), start + SECTOR - (op.at + start) % SECTOR)
        if dice.random() < 0.5:
            yield Op("write", op.path, op.at + start, op.data[start:end])
        start = end

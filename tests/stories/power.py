"""Power cuts: every disk that a cut may leave of what a recorded run wrote, synced and renamed.

A cut at any moment leaves what was synced, and of the rest of each file any part of its own: nothing, all, the first
of it, some of it, or some sectors of it; and of the names in each folder that were made, taken away or changed and
not synced, the first so many. Each such disk is opened by the appliance's and the hub's own code.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final, Literal

from tests.stories.trace import Op

SECTOR: Final = 512
Mode = Literal["nothing", "all", "first", "some", "torn"]
MODES: Final[tuple[Mode, ...]] = ("nothing", "all", "first", "some", "torn")
_Loose = list[tuple[int, Op]]  # with the place of each in the run


@dataclass
class _File:
    """What is surely on the disk, and what may be."""

    sure: bytearray = field(default_factory=bytearray)
    loose: _Loose = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Name:
    """A change to the names of a folder, and the file that a creation made."""

    place: int
    op: Op
    file: _File | None


@dataclass(frozen=True, slots=True)
class Image:
    """A disk after a cut, and everything that had been said to anybody before it."""

    place: int  # operations before the cut
    modes: Mapping[str, Mode]  # of files of which something may be lost
    files: Mapping[str, bytes]
    said: bytes


def images(
    base: Mapping[str, bytes],
    ops: Sequence[Op],
    *,
    count: int,
    seed: int,
    among: Sequence[int] | None = None,
    modes: Sequence[Mode] = MODES,
) -> Iterator[Image]:
    """`count` legal disks, by place; `base` is what was there and synced before the first operation.

    `among`: after how many operations to cut; else anywhere, and every other time where something was just synced,
    answered or renamed: where a mistake in the order shows.
    """
    dice = random.Random(seed)
    near = [place for place, op in enumerate(ops, 1) if op.kind in ("sync", "rename", "unlink", "said")]
    everywhere = range(1, len(ops) + 1)
    places = sorted(dice.choice(among or (near if number % 2 else everywhere)) for number in range(count))
    disk = _Disk(base, modes)
    for place, op in enumerate(ops, 1):
        disk.do(place, op)
        while places and places[0] == place:
            places.pop(0)
            yield disk.cut(place, dice)


class _Disk:
    def __init__(self, base: Mapping[str, bytes], modes: Sequence[Mode]) -> None:
        self._modes = modes
        self._names = {
            path: _File(bytearray(content)) for path, content in base.items()
        }  # as processes see them
        self._surely = dict(self._names)  # as a cut finds them
        self._loose: dict[str, list[_Name]] = {}  # by folder: what may be lost of that
        self._said = bytearray()

    def do(self, place: int, op: Op) -> None:
        match op.kind:
            case "said":
                self._said += op.data
            case "create":
                file = self._names[op.path] = _File()
                self._change(_Name(place, op, file))
            case "unlink" | "rename":
                gone = self._names.pop(op.path, None)
                if op.kind == "rename" and gone is not None:
                    assert _folder(op.path) == _folder(op.to), "a rename into another folder"
                    self._names[op.to] = gone
                self._change(_Name(place, op, None))
            case "sync" if op.path in self._names:
                _settle(self._names[op.path], upto=op.at)
            case "sync":
                changes = self._loose.pop(op.path, [])
                _rename(self._surely, [each for each in changes if each.place <= op.at])
                self._loose[op.path] = [each for each in changes if each.place > op.at]
            case _ if op.path in self._names:
                self._names[op.path].loose.append((place, op))

    def _change(self, name: _Name) -> None:
        self._loose.setdefault(_folder(name.op.path), []).append(name)

    def cut(self, place: int, dice: random.Random) -> Image:
        there = dict(self._surely)
        for changes in self._loose.values():
            _rename(there, changes[: dice.randint(0, len(changes))])
        modes: dict[str, Mode] = {
            path: dice.choice(self._modes) for path, file in there.items() if file.loose
        }
        content = {path: _content(file, modes.get(path, "all"), dice) for path, file in there.items()}
        return Image(place, modes, content, bytes(self._said))


def _folder(path: str) -> str:
    return str(PurePath(path).parent)


def _rename(there: dict[str, _File], changes: Sequence[_Name]) -> None:
    for each in changes:
        if each.file is not None:
            there[each.op.path] = each.file
            continue
        gone = there.pop(each.op.path, None)
        if each.op.kind == "rename" and gone is not None:
            there[each.op.to] = gone


def _settle(file: _File, *, upto: int) -> None:
    for place, op in file.loose:
        if place <= upto:
            _write(file.sure, op)
    file.loose = [(place, op) for place, op in file.loose if place > upto]


def _write(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del content[op.at :]
        content.extend(bytes(op.at - len(content)))
        return
    content.extend(bytes(max(0, op.at + len(op.data) - len(content))))
    content[op.at : op.at + len(op.data)] = op.data


def _content(file: _File, mode: Mode, dice: random.Random) -> bytes:
    content = bytearray(file.sure)
    for op in _kept([op for _, op in file.loose], mode, dice):
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

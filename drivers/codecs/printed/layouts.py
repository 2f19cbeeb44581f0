"""Which character a key gives, by keyboard layout: what a keyboard-wedge scanner was set to "type" in.

A key is its evdev code (linux/input-event-codes.h), which names a place on a US keyboard, whatever is printed on
it. The scanner believes it types on a keyboard of its country setting; the layout here must be that same one, or
AZERTY digits come out as `&é"'(` and a German Y as Z.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Places that differ by country: the digit row, three rows of letters, then the odd ones.
ROWS: Final = (range(2, 14), range(16, 28), range(30, 41), (41, 43), range(44, 54), (86,))
# Places that do not: the space bar and the keypad (with Num Lock, which every scanner means).
SAME: Final = {57: " ", 55: "*", 74: "-", 78: "+", 98: "/", 83: "."}
KEYPAD: Final = {82: 0, 79: 1, 80: 2, 81: 3, 75: 4, 76: 5, 77: 6, 71: 7, 72: 8, 73: 9}
NONE: Final = " "  # a place without a character, in the rows below


@dataclass(frozen=True, slots=True)
class Layout:
    """Characters by key: alone, with Shift, with AltGr."""

    plain: Mapping[int, str]
    shift: Mapping[int, str]
    altgr: Mapping[int, str]


def _layout(plain: tuple[str, ...], shift: tuple[str, ...], altgr: Mapping[int, str]) -> Layout:
    return Layout(_row(plain) | SAME, _row(shift) | SAME, altgr)


def _row(rows: tuple[str, ...]) -> dict[int, str]:
    return {
        key: character
        for keys, characters in zip(ROWS, rows, strict=True)
        for key, character in zip(keys, characters, strict=True)
        if character != NONE
    }


LAYOUTS: Final[Mapping[str, Layout]] = {
    "us": _layout(
        ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "`\\", "zxcvbnm,./", "\\"),
        ("!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"', "~|", "ZXCVBNM<>?", "|"),
        {},
    ),
    "gb": _layout(
        ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "`#", "zxcvbnm,./", "\\"),
        ('!"£$%^&*()_+', "QWERTYUIOP{}", "ASDFGHJKL:@", "¬~", "ZXCVBNM<>?", "|"),
        {5: "€"},
    ),
    "de": _layout(
        ("1234567890ß´", "qwertzuiopü+", "asdfghjklöä", "^#", "yxcvbnm,.-", "<"),
        ('!"§$%&/()=?`', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ", "°'", "YXCVBNM;:_", ">"),
        {
            3: "²",
            4: "³",
            8: "{",
            9: "[",
            10: "]",
            11: "}",
            12: "\\",
            16: "@",
            18: "€",
            27: "~",
            50: "µ",
            86: "|",
        },
    ),
    "fr": _layout(
        ("&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù", "²*", "wxcvbn,;:!", "<"),
        ("1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%", " µ", "WXCVBN?./§", ">"),
        {
            3: "~",
            4: "#",
            5: "{",
            6: "[",
            7: "|",
            8: "`",
            9: "\\",
            10: "^",
            11: "@",
            12: "]",
            13: "}",
            18: "€",
        },
    ),
    "be": _layout(
        ("&é\"'(§è!çà)-", "azertyuiop^$", "qsdfghjklmù", "²µ", "wxcvbn,;:=", "<"),
        ("1234567890°_", "AZERTYUIOP¨*", "QSDFGHJKLM%", "³£", "WXCVBN?./+", ">"),
        {
            2: "|",
            3: "@",
            4: "#",
            7: "^",
            10: "{",
            11: "}",
            18: "€",
            26: "[",
            27: "]",
            40: "´",
            43: "`",
            53: "~",
            86: "\\",
        },
    ),
}

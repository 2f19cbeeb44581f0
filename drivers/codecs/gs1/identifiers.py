"""The application identifiers, and whether a value has the form that its identifier asks for.

Facts of the GS1 General Specifications 26.0, section 3, and of the GS1 Barcode Syntax Dictionary, in a notation of
our own: N digits, X CSET 82, Y CSET 39, Z base64url, with a length (`6`) or the most (`..20`); C digits of which the
last is a check digit, D a date YYMMDD whose day may be 00, T a time HHMM; from a [ on it may be left out. Not looked
into: countries and currencies, the check pair of a GMN (8013), coupons (8110), which identifiers belong together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from drivers.codecs.gs1.numbers import checked

CHARACTERS: Final = {
    "N": "[0-9]",
    "C": "[0-9]",
    "D": "[0-9]",
    "T": "[0-9]",
    "X": r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]""",
    "Y": r"[#\-/0-9A-Z]",
    "Z": r"[A-Za-z0-9_=\-]",
}
# Identifiers or first and last of a run, then the form of their value.
FORMS: Final = """
00 C18 | 01-03 C14 | 10 X..20 | 11-13 D6 | 15-17 D6 | 20 N2 | 21-22 X..20 | 235 X..28
240-241 X..30 | 242 N..6 | 243 X..20 | 250-251 X..30 | 253 C13 [X..17 | 254 X..20 | 255 C13 [N..12
30 N..8 | 37 N..8
3100-3105 N6 | 3110-3115 N6 | 3120-3125 N6 | 3130-3135 N6 | 3140-3145 N6 | 3150-3155 N6 | 3160-3165 N6
3200-3205 N6 | 3210-3215 N6 | 3220-3225 N6 | 3230-3235 N6 | 3240-3245 N6 | 3250-3255 N6 | 3260-3265 N6
3270-3275 N6 | 3280-3285 N6 | 3290-3295 N6 | 3300-3305 N6 | 3310-3315 N6 | 3320-3325 N6 | 3330-3335 N6
3340-3345 N6 | 3350-3355 N6 | 3360-3365 N6 | 3370-3375 N6 | 3400-3405 N6 | 3410-3415 N6 | 3420-3425 N6
3430-3435 N6 | 3440-3445 N6 | 3450-3455 N6 | 3460-3465 N6 | 3470-3475 N6 | 3480-3485 N6 | 3490-3495 N6
3500-3505 N6 | 3510-3515 N6 | 3520-3525 N6 | 3530-3535 N6 | 3540-3545 N6 | 3550-3555 N6 | 3560-3565 N6
3570-3575 N6 | 3600-3605 N6 | 3610-3615 N6 | 3620-3625 N6 | 3630-3635 N6 | 3640-3645 N6 | 3650-3655 N6
3660-3665 N6 | 3670-3675 N6 | 3680-3685 N6 | 3690-3695 N6
3900-3909 N..15 | 3910-3919 N3 N..15 | 3920-3929 N..15 | 3930-3939 N3 N..15 | 3940-3943 N4 | 3950-3955 N6
400-401 X..30 | 402 C17 | 403 X..30 | 410-417 C13 | 420 X..20 | 421 N3 X..9 | 422 N3
423 N3 [N3 [N3 [N3 [N3 | 424 N3 | 425 N3 [N3 [N3 [N3 [N3 | 426 N3 | 427 X..3
4300-4301 X..35 | 4302-4306 X..70 | 4307 X2 | 4308 X..30 | 4309 N20 | 4310-4311 X..35 | 4312-4316 X..70 | 4317 X2
4318 X..20 | 4319 X..30 | 4320 X..35 | 4321-4323 N1 | 4324-4325 D6 T4 | 4326 D6 | 4330-4333 N6 [X1
7001 N13 | 7002 X..30 | 7003 D6 T4 | 7004 N..4 | 7005 X..12 | 7006 D6 | 7007 D6 [D6 | 7008 X..3 | 7009 X..10
7010 X..2 | 7011 D6 [T4 | 7020-7022 X..20 | 7023 X..30 | 7030-7039 N3 X..27 | 7040 N1 X3 | 7041 X..4
710-717 X..20 | 7230-7239 X2 X..28 | 7240 X..20 | 7241 N2 | 7242 X..25 | 7250 N8 | 7251 N8 T4 | 7252 N1
7253-7254 X..40 | 7255 X..10 | 7256 X..90 | 7257 X..70 | 7258 X3 | 7259 X..40
8001 N14 | 8002 X..20 | 8003 N1 C13 [X..16 | 8004 X..30 | 8005 N6 | 8006 C14 N4 | 8007 X..34 | 8008 D6 N2 [N2 [N2
8009 X..50 | 8010 Y..30 | 8011 N..12 | 8012 X..20 | 8013-8014 X..25 | 8017-8018 C18 | 8019 N..10 | 8020 X..25
8026 C14 N4 | 8030 Z..90 | 8040-8041 N15 | 8042 N32 | 8043 N18 [N..2
8110 X..70 | 8111 N4 | 8112 X..70 | 8200 X..70 | 90 X..30 | 91-99 X..90
"""
# Of these the length is known from the first two digits, so no separator follows (General Specifications 7.8.5).
WITHOUT_SEPARATOR: Final = frozenset(
    {"00", "01", "02", "03", "04", *(str(n) for n in range(11, 21)), *(str(n) for n in range(31, 37)), "41"}
)
GTIN, CONTENT, SSCC = "01", "02", "00"
LONGEST, SHORTEST = 4, 2  # digits of an identifier
PART: Final = re.compile(r"(\[?)([NCDTXYZ])(\.\.)?(\d+)")


@dataclass(frozen=True, slots=True)
class Form:
    """How a value must look. `parts` are the pieces of more than characters: their letter, in order of the groups."""

    pattern: re.Pattern[str]
    parts: str
    most: int


def _form(text: str) -> Form:
    pattern, closing, most = "", 0, 0
    letters = ""
    for bracket, letter, upto, length in PART.findall(text):
        pattern += "(?:" if bracket else ""
        closing += bool(bracket)
        pattern += f"({CHARACTERS[letter]}{{{'1,' if upto else ''}{length}}})"
        letters += letter
        most += int(length)
    return Form(re.compile(pattern + ")?" * closing, re.ASCII), letters, most)


def _table() -> Iterator[tuple[str, Form]]:
    for entry in FORMS.replace("\n", "|").split("|"):
        if entry.strip():
            run, form = entry.strip().split(" ", 1)
            first, _, last = run.partition("-")
            made = _form(form)
            for number in range(int(first), int(last or first) + 1):
                yield str(number).zfill(len(first)), made


IDENTIFIERS: Final[dict[str, Form]] = dict(_table())


def fits(identifier: str, value: str) -> bool:
    """Whether this is a value of that identifier: characters, length, check digits, dates."""
    form = IDENTIFIERS.get(identifier)
    match = form.pattern.fullmatch(value) if form else None
    if form is None or match is None:
        return False
    pieces = zip(form.parts, match.groups(), strict=True)
    return all(_holds(letter, piece) for letter, piece in pieces if piece is not None)


def _holds(letter: str, piece: str) -> bool:
    match letter:
        case "C":
            return checked(piece)
        case "D":
            return 1 <= int(piece[2:4]) <= 12 and int(piece[4:]) <= _days(int(piece[:2]), int(piece[2:4]))
        case "T":
            return int(piece[:2]) <= 23 and int(piece[2:]) <= 59
    return True


def _days(year: int, month: int) -> int:
    """Days of a month; two digits of a year are enough, since every fourth of 1950 to 2049 is a leap year."""
    return 30 + (month in (1, 3, 5, 7, 8, 10, 12)) if month != 2 else 28 + (year % 4 == 0)


def at_start(text: str) -> str | None:
    """The identifier that a text begins with; none is the beginning of another."""
    return next(
        (text[:n] for n in range(SHORTEST, LONGEST + 1) if text[:n] in IDENTIFIERS),
        None,
    )

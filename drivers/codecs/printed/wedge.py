"""Keys of a keyboard-wedge scanner into frames of text: what it would have typed, and where one code ends."""

from statistics import median
from typing import Final

from drivers.codecs.printed.layouts import KEYPAD, LAYOUTS
from drivers.codecs.printed.lines import MAX_FRAME, unwrap

RELEASED, PRESSED = 0, 1  # the value of an EV_KEY event; 2 is a key held down, which a scanner never does
ENDS: Final = frozenset({28, 96, 15})  # Enter, Enter of the keypad, Tab
SHIFT: Final = frozenset({42, 54})
CTRL: Final = frozenset({29, 97})
ALT: Final = frozenset({56})
ALTGR: Final = frozenset({100})
CAPS_LOCK: Final = 58
SILENT: Final = frozenset({CAPS_LOCK, 69, 70, 125, 126})  # locks and the logo keys: they type nothing
CONTROLS: Final = range(0x40, 0x60)  # Ctrl and one of @A-Z[\]^_ is the control character 0x40 below it
RIGHT_BRACKET: Final = 27  # Ctrl+] is GS; scanners press this place even where the layout has ] elsewhere
GS: Final = "\x1d"
# Half of a scanner's keys come sooner after the one before than any fingers move for long. Not `idle_ms`: that is how
# long one code may pause, for a scanner behind a slow radio.
HAND_S: Final = 0.03
# A gap ends a frame too, for scanners that send no Enter. Fewer characters between two gaps are a person's fingers.
BURST: Final = 4


class Wedge:
    """One device's keys. Frames are texts, or None for an unreadable one, as `LineSplitter` has them.

    `idle_ms` is the longest gap between two keys of one code; times are those of the events, in seconds, so that
    a busy machine makes no gaps. What a person types is dropped: it comes in bursts shorter than BURST, or with a
    median of more than HAND_S from key to key.
    """

    def __init__(self, layout: str, *, prefix: str = "", suffix: str = "", idle_ms: int = 100) -> None:
        self._layout = LAYOUTS[layout]
        self._prefix, self._suffix = prefix.encode(), suffix.encode().rstrip(b"\r\n")
        self._idle_s = idle_ms / 1000
        self._held: set[int] = set()
        self._caps = False
        self._code = ""  # the digits of an Alt+keypad code, while Alt is held
        self._last_s = float("-inf")
        self._pressed_s = float("-inf")
        self._gaps_s: list[float] = []  # between the keys of this frame, as they were pressed
        self._by_hand = False
        self._text: list[str] = []
        self._spoilt = False  # a key typed nothing we know
        self._lost = False  # keys are missing

    @property
    def begun(self) -> bool:
        """Whether keys of an unfinished frame are held here."""
        return bool(self._text) or self._spoilt or self._lost

    def key(self, key: int, value: int, at_s: float) -> list[str | None]:
        """Frames completed by this key: by the gap before it, by its being an end, or both."""
        frames = self.gap() if self.begun and at_s - self._last_s > self._idle_s else []
        self._last_s = at_s
        if value == RELEASED:
            self._release(key)
        elif value == PRESSED:
            if self.begun:
                self._gaps_s.append(at_s - self._pressed_s)
            self._pressed_s = at_s
            self._held.add(key)
            if key == CAPS_LOCK:
                self._caps = not self._caps
            elif key in ENDS and not self._holds(CTRL | ALT):
                frames += self._end()
            elif key not in SILENT | SHIFT | CTRL | ALT | ALTGR:
                self._type(key)
        return frames

    def gap(self) -> list[str | None]:
        """The frame that a gap ends; a few characters are a person typing, and are dropped."""
        if (len(self._text) < BURST or self._is_slow()) and not self._lost:
            self._by_hand = self._by_hand or bool(self._text)
            self._clear()
            return []
        self._by_hand = False
        return self._take()

    def lost(self) -> None:
        """Events were dropped by the kernel (SYN_DROPPED): what is begun cannot be trusted, nor what is held."""
        self._lost = True
        self._held.clear()
        self._code = ""

    def _end(self) -> list[str | None]:
        if ((self._by_hand and len(self._text) < BURST) or self._is_slow()) and not self._lost:
            self._clear()
        self._by_hand = False
        return self._take()

    def _is_slow(self) -> bool:
        return bool(self._gaps_s) and median(self._gaps_s) > HAND_S

    def _take(self) -> list[str | None]:
        text = "".join(self._text)
        unreadable = self._lost or (self._spoilt and bool(text))
        self._clear()
        return [None] if unreadable else unwrap(text.encode(), self._prefix, self._suffix)

    def _clear(self) -> None:
        self._text.clear()
        self._gaps_s.clear()
        self._spoilt = self._lost = False

    def _release(self, key: int) -> None:
        self._held.discard(key)
        if key in ALT and self._code:
            self._add(_numbered(self._code))
            self._code = ""

    def _type(self, key: int) -> None:
        if self._holds(ALT):
            if key in KEYPAD:
                self._code += str(KEYPAD[key])
            else:
                self._spoilt = True  # a shortcut: nothing that a code can hold
        elif self._holds(CTRL):
            self._add(self._control(key))
        elif key in KEYPAD:
            self._add(str(KEYPAD[key]))
        elif self._holds(ALTGR):
            self._add(self._layout.altgr.get(key, ""))
        else:
            self._add(self._character(key))

    def _character(self, key: int) -> str:
        plain = self._layout.plain.get(key, "")
        shifted = self._holds(SHIFT) != (self._caps and plain.isalpha() and len(plain.upper()) == 1)
        return self._layout.shift.get(key, "") if shifted else plain

    def _control(self, key: int) -> str:
        if key == RIGHT_BRACKET:
            return GS
        number = ord((self._layout.plain.get(key, "") or " ").upper()[0])
        return chr(number - 0x40) if number in CONTROLS else ""

    def _add(self, character: str) -> None:
        """An empty one is a key that types nothing here: the scanner's country is another, so say unreadable."""
        if not character or len(self._text) >= MAX_FRAME:
            self._spoilt = True
        else:
            self._text.append(character)

    def _holds(self, keys: frozenset[int]) -> bool:
        return not keys.isdisjoint(self._held)


def _numbered(digits: str) -> str:
    """Alt and a number on the keypad, as Windows has it: with a leading zero or under 128, the character itself."""
    number = int(digits[-4:])
    if number > 0xFF:
        return ""
    try:
        return bytes([number]).decode("ascii" if number < 0x80 else "cp1252" if digits[0] == "0" else "cp437")
    except UnicodeDecodeError:
        return ""

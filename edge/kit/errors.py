"""What can break, as one tree. Expected outcomes (stranger, withheld, repeat) are values, never errors.

WelkomError(code, hint, retry)
├ ConfigError (exit 78)
├ WordsError (exit 2)
├ SyncError ─ Unreachable ↻, Refused
├ StoreError ─ DiskFull, Corrupt, Busy ↻
└ PageError ─ NotSignedIn, NotAllowed, Handed, Practising, Gone
Reader errors carry the same three fields and live in drivers/reader.py.
"""

import errno


class WelkomError(Exception):
    """What failed and where (the message), a stable code, what to do next, whether trying again can help."""

    retry = False

    def __init__(self, message: str, *, code: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint

    def sentence(self) -> str:
        """One line for a person: what failed, the code, the next step."""
        return f"{self} [{self.code}] {self.hint}"


class ConfigError(WelkomError):
    """The configuration is wrong; the process exits with 78 (EX_CONFIG of sysexits.h)."""


class WordsError(WelkomError):
    """What was asked for on the command line is not something that can be done; the process exits with 2."""


class SyncError(WelkomError):
    """The conversation with the hub failed."""


class Unreachable(SyncError):
    """No line to the hub: try again later."""

    retry = True


class Refused(SyncError):
    """The hub answered no: a person has to look."""


class StoreError(WelkomError):
    """A database file failed."""


class DiskFull(StoreError):
    """No room left to write."""


class Corrupt(StoreError):
    """A database file is damaged, or newer than this program."""


class Busy(StoreError):
    """Another process wrote in a database file for longer than anybody waits for it; nothing is wrong with it."""

    retry = True


def disk_error(error: OSError, file: str) -> StoreError:
    """What the system said of a file beside the databases, as one of ours, with the next step."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"{file}: no room left to write", code="S01", hint="free disk space; nothing was lost"
        )
    return StoreError(
        f"{file}: its folder cannot be written ({error.strerror})",
        code="S05",
        hint="give the service user that folder",
    )


class PageError(WelkomError):
    """A tablet asked for something it cannot have."""


class NotSignedIn(PageError):
    """No staff member is signed in on this tablet."""


class NotAllowed(PageError):
    """The signed-in role may not do this."""


class Handed(PageError):
    """The tablet is in a customer's hands: it shows them one page until a staff member's PIN."""


class Practising(PageError):
    """The tablet shows invented people alone, until its colleague stops practising."""


class Gone(PageError):
    """What was asked for is no longer there."""

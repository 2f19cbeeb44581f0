"""How the hub says no."""

from typing import Final

from edge.kit.errors import WelkomError

TOLD_MS: Final = 3_600_000  # between two lines in the log about one refusal of one device


class Refusal(WelkomError):
    """The hub says no to a request, with the HTTP status of it."""

    def __init__(self, message: str, *, code: str, hint: str, status: int, retry_s: int = 0) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.retry_s = retry_s  # above 0: when asking again can help

"""The one place where a request to the hub's pages is let in: who asks, and whether a form is one of our own.

A customer is whoever their session says and nobody else: no address and no form field names one, so no page can be
asked for somebody else's. What a form does name (a consent, a session, a passkey) is looked for among their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, assert_never

from sync.hub.portal import fleet
from sync.hub.portal.pages import Pages, asked_language
from sync.hub.portal.security import Ask, from_here, own_form, same_site
from sync.hub.portal.sessions import Guest
from sync.hub.portal.words import Language, Words
from sync.hub.problem import Refusal

# anybody; whoever has a code, and waits after too many that are none; a customer who is in; one who showed more than
# a card; headquarters, at the hub's own machine
Guard = Literal["anybody", "code", "customer", "owner", "here"]
Method = Literal["GET", "POST"]
_WRONG: Final = (403, 410)
_NOBODY: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let in."""

    request: Ask
    language: Language
    words: Words = field(repr=False)
    form: Mapping[str, str] = field(repr=False)
    guest: Guest | None = field(repr=False)

    @property
    def who(self) -> Guest:
        """The customer that the guard of a page has made sure of."""
        if self.guest is None:
            raise no_session()
        return self.guest


async def admit(pages: Pages, request: Ask, method: Method, guard: Guard) -> Asked:
    """Let a request in, or raise Refusal: NO_SESSION, NOT_SURE, TOO_OFTEN, NOT_HERE, FOREIGN_FORM."""
    guest, form = None, _NOBODY
    match guard:
        case "customer" | "owner":
            guest = await pages.guest(request)
            if guest is None:
                raise no_session()
            request.state.language = guest.language  # also of a page that refuses
            if method == "POST":
                form = await own_form(request, guest.token)
            if guard == "owner" and not guest.sure:
                raise not_sure()
        case "here":
            from_here(request)
            if method == "POST":
                form = await own_form(request, fleet.hub_token(pages.hub.keys))
        case "anybody" | "code":
            if guard == "code" and (wait_s := pages.failures.wait_s(pages.asker(request))):
                raise too_often(wait_s)
            if method == "POST":
                form = await same_site(request)
        case _:
            assert_never(guard)
    language = guest.language if guest else asked_language(request)
    return Asked(request, language, pages.words(language), form, guest)


def judge(pages: Pages, request: Ask, status: int) -> None:
    """Remember what became of a code that was tried: it opened something, or was none."""
    if status in _WRONG:
        pages.failures.failed(pages.asker(request))
    elif status == 303:
        pages.failures.passed(pages.asker(request))


def too_often(wait_s: int) -> Refusal:
    """Codes that are none were tried from there."""
    return Refusal(
        "too many codes that are none",
        code="TOO_OFTEN",
        hint=f"ask again in {wait_s} s",
        status=429,
        retry_s=wait_s,
    )


def not_sure() -> Refusal:
    """A card lets somebody in; what cannot be taken back asks for more than a card."""
    hint = "come in by a link or a passkey, then again"
    return Refusal("a card is not enough for this", code="NOT_SURE", hint=hint, status=403)


def no_session() -> Refusal:
    return Refusal("no session", code="NO_SESSION", hint="ask for a code in the shop", status=401)

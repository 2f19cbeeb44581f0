"""What customers are sent: a link that lets them in once, a question whether an address is theirs, the overview.

Nobody who asks for a link learns whether an address is known: the answer is given before it is looked up, and what
follows goes on beside the requests.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from edge.kit.errors import Corrupt, Refused, WelkomError
from edge.kit.log import died
from edge.kit.seal import seal, unseal
from edge.kit.sql import Connection
from sync.hub.hq import whom
from sync.hub.hq.limits import Buckets
from sync.hub.portal import addresses, sessions
from sync.hub.portal.addresses import Where
from sync.hub.portal.sessions import CODE_MS, Guest, hashed
from sync.hub.portal.words import LANGUAGES, Language, Words, key, known
from sync.hub.sender import Letter, sender
from sync.hub.tables import own as tables
from sync.hub.tables import people
from sync.hub.tables.own import Address, Claim

if TYPE_CHECKING:
    from sync.hub.portal.pages import Pages

MOST_SHARING: Final = 4  # customers with one address: a family
MOST_WAITING: Final = 200  # links that are being made; what comes above that is asked for again by a person
# An address may be sent 3 letters, then one in 5 minutes; whoever asks, 10 and one in 30 seconds.
_A_ADDRESS, _BURST_ADDRESS = 0.2, 3
_A_ASKER, _BURST_ASKER = 2, 10
LINK: Final = (key("mail.link"), key("mail.link.text"))
OPENED: Final = (key("mail.opened"), key("mail.opened.text"))
CLAIM: Final = (key("mail.claim"), key("mail.claim.text"))


class Letters:
    """Letters of one hub: what may be asked how often, and what is under way."""

    def __init__(self, pages: "Pages") -> None:
        hub = pages.hub
        self._pages = pages
        self._send = sender(hub.config.post, folder=hub.config.state)
        self._askers = Buckets(now_ms=hub.now_ms, a_minute=_A_ASKER, burst=_BURST_ASKER)
        self._asked = Buckets(now_ms=hub.now_ms, a_minute=_A_ADDRESS, burst=_BURST_ADDRESS)
        self._spice = secrets.token_bytes(32)  # who asked for what is told by nothing that stays in memory
        self._waiting: set[asyncio.Task[None]] = set()

    @property
    def can(self) -> bool:
        """Whether links go out at all: there is a way to send them, and an address they lead to."""
        return self._send is not None and bool(self._pages.hub.config.page)

    def takes(self, where: Where) -> bool:
        return where.kind == "mail" or bool(self._pages.hub.config.post.phones_at)

    def wait_s(self, asker: str) -> int:
        """0, or for how long this asker has to wait."""
        return self._askers.take(asker)

    def ask(self, where: Where) -> None:
        """Send whoever has this address a link; without a word to whoever asked, and not too often."""
        name = addresses.mark(self._pages.hub.keys, where).hex() + self._spice.hex()
        if self.takes(where) and not self._asked.take(name):
            self._beside(self._link(where))

    def to_owner(self, customer_id: bytes, *, let_in: bool) -> None:
        """Write to a customer whose card was shown in a shop: a link, or that a phone was let in (`let_in`).

        Nobody in the shop learns whether there is an address; a link is not sent too often.
        """
        if self.can and (let_in or not self._asked.take(customer_id.hex() + self._spice.hex())):
            self._beside(self._own(customer_id, let_in=let_in))

    async def claim(self, who: Guest, where: Where) -> bool:
        """Ask at an address whether it is theirs; False when that was asked too often."""
        if not self.can or not self.takes(where) or self._asked.take(who.customer_id.hex()):
            return False
        code = await self._pages.hub.db.apply(claim, self._pages, who, where=where)
        self._beside(self._put(where, who.language, CLAIM, link=self._address(f"/portal/address/{code}")))
        return True

    async def overview(self, to: Address, subject: str, text: str) -> None:
        """Send the monthly overview."""
        where = await self._pages.hub.db.read(opened, self._pages, to)
        if where is not None:
            await self._post(where, subject, text)

    async def _link(self, where: Where) -> None:
        hub = self._pages.hub
        mark = addresses.mark(hub.keys, where)
        for each in await hub.db.read(tables.addressed, mark, most=MOST_SHARING):
            await self._send_link(each, where)

    async def _own(self, customer_id: bytes, *, let_in: bool) -> None:
        hub = self._pages.hub
        for each in await hub.db.read(tables.addresses_of, customer_id):
            where = await hub.db.read(opened, self._pages, each)
            if where is None or not self.takes(where):
                continue
            if let_in:
                language = known(each.language) or LANGUAGES[0]
                await self._put(where, language, OPENED, link=self._address("/portal/access"))
            else:
                await self._send_link(each, where)

    async def _send_link(self, to: Address, where: Where) -> None:
        hub = self._pages.hub
        try:
            code = await hub.db.apply(sessions.make_code, to.customer_id, now_ms=hub.now_ms(), way="link")
        except Refused:
            return  # forgotten meanwhile; whoever shares the address still gets theirs
        language = known(to.language) or LANGUAGES[0]
        await self._put(where, language, LINK, link=self._address(f"/portal/link/{code}"))

    async def _put(self, where: Where, language: Language, said: tuple[str, str], **values: str) -> None:
        words: Words = self._pages.words(language)
        await self._post(where, words.say(said[0]), words.say(said[1], **values))

    async def _post(self, where: Where, subject: str, text: str) -> None:
        assert self._send is not None
        to = where.value
        if where.kind == "phone":
            to = f"{to.removeprefix('+')}@{self._pages.hub.config.post.phones_at}"
        await self._send(Letter(to, subject, text))

    def _address(self, path: str) -> str:
        return self._pages.hub.config.page + path

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._waiting) >= MOST_WAITING:
            work.close()
            return
        task = asyncio.ensure_future(self._quietly(work))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except WelkomError as error:
            self._pages.hub.log("letter_unsent", code=error.code, hint=error.hint)
        except Exception as error:
            self._pages.hub.log("letter_unsent", **died(error))


def claim(conn: Connection, pages: "Pages", who: Guest, *, where: Where) -> str:
    """Note that a customer gave an address; the code that shows it to be theirs. Raises Refused for nobody."""
    hub = pages.hub
    whom.hold(conn, [who.customer_id])
    own = whom.key_of(conn, hub.keys, who.customer_id)
    sealed = seal(own, where.value.encode(), addresses.place(who.customer_id, where.kind))
    code = secrets.token_urlsafe(32)
    held = Claim(who.customer_id, where.kind, sealed)
    tables.add_claim(conn, hashed(code), held, until_ms=hub.now_ms() + CODE_MS)
    return code


def confirm(conn: Connection, pages: "Pages", code: str, *, language: Language) -> bytes | None:
    """Keep an address whose owner opened the link; whose it is, None for a code that does not count any more."""
    hub, now_ms = pages.hub, pages.hub.now_ms()
    held = tables.take_claim(conn, hashed(code), now_ms=now_ms)
    if held is None or not people.hold(conn, [held.customer_id]):
        return None
    address = Address(held.customer_id, held.kind, held.sealed, language, now_ms, None)
    where = opened(conn, pages, address)
    if where is None:
        return None
    tables.put_address(conn, address, mark=addresses.mark(hub.keys, where))
    return held.customer_id


def opened(conn: Connection, pages: "Pages", held: Address) -> Where | None:
    """An address in clear; None where it does not open any more."""
    try:
        own = whom.key_of(conn, pages.hub.keys, held.customer_id)
        plain = unseal(own, held.sealed, addresses.place(held.customer_id, held.kind))
    except (Corrupt, WelkomError):
        return None
    return Where("phone" if held.kind == "phone" else "mail", plain.decode())

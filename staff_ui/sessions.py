"""Who is signed in on which tablet: in memory for every request, in the journal for after a restart."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, cast

from edge.config import Language
from edge.consent.rules import Role
from edge.house import House
from edge.kit.errors import NotSignedIn
from edge.staff import acts, devices, tables
from edge.staff.deeds import Doer
from edge.staff.pins import token_hash
from edge.staff.rules import IDLE_MS, PROFILE_IDLE_MS, is_alive
from staff_ui.practice import Practice
from staff_ui.security import cookie_name

# Sent by live.js with the next request after somebody touched the screen: a poke must not keep a session open.
TOUCHED: Final = b"welkom-touched"
# `welkom tablet remove` writes from another process; so late at most a tablet that was taken away notices.
COMPARE_MS: Final = 5_000


@dataclass(slots=True)
class Session:
    """A staff member on a tablet. `touched_ms` is when a person last did something there."""

    token_hash: bytes = field(repr=False)
    tablet_hash: bytes = field(repr=False)
    staff_id: bytes
    name: str
    role: Role
    language: Language
    until_ms: int
    touched_ms: int
    bound: bool = False
    profile: bool = False  # more of a customer than a glance is open: locks sooner
    practice: Practice | None = field(default=None, repr=False)  # only invented people on this tablet
    opened: tuple[bytes, str] | None = field(default=None, repr=False)  # visit and reason of a closer look

    @property
    def idle_ms(self) -> int:
        return PROFILE_IDLE_MS if self.profile else IDLE_MS

    @property
    def doer(self) -> Doer:
        return Doer(self.staff_id, self.tablet_hash)


class Sessions:
    """Every open session by the hash of its cookie's token. One instance a house, used from its event loop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._open: dict[bytes, Session] = {}
        self._over: list[bytes] = []
        secure = house.config.server.secure_cookies
        self._cookie = cookie_name("session", secure=secure).encode() + b"="
        self._tablet = cookie_name("tablet", secure=secure).encode() + b"="
        self._proof = cookie_name("proof", secure=secure).encode() + b"="
        self.secret = devices.secret_of(house.keys.pin_pepper)
        now_ms = house.time.now_ms()
        self._compared_ms = now_ms
        for row in tables.sessions(house.db.reader, now_ms=now_ms):
            self._keep(row, now_ms=now_ms)

    def __len__(self) -> int:
        return len(self._open)

    def of(
        self, headers: Iterable[tuple[bytes, bytes]], *, now_ms: int, touched: bool = False
    ) -> Session | None:
        """The session of a request with these headers, None when there is none, or it was idle for too long.

        Raises NotSignedIn when its tablet has a key and has not signed with it lately.
        """
        token = tablet = proof = b""
        for name, value in headers:
            if name == b"cookie":
                for pair in value.split(b"; "):
                    if pair.startswith(self._cookie):
                        token = pair[len(self._cookie) :]
                    elif pair.startswith(self._tablet):
                        tablet = pair[len(self._tablet) :]
                    elif pair.startswith(self._proof):
                        proof = pair[len(self._proof) :]
            elif name == TOUCHED:
                touched = True
        session = self._open.get(token_hash(token)) if token else None
        if session is None or session.tablet_hash != token_hash(tablet):
            return None  # a session is worth nothing without its tablet
        if not self.alive(session, now_ms=now_ms):
            return None
        if session.bound:
            self.demand(session.tablet_hash, proof.decode("latin-1"), now_ms=now_ms)
        if touched:
            session.touched_ms = now_ms
        return session

    def demand(self, tablet_hash: bytes, proof: str, *, now_ms: int) -> None:
        """Raise NotSignedIn unless `proof` says that this browser signed with the tablet's key lately."""
        if not devices.is_proven(self.secret, tablet_hash, proof, now_ms=now_ms):
            raise NotSignedIn("the tablet has to show its key", code="U08", hint="open the page again")

    def alive(self, session: Session, *, now_ms: int) -> bool:
        """Whether a session is still open; one that is over is forgotten here and now."""
        self._compare(now_ms)
        if session.token_hash not in self._open:
            return False
        if is_alive(
            until_ms=session.until_ms,
            touched_ms=session.touched_ms,
            now_ms=now_ms,
            idle_ms=session.idle_ms,
        ):
            return True
        del self._open[session.token_hash]
        self._over.append(session.token_hash)
        return False

    def _compare(self, now_ms: int) -> None:
        """Forget sessions whose row, tablet or colleague another process has taken out of the journal."""
        if now_ms - self._compared_ms < COMPARE_MS:
            return
        self._compared_ms = now_ms
        kept = tables.present(self._house.db.reader, now_ms=now_ms)
        self._open = {key: each for key, each in self._open.items() if key in kept}

    async def settle(self) -> None:
        """Take what was idle for too long out of the journal too, or a restart would open it again."""
        while self._over:
            await self._house.db.forget(acts.sign_out, self._over.pop())

    async def sign_in(
        self, staff: tables.Staff, tablet_hash: bytes, *, language: Language | None = None
    ) -> str:
        """Open a session; the token for its cookie. Whatever was open on this tablet ends.

        It speaks the colleague's language, or `language` where a visitor of the demo asks for another.
        """
        now_ms = self._house.time.now_ms()
        token = await self._house.db.forget(acts.sign_in, staff.id, tablet_hash, now_ms=now_ms)
        self._open = {key: each for key, each in self._open.items() if each.tablet_hash != tablet_hash}
        for row in tables.sessions(self._house.db.reader, now_ms=now_ms):
            if row.token_hash == token_hash(token):
                self._keep(row if language is None else replace(row, language=language), now_ms=now_ms)
        return token

    async def sign_out(self, session: Session) -> None:
        self._open.pop(session.token_hash, None)
        await self._house.db.forget(acts.sign_out, session.token_hash)

    def drop(self, token_hash: bytes) -> None:
        """This session was ended from elsewhere."""
        self._open.pop(token_hash, None)

    def on(self, tablet_hash: bytes) -> list[Session]:
        """Who is signed in on a tablet."""
        return [each for each in self._open.values() if each.tablet_hash == tablet_hash]

    def everywhere(self) -> list[Session]:
        return sorted(self._open.values(), key=lambda each: each.name)

    def _keep(self, row: tables.SessionRow, *, now_ms: int) -> None:
        self._open[row.token_hash] = Session(
            token_hash=row.token_hash,
            tablet_hash=row.tablet_hash,
            staff_id=row.staff_id,
            name=row.name,
            role=cast(Role, row.role),
            language=cast(Language, row.language),
            until_ms=row.until_ms,
            touched_ms=now_ms,
            bound=bool(row.bound),
        )

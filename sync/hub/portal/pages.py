"""What every page of the hub is made with: templates, the answers they become, and what stands before a page."""

from typing import TYPE_CHECKING, Any, Final

from litestar import Response
from litestar.response import Redirect

from edge.choice.folder import read_folder
from edge.kit.errors import ConfigError
from sync.hub.gate import source
from sync.hub.portal import sessions
from sync.hub.portal.door import AT_HQ, DOORS, Door
from sync.hub.portal.failures import Failures
from sync.hub.portal.letters import Letters
from sync.hub.portal.security import Ask, cookie, cookie_name
from sync.hub.portal.sessions import Guest
from sync.hub.portal.sheets import Frame, Sheets
from sync.hub.portal.words import Language, Words, known, spoken
from sync.hub.telling import Telling

if TYPE_CHECKING:
    from sync.hub.app import Hub

NO_STORE: Final = {"cache-control": "no-store"}
CLEAR: Final = {"clear-site-data": '"storage"'}
EVENTS: Final = {"cache-control": "no-cache", "x-accel-buffering": "no"}
_HQ: Final = ("/hq/fleet", "/hq/cards")


class Pages:
    """The pages of one hub: its templates, and who is in."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.sheets = Sheets(timezone=hub.config.timezone)
        self.letters = Letters(self)
        self.telling = Telling(now_ms=hub.now_ms, log=hub.log)
        self.failures = Failures(now_ms=hub.now_ms)
        folder = hub.config.choices
        self.helpers = read_folder(folder, refused=self._refused) if folder else ()

    def _refused(self, error: ConfigError) -> None:
        self.hub.log("helper_refused", code=error.code, hint="`welkom check` says what to mend")

    def token(self, request: Ask) -> str:
        return request.cookies.get(cookie_name(secure=self.hub.config.secure_cookies), "")

    async def guest(self, request: Ask) -> Guest | None:
        return await self.hub.db.read(sessions.guest, self.token(request), now_ms=self.hub.now_ms())

    def asker(self, request: Ask) -> str:
        """Whom a request comes from: an address, also behind a proxy of ours."""
        return source(request.scope, dict(request.headers), proxies=frozenset(self.hub.config.proxies))

    def words(self, language: Language) -> Words:
        return self.sheets.words[language]

    def html(self, template: str, it: object, language: Language, *, status: int = 200) -> Response[Any]:
        """A page that nobody may keep."""
        text = self.sheets.render(template, it, language)
        return Response(text, status_code=status, media_type="text/html", headers=NO_STORE)

    def door(self, request: Ask, kind: str, *, status: int, wait_s: int = 0) -> Response[Any]:
        """What stands instead of a page, with a sentence and a next step; `wait_s`: when that is worth it again."""
        language = request.state.get("language") or asked_language(request)
        words = self.words(language)
        say = words.say
        title, why, then = DOORS[kind]
        path = request.scope["path"]
        at_hq = path == "/hq" or path.startswith("/hq/")
        here = path if path in _HQ else "/hq" if at_hq else "/portal"
        then = AT_HQ.get(kind, then) if at_hq else then
        ways = here == "/portal" and kind in ("closed", "used", "unread", "unsure")
        it = Door(
            Frame(language=language, here=here),
            kind,
            say(title),
            say(why),
            say(then, wait=words.wait(wait_s * 1000)),
            by_letter=ways and self.letters.can,
            by_passkey=ways and bool(self.hub.config.page),
            phones=bool(self.hub.config.post.phones_at),
        )
        return self.html("door.html", it, language, status=status)

    def back(self, where: str, token: str | None = None) -> Response[Any]:
        """To our own page after a form; with a token the cookie is set too.

        An empty one deletes it, and the pass that this phone keeps for moments without a line.
        """
        cookies, headers = [], dict(NO_STORE)
        if token is not None:
            age_s = sessions.SESSION_MS // 1000 if token else 0
            cookies = [cookie(token, secure=self.hub.config.secure_cookies, max_age_s=age_s)]
            headers |= {} if token else CLEAR
        return Redirect(where, status_code=303, cookies=cookies, headers=headers)

    def opened(self, request: Ask, token: str | None) -> Response[Any]:
        """The answer to a code: in, with a new session, or not."""
        if token is None:
            return self.door(request, "used", status=410)
        if request.headers.get("sec-fetch-site") == "cross-site":
            # A browser keeps a strict cookie back on a redirect that began on another site, as from web mail.
            answer = self.door(request, "open", status=200)
            answer.cookies = self.back("/portal", token).cookies
            return answer
        return self.back("/portal", token)


def asked_language(request: Ask) -> Language:
    """As the address says, else as the browser asks."""
    asked = known(request.query_params.get("language", ""))
    return asked or spoken(request.headers.get("accept-language", ""))

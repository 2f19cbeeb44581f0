"""Makes a browser one of the shop's tablets, or the display at the counter, with a code that works once."""

from urllib.parse import quote

from litestar import Response
from litestar.response import Redirect

from edge.kit.errors import Gone
from edge.staff import acts, tables
from edge.staff.pins import token_hash
from staff_ui.desk import Desk, Guest
from staff_ui.security import YEAR_S, Ask, cookie


async def pair(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /pair/{code}`; a display is told by `?reader=` which reader it stands beside."""
    house = desk.house
    token = await house.db.apply(acts.pair, request.path_params["code"], now_ms=house.time.now_ms())
    if token is None:
        raise Gone(
            "a pairing code was used or is too old", code="U05", hint="make a new one: `welkom tablet`"
        )
    target = "/signin"
    if tables.is_tablet(house.db.reader, token_hash(token), kind="display"):
        reader = request.query_params.get("reader", "")
        target = f"/balie?reader={quote(reader)}" if reader else "/balie"
    return Redirect(
        target,
        status_code=303,
        cookies=[
            cookie("tablet", token, secure=house.config.server.secure_cookies, max_age_s=YEAR_S),
        ],
        headers={"cache-control": "no-store"},
    )

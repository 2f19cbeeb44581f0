"""Makes a browser one of the shop's tablets, with a code that works once."""

from litestar import Response
from litestar.response import Redirect

from edge.kit.errors import Gone
from edge.staff import acts
from staff_ui.desk import Desk, Guest
from staff_ui.security import YEAR_S, Ask, cookie


async def pair(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /pair/{code}`."""
    house = desk.house
    token = await house.db.apply(acts.pair, request.path_params["code"], now_ms=house.time.now_ms())
    if token is None:
        raise Gone(
            "a pairing code was used or is too old", code="U05", hint="make a new one: `welkom tablet`"
        )
    return Redirect(
        "/signin",
        status_code=303,
        cookies=[
            cookie("tablet", token, secure=house.config.server.secure_cookies, max_age_s=YEAR_S),
        ],
        headers={"cache-control": "no-store"},
    )

"""The tablet's web application over one opened house."""

from litestar import Litestar, Response
from litestar.types import ASGIApp

from edge.house import House
from staff_ui.assets import read_assets
from staff_ui.desk import Desk, Stage
from staff_ui.fragments import Fragments
from staff_ui.handed import HandedTablets
from staff_ui.pages.trouble import trouble
from staff_ui.pages.visits import Renderer
from staff_ui.routes import ROUTES, WithShortcuts, handlers
from staff_ui.security import FORM_BYTES, HEADERS, Ask, adds, stage_headers
from staff_ui.sessions import Sessions
from staff_ui.sheets import Sheets


def make_app(house: House, *, stage: Stage | None = None) -> ASGIApp:
    """The tablet pages of `house`, which must stay open as long as they are served."""
    assets, headers = read_assets(), stage_headers(stage.hub) if stage else HEADERS
    sheets = Sheets(assets, timezone=house.config.shop.timezone)
    desk = Desk(
        house=house,
        sessions=Sessions(house),
        sheets=sheets,
        fragments=Fragments(house.live, house.time, Renderer(house, sheets), headers=headers),
        assets=assets,
        logged=set(),
        handed=HandedTablets(house.time),
        stage=stage,
        paths=frozenset(each.path for each in ROUTES),
    )

    def on_error(request: Ask, error: Exception) -> Response[object]:
        return trouble(desk, request, error)

    pages = Litestar(
        handlers(desk),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=FORM_BYTES,
        before_send=[adds(headers)],
        exception_handlers={Exception: on_error},
    )
    return WithShortcuts(desk, pages)

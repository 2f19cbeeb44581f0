"""The tablet's web application over one opened house."""

from litestar import Litestar, Response

from edge.house import House
from staff_ui.assets import read_assets
from staff_ui.desk import Desk, Stage
from staff_ui.fragments import Fragments
from staff_ui.handed import HandedTablets
from staff_ui.pages.trouble import trouble
from staff_ui.pages.visits import Renderer
from staff_ui.routes import ROUTES, handlers
from staff_ui.security import HEADERS, Ask, adds, stage_headers
from staff_ui.sessions import Sessions
from staff_ui.sheets import Sheets


def make_app(house: House, *, stage: Stage | None = None) -> Litestar:
    """The tablet pages of `house`, which must stay open as long as they are served."""
    assets = read_assets()
    sheets = Sheets(assets, timezone=house.config.shop.timezone)
    desk = Desk(
        house=house,
        sessions=Sessions(house),
        sheets=sheets,
        fragments=Fragments(house.live, house.time, Renderer(house, sheets)),
        assets=assets,
        logged=set(),
        handed=HandedTablets(house.time),
        stage=stage,
        paths=frozenset(each.path for each in ROUTES),
    )

    def on_error(request: Ask, error: Exception) -> Response[object]:
        return trouble(desk, request, error)

    return Litestar(
        handlers(desk),
        openapi_config=None,
        logging_config=None,
        before_send=[adds(stage_headers(stage.hub) if stage else HEADERS)],
        exception_handlers={Exception: on_error},
    )

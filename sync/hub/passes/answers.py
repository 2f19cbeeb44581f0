"""What the addresses of the pass answer: all under the customer's page, whose cookie and guard are theirs too."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment
from litestar import Response

from sync.hub.passes import acts, apple
from sync.hub.passes.page import FILE, HERE, offered, page, serial
from sync.hub.passes.words import on_pass, speaking
from sync.hub.portal.guard import Asked, not_sure
from sync.hub.portal.pages import NO_STORE, Pages
from sync.hub.portal.sheets import FOLDER as PORTAL
from sync.hub.portal.sheets import Asset, environment, read_assets
from sync.hub.portal.words import NAMES
from sync.hub.problem import Refusal
from sync.hub.tables.passes import PASS_KINDS, PassKind

FOLDER: Final = Path(__file__).parent
YEAR_S: Final = 365 * 24 * 3600
spoken = cache(speaking)


@cache
def assets() -> dict[str, Asset]:
    return read_assets(FOLDER / "static")


@cache
def _environment() -> Environment:
    made = environment(FOLDER / "templates", PORTAL / "templates")
    made.globals["languages"] = NAMES
    made.globals["asset"] = lambda name: f"{HERE}/static/{name}?v={assets()[name].version}"
    return made


async def show(pages: Pages, asked: Asked) -> Response[Any]:
    say = spoken()[asked.language]
    it = await page(pages.hub, asked.who, say)
    text = _environment().get_template("pass.html").render(it=it, say=say)
    return Response(text, media_type="text/html", headers=NO_STORE)


async def make(pages: Pages, asked: Asked) -> Response[Any]:
    hub, kind = pages.hub, _kind(asked)
    if kind not in offered(hub.config.passes):
        raise _absent()
    if kind != "web" and not asked.who.sure:
        raise not_sure()  # a wallet's pass proves itself, and spends
    await hub.change(acts.make, hub.keys, asked.who.customer_id, kind=kind, now_ms=hub.now_ms())
    return pages.back(HERE if kind != "apple" else FILE)


async def lost(pages: Pages, asked: Asked) -> Response[Any]:
    hub, who = pages.hub, asked.who
    if "card" in asked.form:
        await hub.change(
            acts.lost_card,
            hub.keys,
            who.customer_id,
            named=asked.form["card"],
            now_ms=hub.now_ms(),
        )
    else:
        await hub.change(acts.lost, hub.keys, who.customer_id, kind=_kind(asked), now_ms=hub.now_ms())
    hub.bell.poke([who.customer_id])
    return pages.back(HERE)


async def pkpass(pages: Pages, asked: Asked) -> Response[Any]:
    hub, house = pages.hub, pages.hub.config.passes
    held = (await hub.db.read(acts.working, hub.keys, asked.who.customer_id)).get("apple")
    if held is None or house.apple is None:
        raise _absent()
    words = on_pass(spoken())
    file = apple.pkpass(house, house.apple, value=held.value, serial=serial(held), words=words)
    return Response(file, media_type=apple.MEDIA_TYPE, headers=NO_STORE)


async def now(pages: Pages, asked: Asked) -> Response[Any]:
    return Response(str(pages.hub.now_ms()), media_type="text/plain", headers=NO_STORE)


async def static(pages: Pages, asked: Asked) -> Response[Any]:
    asset = assets().get(asked.request.path_params["name"])
    if asset is None:
        return pages.door(asked.request, "absent", status=404)
    known = asked.request.query_params.get("v") == asset.version
    keep = f"public, max-age={YEAR_S}, immutable" if known else "no-cache"
    return Response(asset.body, media_type=asset.kind, headers={"cache-control": keep})


async def worker(pages: Pages, asked: Asked) -> Response[Any]:
    """The script that keeps the page of the pass on the phone: that page and no other."""
    asset = assets()["sw.js"]
    said = {"cache-control": "no-cache", "service-worker-allowed": HERE}
    return Response(asset.body, media_type=asset.kind, headers=said)


def _kind(asked: Asked) -> PassKind:
    found = next((each for each in PASS_KINDS if each == asked.form.get("kind")), None)
    if found is None:
        raise _absent()
    return found


def _absent() -> Refusal:
    return Refusal("no such pass", code="NO_PASS", hint="open the page of the pass again", status=404)

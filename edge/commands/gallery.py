"""`welkom gallery`: every page and state of the tablet with sample data, to look at or as pictures."""

import argparse
import asyncio
import socket
from pathlib import Path

import uvloop

from edge.kit.errors import ConfigError
from edge.kit.serve import listen, serve
from edge.kit.told import until_told
from edge.numbers import port
from staff_ui.gallery import LOOKS, SIZES, Gallery, make_app
from staff_ui.words import LANGUAGES

CHROMIUM = "/usr/bin/chromium"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=0, help="a free one when not given")
    parser.add_argument("--shots", type=Path, metavar="DIR", help="write pictures into DIR and stop")
    parser.add_argument("--only", default="", help="pictures of states whose name holds this")
    parser.add_argument("--language", choices=LANGUAGES, default="nl", help="of the pictures")
    parser.add_argument("--theme", choices=(*LOOKS, "all"), default="all", help="of the pictures")


def run(words: argparse.Namespace) -> int:
    with listen("127.0.0.1", words.port, port_at="--port, or none for a free one") as sock:
        address = f"http://127.0.0.1:{sock.getsockname()[1]}"
        if words.shots is None:
            print(f"Gallery: {address}/\nStop with Ctrl+C.", flush=True)
            uvloop.run(until_told(serve(make_app(), sock, goodbye=lambda: None)))
            return 0
        return asyncio.run(_shoot(words, sock, address))


async def _shoot(words: argparse.Namespace, sock: socket.socket, address: str) -> int:
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise ConfigError(
            "pictures need playwright, which only development installs",
            code="C11",
            hint="run `make setup`, or look with `welkom gallery`",
        ) from None
    words.shots.mkdir(parents=True, exist_ok=True)
    serving = asyncio.create_task(serve(make_app(), sock, goodbye=lambda: None))
    themes = LOOKS if words.theme == "all" else (words.theme,)
    made = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        for place, (width, height) in SIZES.items():
            page = await browser.new_page(viewport={"width": width, "height": height})
            for shown in Gallery().all():
                if words.only not in shown.name:
                    continue
                for theme in themes:
                    look = f"language={words.language}&theme={theme}"
                    await page.goto(f"{address}/show/{shown.page}/{shown.state}?{look}")
                    await page.screenshot(path=words.shots / f"{shown.name}-{theme}-{place}.png")
                    made += 1
        await browser.close()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    print(f"{made} pictures in {words.shots}")
    return 0
